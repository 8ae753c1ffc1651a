//! Everybody bets on one market; each request is another user's.

use super::{Asked, Expected, Scenario, Turn, World, bet::Bet};

pub(super) struct HotMarket(pub(super) World);

impl Scenario for HotMarket {
    fn request(&self, turn: Turn) -> Asked {
        bet(&self.0, turn).asked(&self.0, Expected::Bet)
    }
}

/// The bet of this turn.
pub(crate) fn bet(world: &World, turn: Turn) -> Bet {
    // The outcome changes with every round of all users, so that each user bets on both.
    let round = turn.in_run / world.users.len() as u64;
    Bet::new(world.user(turn.in_run), world.market(0), turn.in_run + round)
}
