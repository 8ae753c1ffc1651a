//! loljoa
