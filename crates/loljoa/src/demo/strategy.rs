//! What a bettor bets on: pure, given a board, a purse and dice.

use loljoa_service_kit::Points;
use rand::{Rng, RngExt, seq::IndexedRandom};

use super::{
    bet::Bet,
    board::{Board, Market, Outcome, Record},
};

/// The least that can be bet.
pub(super) const LEAST_STAKE: Points = Points(100);
/// The share of a purse that goes into one bet at most, as a divisor.
const CAUTION: i64 = 10;

/// Picks a bet that `points` can pay, or none when nothing is open or the purse is too light.
pub(super) fn choose(board: &Board, points: Points, dice: &mut impl Rng) -> Option<Bet> {
    let stake = stake(points, dice)?;
    let market = board.markets.choose(dice)?;
    let likes = |outcome: &Outcome| likelihood(market, outcome, board);
    let outcome = market.outcomes.choose_weighted(dice, likes).ok()?;
    Some(Bet { market_id: market.id, outcome_id: outcome.outcome_id, stake })
}

/// From the least stake to a tenth of the purse.
fn stake(points: Points, dice: &mut impl Rng) -> Option<Points> {
    if points < LEAST_STAKE {
        return None;
    }
    let most = (points.0 / CAUTION).max(LEAST_STAKE.0);
    Some(Points(dice.random_range(LEAST_STAKE.0..=most)))
}

/// How much a bettor believes in an outcome: that of a team's code or of a score leans to the better team.
fn likelihood(market: &Market, outcome: &Outcome, board: &Board) -> f64 {
    let chances =
        market.teams.each_ref().map(|team| strength(board.records.get(team).copied().unwrap_or_default()));
    if let Some(side) = market.teams.iter().position(|team| *team == outcome.key) {
        return chances[side];
    }
    match outcome.key.split_once('-').map(|(first, second)| first > second) {
        Some(true) => chances[0],
        Some(false) => chances[1],
        None => 1.0,
    }
}

/// A team's share of wins, with one win and one loss added so that nobody is hopeless; squared, since people like
/// favourites more than they should.
fn strength(record: Record) -> f64 {
    let share = f64::from(record.wins + 1) / f64::from(record.wins + record.losses + 2);
    share * share
}

#[cfg(test)]
mod tests {
    use loljoa_service_kit::{MarketId, OutcomeId, ids};
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn board() -> Board {
        let outcome = |key: &str| Outcome {
            outcome_id: OutcomeId(ids::derived(&[key.as_bytes()])),
            key: key.to_owned(),
        };
        let market = Market {
            id: MarketId::fresh(),
            teams: ["T1".to_owned(), "HLE".to_owned()],
            outcomes: vec![outcome("T1"), outcome("HLE")],
        };
        let records = [("T1", Record { wins: 18, losses: 0 }), ("HLE", Record { wins: 5, losses: 13 })];
        Board {
            markets: vec![market],
            records: records.map(|(team, record)| (team.to_owned(), record)).into(),
        }
    }

    #[test]
    fn the_better_team_gets_more_bets_and_the_other_some() {
        let (board, mut dice) = (board(), StdRng::seed_from_u64(2022));
        let favourite = board.markets[0].outcomes[0].outcome_id;
        let choices = (0..1_000).filter_map(|_| choose(&board, Points(1_000), &mut dice));
        let (on_favourite, on_other): (Vec<_>, Vec<_>) =
            choices.partition(|choice| choice.outcome_id == favourite);
        assert!(on_favourite.len() > 3 * on_other.len(), "{} to {}", on_favourite.len(), on_other.len());
        assert!(!on_other.is_empty());
    }

    #[test]
    fn nothing_is_bet_without_an_open_market() {
        assert_eq!(choose(&Board::default(), Points(1_000), &mut StdRng::seed_from_u64(1)), None);
    }

    proptest! {
        #[test]
        fn a_stake_is_never_too_small_nor_more_than_the_purse(points in 0_i64..5_000_000, seed: u64) {
            match stake(Points(points), &mut StdRng::seed_from_u64(seed)) {
                None => prop_assert!(points < LEAST_STAKE.0),
                Some(stake) => prop_assert!(LEAST_STAKE <= stake && stake.0 <= (points / CAUTION).max(LEAST_STAKE.0)),
            }
        }
    }
}
