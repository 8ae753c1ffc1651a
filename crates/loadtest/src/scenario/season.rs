//! A day of a season: most look, some bet, a few read what became of their bets.

use super::{
    Asked, Expected, Scenario, Turn, World,
    bet::{Bet, look},
};

/// How many markets are open.
pub(super) const MARKETS: usize = 200;

pub(super) struct Season(pub(super) World);

/// What a visitor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Look,
    Bet,
    History,
}

const fn act(in_run: u64) -> Act {
    match in_run % 20 {
        0..16 => Act::Look,
        16..19 => Act::Bet,
        _ => Act::History,
    }
}

impl Scenario for Season {
    fn request(&self, turn: Turn) -> Asked {
        let world = &self.0;
        let user = world.user(turn.in_run);
        // A number that is prime to all the others, lest always the same users look at the same markets.
        let market = world.market(turn.in_run.wrapping_mul(7_919));
        match act(turn.in_run) {
            Act::Look => look(world, user, &format!("/api/betting/markets?matchId={}", market.match_id)),
            Act::Bet => Bet::new(user, market, turn.in_run).asked(world, Expected::Bet),
            Act::History => look(world, user, "/api/betting/bets?limit=20"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_twenty_sixteen_look_three_bet_and_one_reads() {
        let count = |wanted| (0..2_000).filter(|number| act(*number) == wanted).count();
        assert_eq!([Act::Look, Act::Bet, Act::History].map(count), [1_600, 300, 100]);
    }
}
