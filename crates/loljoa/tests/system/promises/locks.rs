//! What betting promises about its markets' locks.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    Books,
    books::{Bet, Lock},
};

/// A bet stands if and only if its market took bets when it was recorded, and no lock that the market was given later came before it.
/// Each of the others says why: it never was a bet; a lock moved to before it; it was taken back while the market took bets;
/// or an operator gave it back.
pub(super) fn promise_10_a_bet_stands_that_came_before_every_lock(books: &Books) {
    let mut locks: HashMap<Uuid, Vec<&Lock>> = HashMap::new();
    for lock in &books.locks {
        locks.entry(lock.market_id).or_default().push(lock);
    }
    for market in books.markets.values() {
        let last = locks.get(&market.market_id).and_then(|locks| locks.last());
        let last = last.map(|lock| (lock.lock_at, lock.state.as_str()));
        assert_eq!(last, Some((market.lock_at, market.state.as_str())), "the witness of {market:?}");
    }
    for bet in books.bets.iter().filter(|bet| !books.reconciled.contains(&bet.bet_id)) {
        let course = Course(locks.get(&bet.market_id).map_or(&[], Vec::as_slice));
        let broken = course.broken_by(bet);
        assert_eq!(broken, None, "{bet:?} of {:?}, {course:?}", books.markets[&bet.market_id]);
    }
}

/// The locks of a market, in the order in which it was given them.
#[derive(Debug)]
struct Course<'a>(&'a [&'a Lock]);

impl Course<'_> {
    fn broken_by(&self, bet: &Bet) -> Option<&'static str> {
        let took_bets = self.took_bets_at(bet.recorded_at);
        match (bet.tombstone.as_deref(), bet.state.as_str()) {
            (Some(_), "refunded") => None,
            (Some(_), _) => Some("stands though it never was a bet"),
            _ if !took_bets => Some("recorded while no bets were taken"),
            (None, "refunded") => (!self.is_late(bet)).then_some("given back though no lock came before it"),
            (None, "cancelled") => {
                let took_back = bet.closed_at.is_some_and(|at| self.took_bets_at(at));
                (!took_back).then_some("taken back while no bets were taken")
            }
            // Every stake of a void market goes back, late or not.
            (None, "void") => None,
            _ => self.is_late(bet).then_some("stands after a lock"),
        }
    }

    fn took_bets_at(&self, at: DateTime<Utc>) -> bool {
        let then = self.0.iter().rfind(|lock| lock.seen_at <= at);
        then.is_some_and(|lock| lock.state == "open" && at < lock.lock_at)
    }

    /// Whether the market was given a lock later that lies before the bet.
    fn is_late(&self, bet: &Bet) -> bool {
        let since = self.0.iter().filter(|lock| lock.seen_at > bet.recorded_at);
        since.map(|lock| lock.lock_at).any(|lock_at| lock_at <= bet.recorded_at)
    }
}
