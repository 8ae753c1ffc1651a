//! loljoa-account
