//! The hot market, where every twentieth request cannot succeed: it must not slow its neighbours.

use std::sync::{Mutex, PoisonError};

use super::{Asked, Expected, Scenario, Turn, World, bet::Bet, hot_market};

const EVERY: u64 = 20;
/// More points than anybody has.
const TOO_MUCH: i64 = 1_000_000_000_000;

pub(super) struct Refusals {
    world: World,
    /// A bet that was sent already.
    sent: Mutex<Option<Bet>>,
}

/// What is wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    AboveTheBalance,
    SentAgain,
    Locked,
}

impl Refusals {
    pub(super) const fn new(world: World) -> Self {
        Self { world, sent: Mutex::new(None) }
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Option<Bet>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn wrong(in_run: u64) -> Option<Wrong> {
    if in_run % EVERY != EVERY - 1 {
        return None;
    }
    Some(match in_run / EVERY % 3 {
        0 => Wrong::AboveTheBalance,
        1 => Wrong::SentAgain,
        _ => Wrong::Locked,
    })
}

impl Scenario for Refusals {
    fn request(&self, turn: Turn) -> Asked {
        let world = &self.world;
        let bet = hot_market::bet(world, turn);
        match wrong(turn.in_run) {
            None => {
                let asked = bet.asked(world, Expected::Bet);
                *self.last() = Some(bet);
                asked
            }
            Some(Wrong::AboveTheBalance) => Bet { stake: TOO_MUCH, ..bet }.asked(world, Expected::Refusal),
            Some(Wrong::SentAgain) => {
                let sent = self.last().take();
                sent.map_or_else(
                    || bet.asked(world, Expected::Bet),
                    |sent| sent.asked(world, Expected::BetAgain),
                )
            }
            Some(Wrong::Locked) => {
                let Some(locked) = &world.locked else { return bet.asked(world, Expected::Bet) };
                Bet { market_id: locked.market_id, outcome_id: locked.outcome(0), ..bet }
                    .asked(world, Expected::Refusal)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_twenty_is_wrong_and_all_kinds_take_turns() {
        let wrong: Vec<_> = (0..120).filter_map(wrong).collect();
        let round = [Wrong::AboveTheBalance, Wrong::SentAgain, Wrong::Locked];
        assert_eq!(wrong, [round, round].concat());
    }
}
