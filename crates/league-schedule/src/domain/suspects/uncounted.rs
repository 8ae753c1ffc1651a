//! Matches that no table counts.

use std::collections::{HashMap, HashSet};

use loljoa_service_kit::{MatchId, TournamentId};

use crate::domain::{
    Match,
    stage::{self, Stage},
};

/// Stages that files have said, by tournament.
pub type Said = HashMap<TournamentId, Vec<Stage>>;

/// Those of `matches` whose block counts for nothing: of a tournament whose stages were said, one that is in none of them and no
/// tiebreaker; of another with weeks, one whose name does not tell its stage, such as a week that is misspelt.
#[must_use]
pub fn counts_for_nothing(matches: &[Match], said: &Said) -> Vec<MatchId> {
    let with_weeks: HashSet<TournamentId> =
        matches.iter().filter(|m| stage::is_week(&m.block)).map(|m| m.tournament_id).collect();
    let counts = |m: &&Match| match said.get(&m.tournament_id) {
        Some(stages) => stage::is_tiebreaker(&m.block) || stages.iter().any(|stage| stage.has(m)),
        None => !with_weeks.contains(&m.tournament_id) || stage::tells_its_stage(&m.block),
    };
    matches.iter().filter(|m| !counts(m)).map(|m| m.match_id).collect()
}
