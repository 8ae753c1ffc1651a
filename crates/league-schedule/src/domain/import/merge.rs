//! A fixture beside the match that is known.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use loljoa_service_kit::TeamId;

use crate::domain::{
    Match, MatchState, Refusal, Score, Team, Tournament,
    decision::Outcome,
    season::{Ending, Fixture},
};

impl Fixture {
    /// The match that this fixture speaks of, as if nobody had heard of it before.
    ///
    /// # Errors
    ///
    /// Why it cannot be.
    pub fn to_match(&self) -> Result<Match, String> {
        let tournament = Tournament::id_of(&self.tournament);
        let block = self.block.clone();
        let new = Match::new(tournament, self.source_key(), block, self.starts_at, self.best_of);
        self.merged_into(&new, self.starts_at)
    }

    /// `present` with what the fixture says at `now`. A fixture without a result does not take one away, and a match that had begun
    /// goes back to scheduled when its start moves to after `now`.
    pub(super) fn merged_into(&self, present: &Match, now: DateTime<Utc>) -> Result<Match, String> {
        let moved = if present.is_over() {
            Match { starts_at: self.starts_at, ..present.clone() }
        } else {
            present.moved(self.starts_at, now).map_err(|refusal| refusal.to_string())?
        };
        let next = Match {
            block: self.block.clone(),
            best_of: self.best_of,
            team1_id: self.team1.as_deref().map(Team::id_of),
            team2_id: self.team2.as_deref().map(Team::id_of),
            ..moved
        };
        let outcome = match self.ending {
            Some(ending) => ending.outcome(&next),
            None if present.is_decided() => present.outcome(),
            None => return Ok(next),
        };
        next.decided(outcome).map_err(|refusal| match refusal {
            Refusal::Cancelled => "has a result, but the match was cancelled".into(),
            other => format!("does not fit the result that stands: {other}"),
        })
    }
}

impl Ending {
    fn outcome(self, of: &Match) -> Outcome {
        Outcome { score: self.score, forfeited_by: self.forfeited_by.and_then(|side| of.team(side)) }
    }
}

/// What differs between two versions of a team, for a person.
pub(super) fn team_changes(before: &Team, after: &Team) -> String {
    let fields = [
        ("nameEn", &before.name_en, &after.name_en),
        ("nameKo", &before.name_ko, &after.name_ko),
        ("colour", &before.colour, &after.colour),
    ];
    let changed = fields.iter().filter(|(_, before, after)| before != after);
    changed.map(|(name, before, after)| format!("{name}: {before} → {after}")).collect::<Vec<_>>().join("; ")
}

/// What differs between two versions of a match between teams of these codes, for a person.
pub(super) fn match_changes(before: &Match, after: &Match, codes: &HashMap<TeamId, &str>) -> String {
    let mut changes = Vec::new();
    let mut note = |name: &str, before: String, after: String| {
        if before != after {
            changes.push(format!("{name}: {before} → {after}"));
        }
    };
    note("block", before.block.clone(), after.block.clone());
    note("start", before.starts_at.to_rfc3339(), after.starts_at.to_rfc3339());
    note("best of", before.best_of.games().to_string(), after.best_of.games().to_string());
    note("result", result(before), result(after));
    let team = |id: Option<TeamId>| match id {
        Some(id) => codes.get(&id).map_or_else(|| id.to_string(), |code| (*code).to_owned()),
        None => "to be decided".into(),
    };
    note("team 1", team(before.team1_id), team(after.team1_id));
    note("team 2", team(before.team2_id), team(after.team2_id));
    if changes.is_empty() {
        changes.push("no longer needs review".into());
    }
    changes.join("; ")
}

fn result(m: &Match) -> String {
    let Score { team1, team2 } = m.score();
    match m.state {
        MatchState::Scheduled | MatchState::InProgress => "none".into(),
        MatchState::Completed => format!("{team1}–{team2}"),
        MatchState::Forfeited => format!("{team1}–{team2} by forfeit"),
        MatchState::Cancelled => "cancelled".into(),
    }
}
