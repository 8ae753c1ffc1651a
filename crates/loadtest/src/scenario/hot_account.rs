//! One user bets as fast as it goes.

use super::{Asked, Expected, Scenario, Turn, World, bet::Bet};

pub(super) struct HotAccount(pub(super) World);

impl Scenario for HotAccount {
    fn request(&self, turn: Turn) -> Asked {
        let world = &self.0;
        Bet::new(world.user(0), world.market(0), turn.in_run).asked(world, Expected::Bet)
    }
}
