//! Matches that no table counts.

use std::collections::HashSet;

use loljoa_service_kit::{MatchId, TournamentId};

use super::is_tiebreaker;
use crate::domain::Match;

/// Those of `matches` whose block counts for nothing: in a tournament with weeks, one that is no week, no tiebreaker and no playoffs.
#[must_use]
pub fn counts_for_nothing(matches: &[Match]) -> Vec<MatchId> {
    let with_weeks: HashSet<TournamentId> =
        matches.iter().filter(|m| is_week(&m.block)).map(|m| m.tournament_id).collect();
    let counts = |m: &&Match| is_week(&m.block) || is_tiebreaker(&m.block) || m.block.starts_with("Playoffs");
    let uncounted = matches.iter().filter(|m| with_weeks.contains(&m.tournament_id) && !counts(m));
    uncounted.map(|m| m.match_id).collect()
}

fn is_week(block: &str) -> bool {
    block.starts_with("Week")
}
