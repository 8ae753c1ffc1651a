use loljoa_account::audit::Difference as AccountDifference;
use loljoa_betting::audit::Difference as BettingDifference;

use super::Difference;

/// More are only counted.
const LISTED: usize = 10_000;

/// What is not what it should be.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) differences: Vec<Difference>,
    pub(super) omitted: u64,
}

impl Findings {
    pub(super) fn add(&mut self, difference: Difference) {
        if self.is_full() {
            self.omitted += 1;
        } else {
            self.differences.push(difference);
        }
    }

    /// Whether more are only counted.
    pub(super) const fn is_full(&self) -> bool {
        self.differences.len() >= LISTED
    }

    /// In the ledger's own books.
    pub(super) fn of_account(&mut self, found: Vec<AccountDifference>) {
        for AccountDifference { id, check, expected, found } in found {
            self.add(Difference {
                books: "account",
                check: format!("{check:?}").to_lowercase(),
                subject: id.to_string(),
                expected: expected.to_string(),
                found: found.to_string(),
            });
        }
    }

    /// In betting's own books, or between both.
    pub(super) fn of_betting(&mut self, books: &'static str, found: Vec<BettingDifference>) {
        for BettingDifference { check, subject, expected, found } in found {
            self.add(Difference { books, check, subject, expected, found });
        }
    }
}
