//! Everybody bets, on all markets in turn.

use super::{Asked, Expected, Scenario, Turn, World, bet::Bet};

pub(super) struct Markets(pub(super) World);

impl Scenario for Markets {
    fn request(&self, turn: Turn) -> Asked {
        let world = &self.0;
        // A number that is prime to all the others, lest always the same users bet on the same markets.
        let market = world.market(turn.in_run.wrapping_mul(7_919));
        Bet::new(world.user(turn.in_run), market, turn.in_run).asked(world, Expected::Bet)
    }
}
