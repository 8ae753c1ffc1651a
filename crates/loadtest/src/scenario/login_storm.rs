//! Everybody logs in at once, while one in ten bets: neither may suffer more than the other makes them.

use super::{Asked, Expected, Scenario, Turn, World, bet, hot_market};
use crate::engine::{Pace, Storm, Window};

/// One worker of so many bets, from before the storm until its end.
const BETTORS: usize = 10;

/// The first third of what is measured is before the storm.
pub(super) fn pace(window: Window) -> Pace {
    let Window { from, until, .. } = window;
    Pace::Storm(Storm { from, begins: from + window.length() / 3, until, early: BETTORS })
}

pub(super) struct LoginStorm(pub(super) World);

impl Scenario for LoginStorm {
    fn request(&self, turn: Turn) -> Asked {
        let world = &self.0;
        if Storm::is_early(BETTORS, turn.worker) {
            return hot_market::bet(world, turn).asked(world, Expected::Bet);
        }
        bet::log_in(world, world.user(turn.in_run))
    }
}
