//! Access tokens, good and bad.

pub(crate) use loljoa_test_tokens::{Signer, claims, with};
