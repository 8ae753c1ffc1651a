//! Games won in a best-of, and whether they can be.

use std::{fmt, iter};

/// How many games a match has at most: 1, 3 or 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct BestOf(i16);

impl BestOf {
    /// `None` unless `games` is 1, 3 or 5.
    #[must_use]
    pub const fn new(games: i64) -> Option<Self> {
        match games {
            1 => Some(Self(1)),
            3 => Some(Self(3)),
            5 => Some(Self(5)),
            _ => None,
        }
    }

    /// The games at most.
    #[must_use]
    pub const fn games(self) -> i16 {
        self.0
    }

    /// The wins that decide the match.
    #[must_use]
    pub const fn wins_needed(self) -> i16 {
        self.0 / 2 + 1
    }
}

/// One of the two teams of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first.
    Team1,
    /// The second.
    Team2,
}

impl Side {
    /// The opponent.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Team1 => Self::Team2,
            Self::Team2 => Self::Team1,
        }
    }
}

/// Games won by each team.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// By the first team.
    pub team1: i16,
    /// By the second team.
    pub team2: i16,
}

/// Why a score cannot be the final one of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// Someone has fewer than no wins.
    #[error("game wins cannot be below 0")]
    Negative,
    /// More wins than the match has room for.
    #[error("the score goes beyond the best of")]
    BeyondBestOf,
    /// Nobody has the wins that decide the match.
    #[error("the score has no winner")]
    NoWinner,
}

impl Score {
    /// The score of a match that was decided without play.
    #[must_use]
    pub const fn walkover(winner: Side, best_of: BestOf) -> Self {
        match winner {
            Side::Team1 => Self { team1: best_of.wins_needed(), team2: 0 },
            Side::Team2 => Self { team1: 0, team2: best_of.wins_needed() },
        }
    }

    /// The winner, if a match can end like this.
    ///
    /// # Errors
    ///
    /// [`Misfit`] when it cannot.
    pub const fn winner(self, best_of: BestOf) -> Result<Side, Misfit> {
        let needed = best_of.wins_needed();
        if self.team1 < 0 || self.team2 < 0 {
            Err(Misfit::Negative)
        } else if self.team1 > needed || self.team2 > needed || (self.team1 == needed && self.team2 == needed)
        {
            Err(Misfit::BeyondBestOf)
        } else if self.team1 == needed {
            Ok(Side::Team1)
        } else if self.team2 == needed {
            Ok(Side::Team2)
        } else {
            Err(Misfit::NoWinner)
        }
    }

    /// How many games were played for it.
    #[must_use]
    pub fn games(self) -> usize {
        usize::try_from(self.team1 + self.team2).unwrap_or_default()
    }

    /// How a match that ended like this may have stood after so many games. Nobody has written down who won which, only that
    /// the winner won the last: `dice` decide, so that the same dice always tell the same story.
    #[must_use]
    pub fn after(self, games: usize, dice: &[u8]) -> Self {
        let last = if self.team1 > self.team2 { Side::Team1 } else { Side::Team2 };
        let wins = |side, wins: i16| iter::repeat_n(side, usize::try_from(wins).unwrap_or_default());
        let mut all: Vec<Side> = wins(last.other(), self.team1.min(self.team2))
            .chain(wins(last, self.team1.max(self.team2)))
            .collect();
        let before_last = all.len().saturating_sub(1);
        for place in (1..before_last).rev() {
            let thrown = usize::from(dice.get(place).copied().unwrap_or_default());
            all.swap(place, thrown % (place + 1));
        }
        let mut score = Self::default();
        for side in all.into_iter().take(games) {
            match side {
                Side::Team1 => score.team1 += 1,
                Side::Team2 => score.team2 += 1,
            }
        }
        score
    }

    /// Whether a match can stand like this while it is being played.
    #[must_use]
    pub const fn is_partial(self, best_of: BestOf) -> bool {
        matches!(self.winner(best_of), Err(Misfit::NoWinner))
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}–{}", self.team1, self.team2)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn best_of() -> impl Strategy<Value = BestOf> {
        prop_oneof![Just(1), Just(3), Just(5)].prop_map(|games| BestOf::new(games).unwrap())
    }

    #[test]
    fn a_best_of_has_an_odd_number_of_games_up_to_five() {
        let allowed: Vec<i64> = (-1..10).filter(|games| BestOf::new(*games).is_some()).collect();
        assert_eq!(allowed, [1, 3, 5]);
    }

    #[test]
    fn impossible_scores_say_why() {
        let bo3 = BestOf::new(3).unwrap();
        let verdict = |team1, team2| Score { team1, team2 }.winner(bo3);
        assert_eq!(verdict(2, 1), Ok(Side::Team1));
        assert_eq!(verdict(0, 2), Ok(Side::Team2));
        assert_eq!(verdict(2, 2), Err(Misfit::BeyondBestOf));
        assert_eq!(verdict(3, 0), Err(Misfit::BeyondBestOf));
        assert_eq!(verdict(1, 1), Err(Misfit::NoWinner));
        assert_eq!(verdict(-1, 2), Err(Misfit::Negative));
    }

    proptest! {
        #[test]
        fn a_score_has_a_winner_exactly_when_its_games_could_have_been_played(
            best_of in best_of(), team1 in -1_i16..7, team2 in -1_i16..7,
        ) {
            let playable = team1 >= 0
                && team2 >= 0
                && team1 + team2 <= best_of.games()
                && (team1 == best_of.wins_needed()) != (team2 == best_of.wins_needed())
                && team1.max(team2) == best_of.wins_needed();
            prop_assert_eq!(Score { team1, team2 }.winner(best_of).is_ok(), playable);
        }

        #[test]
        fn a_match_is_told_game_by_game_up_to_its_score(
            best_of in best_of(), loser in 0_i16..3, first in any::<bool>(), dice in any::<[u8; 16]>(),
        ) {
            let (won, lost) = (best_of.wins_needed(), loser.min(best_of.wins_needed() - 1));
            let end = if first { Score { team1: won, team2: lost } } else { Score { team1: lost, team2: won } };
            prop_assert_eq!(end.after(0, &dice), Score::default());
            for games in 1..=end.games() {
                let (before, now) = (end.after(games - 1, &dice), end.after(games, &dice));
                prop_assert!(before.is_partial(best_of), "{before} before the last game");
                let won = (now.team1 - before.team1, now.team2 - before.team2);
                prop_assert!(won == (1, 0) || won == (0, 1), "{before} and then {now}");
            }
            prop_assert_eq!(end.after(end.games(), &dice), end);
        }

        #[test]
        fn a_walkover_is_a_score_that_can_be(best_of in best_of()) {
            for winner in [Side::Team1, Side::Team2] {
                prop_assert_eq!(Score::walkover(winner, best_of).winner(best_of), Ok(winner));
            }
        }
    }
}
