//! What decides or moves a match: results, forfeits, new starts, cancellation.

use chrono::{DateTime, Utc};
use loljoa_service_kit::TeamId;

use super::{Match, MatchState, Misfit, Score};

/// Why a match cannot be changed as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Its winner stands.
    #[error("the match is over")]
    Over,
    /// It was cancelled.
    #[error("the match is cancelled")]
    Cancelled,
    /// A team is still to be decided.
    #[error("the teams of the match are not known yet")]
    TeamsUndecided,
    /// The score cannot be.
    #[error(transparent)]
    Score(#[from] Misfit),
    /// The forfeiting team does not play in it.
    #[error("the team that forfeits must be one of the two teams of the match")]
    ForfeiterNotPlaying,
    /// The forfeiting team has the wins that decide the match.
    #[error("the team that forfeits cannot have won")]
    ForfeiterWon,
    /// The match that is to stay is no double of the one that goes.
    #[error("the match that stays must be another one between the same teams in the same tournament")]
    NoDouble,
    /// The result of the match that goes cannot be the other's.
    #[error("the result of the match that goes does not fit the one that stays")]
    ResultDoesNotFit,
}

/// How a match ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The final score.
    pub score: Score,
    /// Who forfeited; then a score of 0–0 stands for the usual one.
    pub forfeited_by: Option<TeamId>,
}

impl Match {
    /// The match with `outcome` as its result. Replaces a result that stood.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when it was cancelled, its teams are not known, or the outcome cannot be.
    pub fn decided(&self, outcome: Outcome) -> Result<Self, Refusal> {
        if self.state == MatchState::Cancelled {
            return Err(Refusal::Cancelled);
        }
        let (Some(_), Some(_)) = (self.team1_id, self.team2_id) else {
            return Err(Refusal::TeamsUndecided);
        };
        let score = self.final_score(outcome)?;
        let winner = score.winner(self.best_of)?;
        let mut next = self.clone();
        next.set_score(score);
        next.winner_id = self.team(winner);
        next.forfeited_by_id = outcome.forfeited_by;
        if outcome.forfeited_by.is_some() && outcome.forfeited_by == next.winner_id {
            return Err(Refusal::ForfeiterWon);
        }
        next.state =
            if outcome.forfeited_by.is_some() { MatchState::Forfeited } else { MatchState::Completed };
        next.needs_review = false;
        Ok(next)
    }

    fn final_score(&self, outcome: Outcome) -> Result<Score, Refusal> {
        let Some(team) = outcome.forfeited_by else {
            return Ok(outcome.score);
        };
        let side = self.side_of(team).ok_or(Refusal::ForfeiterNotPlaying)?;
        let unplayed = outcome.score == Score::default();
        Ok(if unplayed { Score::walkover(side.other(), self.best_of) } else { outcome.score })
    }

    /// How it ended, or its score so far.
    pub(super) const fn outcome(&self) -> Outcome {
        Outcome { score: self.score(), forfeited_by: self.forfeited_by_id }
    }

    /// The match with another start. One that is being played goes back to scheduled when the start lies after `now`.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when it is over or cancelled and the start is not the one it has.
    pub fn moved(&self, starts_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<Self, Refusal> {
        if starts_at == self.starts_at {
            return Ok(self.clone());
        }
        self.require_not_over()?;
        let mut next = self.clone();
        next.starts_at = starts_at;
        if next.state == MatchState::InProgress && starts_at > now {
            next.state = MatchState::Scheduled;
            next.set_score(Score::default());
        }
        Ok(next)
    }

    /// The match, cancelled.
    ///
    /// # Errors
    ///
    /// [`Refusal::Over`] when its winner stands.
    pub fn cancelled(&self) -> Result<Self, Refusal> {
        if self.is_decided() {
            return Err(Refusal::Over);
        }
        Ok(Self { state: MatchState::Cancelled, needs_review: false, ..self.clone() })
    }

    /// The match as an administrator's decision, if it differs from `before`.
    #[must_use]
    pub fn by_hand_since(mut self, before: &Self) -> Self {
        self.by_hand = before.by_hand || self != *before;
        self
    }

    const fn require_not_over(&self) -> Result<(), Refusal> {
        match self.state {
            MatchState::Scheduled | MatchState::InProgress => Ok(()),
            MatchState::Completed | MatchState::Forfeited => Err(Refusal::Over),
            MatchState::Cancelled => Err(Refusal::Cancelled),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::{BestOf, Team, Tournament};

    fn t1_gen() -> Match {
        let starts_at = DateTime::from_timestamp_millis(1_644_652_800_000).unwrap();
        let tournament = Tournament::id_of("LCK 2022 Spring");
        Match {
            team1_id: Some(Team::id_of("T1")),
            team2_id: Some(Team::id_of("GEN")),
            ..Match::new(
                tournament,
                "2022-02-12/1".into(),
                "Week 4".into(),
                starts_at,
                BestOf::new(3).unwrap(),
            )
        }
    }

    fn played(team1: i16, team2: i16) -> Outcome {
        Outcome { score: Score { team1, team2 }, forfeited_by: None }
    }

    #[test]
    fn a_result_names_its_winner() {
        let over = t1_gen().decided(played(1, 2)).unwrap();
        assert_eq!(over.state, MatchState::Completed);
        assert_eq!(over.winner_id, Some(Team::id_of("GEN")));
        assert_eq!(over.decided(played(1, 2)), Ok(over.clone()));
    }

    #[test]
    fn a_forfeit_counts_as_a_walkover() {
        let outcome = Outcome { score: Score::default(), forfeited_by: Some(Team::id_of("T1")) };
        let over = t1_gen().decided(outcome).unwrap();
        assert_eq!(over.state, MatchState::Forfeited);
        assert_eq!(over.score(), Score { team1: 0, team2: 2 });
        assert_eq!(over.winner_id, Some(Team::id_of("GEN")));
    }

    #[test]
    fn results_that_cannot_be_are_refused() {
        let by = |code| Outcome { forfeited_by: Some(Team::id_of(code)), ..played(2, 0) };
        assert_eq!(t1_gen().decided(played(2, 2)), Err(Misfit::BeyondBestOf.into()));
        assert_eq!(t1_gen().decided(by("DRX")), Err(Refusal::ForfeiterNotPlaying));
        assert_eq!(t1_gen().decided(by("T1")), Err(Refusal::ForfeiterWon));
        let undecided = Match { team2_id: None, ..t1_gen() };
        assert_eq!(undecided.decided(played(2, 0)), Err(Refusal::TeamsUndecided));
        assert_eq!(t1_gen().cancelled().unwrap().decided(played(2, 0)), Err(Refusal::Cancelled));
    }

    #[test]
    fn a_match_under_way_goes_back_to_scheduled_only_for_a_later_start() {
        let under_way = Match { state: MatchState::InProgress, team1_wins: 1, ..t1_gen() };
        let now = under_way.starts_at + TimeDelta::minutes(30);
        let later = under_way.moved(now + TimeDelta::hours(1), now).unwrap();
        assert_eq!((later.state, later.team1_wins), (MatchState::Scheduled, 0));
        let earlier = under_way.moved(now - TimeDelta::minutes(1), now).unwrap();
        assert_eq!((earlier.state, earlier.team1_wins), (MatchState::InProgress, 1));
    }

    #[test]
    fn a_match_that_is_over_is_neither_moved_nor_cancelled() {
        let over = t1_gen().decided(played(2, 0)).unwrap();
        let later = over.starts_at + TimeDelta::days(1);
        assert_eq!(over.moved(later, over.starts_at), Err(Refusal::Over));
        assert_eq!(over.cancelled(), Err(Refusal::Over));
        assert_eq!(over.moved(over.starts_at, later), Ok(over.clone()));
    }

    #[test]
    fn only_a_change_is_marked_as_made_by_hand() {
        let before = t1_gen();
        assert!(!before.clone().by_hand_since(&before).by_hand);
        assert!(before.cancelled().unwrap().by_hand_since(&before).by_hand);
    }
}
