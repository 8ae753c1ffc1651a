//! What is made up for one lab.

use loljoa_service_kit::ids;
use secrecy::SecretString;

/// What is made up for one lab, and means nothing after it.
#[derive(Debug)]
pub(super) struct Secrets {
    pub(super) postgres: SecretString,
    pub(super) admin: String,
    pub(super) user: String,
    /// 32 bytes in base64.
    pub(super) sealing_key: &'static str,
}

impl Secrets {
    pub(super) fn make_up() -> Self {
        let password = || ids::fresh().simple().to_string();
        Self {
            postgres: password().into(),
            admin: password(),
            user: password(),
            sealing_key: "bG9sam9hLWJlbmNoIHNlYWxzIG5vdGhpbmcgb2YgdXM=",
        }
    }
}
