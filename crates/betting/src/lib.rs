//! loljoa-betting
