//! Who wins a bracket.

use std::collections::BTreeSet;

use loljoa_service_kit::TeamId;

use super::{Asked, QuestionKind, Verdict};
use crate::domain::{
    Match, MatchState,
    stage::BracketSide,
    standings::{Played, PlayedRound, StageStandings, deciding, ending},
};

/// What is asked about a bracket, of whose matches `own` are to be played.
pub(super) fn asked(tournament: &Played, found: &StageStandings, own: &[&Match]) -> Asked {
    let candidates = if is_whole(tournament, &found.rounds) { entrants(found, own) } else { Vec::new() };
    Asked { kind: QuestionKind::Champion, group: None, candidates, verdict: verdict(found) }
}

/// Whether it is known which match decides the bracket. Of a bracket that nobody has said a final must be seen: without one its
/// last round may not be listed yet.
fn is_whole(tournament: &Played, rounds: &[PlayedRound]) -> bool {
    let has_final = || rounds.iter().any(|played| played.round.side == BracketSide::Final);
    deciding(rounds).is_some() && (tournament.is_said || has_final())
}

/// Every team that can win; empty while some are to be decided. Each match of a round whose losers are out sends one team out, and
/// all but the champion go out.
fn entrants(found: &StageStandings, own: &[&Match]) -> Vec<TeamId> {
    let eliminating = found
        .rounds
        .iter()
        .filter(|played| played.round.eliminates && played.round.side != BracketSide::Placement);
    let to_play = eliminating.flat_map(|played| &played.matches).filter(|m| m.state != MatchState::Cancelled);
    let mut teams: BTreeSet<TeamId> = own.iter().flat_map(|m| [m.team1_id, m.team2_id]).flatten().collect();
    teams.extend(&found.stage.seeds);
    if teams.len() == to_play.count() + 1 { teams.into_iter().collect() } else { Vec::new() }
}

fn verdict(found: &StageStandings) -> Verdict {
    if let Some(champion) = found.champion {
        return Verdict::Is(champion);
    }
    let last = ending(&found.rounds).and_then(|at| found.rounds.get(at));
    let is_off = |played: &PlayedRound| {
        !played.matches.is_empty() && played.matches.iter().all(|m| m.state == MatchState::Cancelled)
    };
    if last.is_some_and(is_off) { Verdict::Nobody } else { Verdict::Open }
}
