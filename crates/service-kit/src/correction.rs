//! What a person corrects by hand, and the trail that it leaves.

use uuid::Uuid;

use crate::ids;

/// One correction: what is done about which difference, by whom, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// What is done, such as `take_stake`.
    pub action: &'static str,
    /// The bet, account or system account.
    pub subject: Uuid,
    /// The difference, and what is done about it, for people.
    pub detail: String,
    /// Who says so.
    pub who: String,
    /// Their reason.
    pub why: String,
}

impl Correction {
    /// Follows from the difference, so that the same correction always has the same id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        ids::derived(&[b"reconcile", self.action.as_bytes(), self.subject.as_bytes()])
    }
}
