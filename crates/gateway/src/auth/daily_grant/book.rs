//! Whose grant of the day has been claimed.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use loljoa_service_kit::AccountId;
use tokio::sync::watch;

/// Accounts remembered; 16 bytes each and what a set adds. The grant of one that is not remembered is claimed again at
/// each request, aside from it, and comes to nothing.
const REMEMBERED: usize = 1_000_000;

/// What is known of an account's grant.
pub(super) enum Entry {
    Claimed,
    /// Somebody has asked already; the end is seen here.
    UnderWay(watch::Receiver<()>),
    Unknown,
}

/// The claims of one day, and those under way.
pub(super) struct Book {
    day: NaiveDate,
    claimed: HashSet<AccountId>,
    under_way: HashMap<AccountId, watch::Receiver<()>>,
    remembered: usize,
}

impl Default for Book {
    fn default() -> Self {
        let (claimed, under_way) = (HashSet::new(), HashMap::new());
        Self { day: NaiveDate::MIN, claimed, under_way, remembered: REMEMBERED }
    }
}

impl Book {
    /// What is known of the account's grant of `day`. A new day begins a new page.
    pub(super) fn look(&mut self, account_id: AccountId, day: NaiveDate) -> Entry {
        if self.day != day {
            *self = Self { day, remembered: self.remembered, ..Self::default() };
        }
        if self.claimed.contains(&account_id) {
            return Entry::Claimed;
        }
        self.under_way.get(&account_id).cloned().map_or(Entry::Unknown, Entry::UnderWay)
    }

    /// Notes that a claim is under way.
    pub(super) fn start(&mut self, account_id: AccountId, done: watch::Receiver<()>) {
        self.under_way.insert(account_id, done);
    }

    /// Notes how a claim of `day` ended.
    pub(super) fn finish(&mut self, account_id: AccountId, day: NaiveDate, claimed: bool) {
        if self.day != day {
            return;
        }
        self.under_way.remove(&account_id);
        if claimed && self.claimed.len() < self.remembered {
            self.claimed.insert(account_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2022, 3, n).unwrap()
    }

    fn claim(book: &mut Book, account_id: AccountId, day: NaiveDate) {
        assert!(matches!(book.look(account_id, day), Entry::Unknown));
        book.start(account_id, watch::channel(()).1);
        assert!(matches!(book.look(account_id, day), Entry::UnderWay(_)));
        book.finish(account_id, day, true);
    }

    #[test]
    fn a_claim_counts_for_its_day() {
        let (mut book, faker) = (Book::default(), AccountId::fresh());
        claim(&mut book, faker, day(1));
        assert!(matches!(book.look(faker, day(1)), Entry::Claimed));
        claim(&mut book, faker, day(2));
        book.finish(AccountId::fresh(), day(1), true);
        assert_eq!(book.claimed.len(), 1, "what ends after its day is not noted");
    }

    #[test]
    fn a_claim_that_failed_is_made_again() {
        let (mut book, faker) = (Book::default(), AccountId::fresh());
        assert!(matches!(book.look(faker, day(1)), Entry::Unknown));
        book.start(faker, watch::channel(()).1);
        book.finish(faker, day(1), false);
        assert!(matches!(book.look(faker, day(1)), Entry::Unknown));
    }

    #[test]
    fn more_accounts_than_are_remembered_take_no_more_room() {
        let mut book = Book { remembered: 2, ..Book::default() };
        for _ in 0..5 {
            claim(&mut book, AccountId::fresh(), day(1));
        }
        assert_eq!((book.claimed.len(), book.under_way.len()), (2, 0));
    }
}
