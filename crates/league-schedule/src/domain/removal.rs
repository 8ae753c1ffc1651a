//! Removing a match that never was, and what stays of it.

use super::{Match, MatchState, Refusal, Score, decision::Outcome};

impl Match {
    /// The match as one that never was, by an administrator's decision, whatever its result. The database keeps it, for whoever follows
    /// the feed: there it is cancelled, so that every stake on it goes back.
    #[must_use]
    pub fn taken_away(&self) -> Self {
        let mut next = self.clone();
        next.set_score(Score::default());
        Self {
            state: MatchState::Cancelled,
            winner_id: None,
            forfeited_by_id: None,
            needs_review: false,
            by_hand: true,
            removed: true,
            ..next
        }
    }

    /// The match as it is before its file is heard, if it was removed; else as it stands.
    #[must_use]
    pub fn brought_back(&self) -> Self {
        if !self.removed {
            return self.clone();
        }
        Self { state: MatchState::Scheduled, removed: false, ..self.clone() }
    }

    /// The match with what only its double `other` knows, which goes: the result.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when `other` is no double of it, or its result cannot be this match's.
    pub fn in_place_of(&self, other: &Self) -> Result<Self, Refusal> {
        if !self.is_double_of(other) {
            return Err(Refusal::NoDouble);
        }
        if self.is_decided() || !other.is_decided() {
            return Ok(self.clone());
        }
        let mut score = other.score();
        if self.team1_id != other.team1_id {
            score = Score { team1: score.team2, team2: score.team1 };
        }
        let outcome = Outcome { score, ..other.outcome() };
        self.decided(outcome).map_err(|refusal| match refusal {
            Refusal::Score(_) => Refusal::ResultDoesNotFit,
            other => other,
        })
    }

    fn is_double_of(&self, other: &Self) -> bool {
        let pair = |m: &Self| {
            let mut pair = [m.team1_id, m.team2_id];
            pair.sort_unstable();
            pair
        };
        let pairs = [pair(self), pair(other)];
        self.match_id != other.match_id
            && self.tournament_id == other.tournament_id
            && pairs[0] == pairs[1]
            && !pairs[0].contains(&None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BestOf, Team, Tournament};

    fn game(key: &str, [one, two]: [&str; 2]) -> Match {
        let tournament = Tournament::id_of("Cup");
        let starts_at = "2026-11-26T08:00:00Z".parse().unwrap();
        Match {
            team1_id: Some(Team::id_of(one)),
            team2_id: Some(Team::id_of(two)),
            ..Match::new(tournament, key.into(), "Week 1".into(), starts_at, BestOf::new(3).unwrap())
        }
    }

    fn played(m: &Match, team1: i16, team2: i16) -> Match {
        m.decided(Outcome { score: Score { team1, team2 }, forfeited_by: None }).unwrap()
    }

    #[test]
    fn a_match_that_is_taken_away_has_no_result_and_comes_back_without() {
        let wrong = played(&game("2026-11-26/1", ["T1", "GEN"]), 2, 1).taken_away();
        assert_eq!(
            (wrong.state, wrong.score(), wrong.winner_id),
            (MatchState::Cancelled, Score::default(), None)
        );
        assert!(wrong.removed && wrong.by_hand);
        assert_eq!(wrong.taken_away(), wrong);
        let back = wrong.brought_back();
        assert_eq!((back.state, back.removed, back.by_hand), (MatchState::Scheduled, false, true));
    }

    #[test]
    fn what_stays_takes_a_result_that_it_lacks_by_team_and_keeps_its_own() {
        let stays = game("2026-11-26/1", ["T1", "GEN"]);
        let goes = played(&game("2026-11-26/2", ["GEN", "T1"]), 2, 1);
        let with = stays.in_place_of(&goes).unwrap();
        assert_eq!((with.score(), with.winner_id), (Score { team1: 1, team2: 2 }, Some(Team::id_of("GEN"))));
        let own = played(&stays, 2, 0);
        assert_eq!(own.in_place_of(&goes), Ok(own.clone()));
        assert_eq!(stays.in_place_of(&game("2026-11-26/2", ["GEN", "T1"])), Ok(stays.clone()));
    }

    #[test]
    fn only_a_double_stays_in_place_of_a_match() {
        let goes = played(&game("2026-11-26/2", ["GEN", "T1"]), 2, 1);
        let elsewhere =
            Match { tournament_id: Tournament::id_of("Other"), ..game("2026-11-26/1", ["T1", "GEN"]) };
        for wrong in [game("2026-11-26/1", ["T1", "DK"]), elsewhere, goes.clone()] {
            assert_eq!(wrong.in_place_of(&goes), Err(Refusal::NoDouble));
        }
        let shorter = Match { best_of: BestOf::new(1).unwrap(), ..game("2026-11-26/1", ["T1", "GEN"]) };
        assert_eq!(shorter.in_place_of(&goes), Err(Refusal::ResultDoesNotFit));
        let cancelled = game("2026-11-26/1", ["T1", "GEN"]).cancelled().unwrap();
        assert_eq!(cancelled.in_place_of(&goes), Err(Refusal::Cancelled));
    }
}
