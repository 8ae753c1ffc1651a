//! Everybody comes at once, as before a match, and goes again.

use std::time::Duration;

use super::{Asked, Expected, Scenario, Turn, World, bet::Bet};
use crate::engine::{Pace, Users};

const RAMP: Duration = Duration::from_secs(1);
/// Of one user. Quicker than a person, and a third of what two cores carry when there are a thousand of them.
const EVERY: Duration = Duration::from_millis(250);

/// A load of this length.
pub(super) fn pace(length: Duration) -> Pace {
    Pace::Users(Users { ramp: RAMP, every: EVERY, stay: length.saturating_sub(RAMP).max(EVERY) })
}

pub(super) struct Burst(pub(super) World);

impl Scenario for Burst {
    fn request(&self, turn: Turn) -> Asked {
        let world = &self.0;
        let who = turn.worker as u64;
        Bet::new(world.user(who), world.market(0), who + turn.in_worker).asked(world, Expected::Bet)
    }
}
