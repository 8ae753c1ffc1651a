//! A match, its teams and its markets, for tests of the rules.

use chrono::{DateTime, TimeDelta, Utc};
use loljoa_service_kit::{MarketId, MatchId, OutcomeId, Points, TeamId};
use uuid::Uuid;

use super::{Market, MarketState, MatchNews, MatchState, Outcome, Team, Template, matches::KnownMatch};

/// When the match starts.
pub(crate) fn noon() -> DateTime<Utc> {
    "2022-02-12T12:00:00Z".parse().unwrap()
}

/// The team of this number.
pub(crate) fn team(n: u128) -> Team {
    let name = format!("T{n}");
    Team { team_id: TeamId(Uuid::from_u128(n)), code: name.clone(), name_en: name.clone(), name_ko: name }
}

/// The second revision of the match: a best of three between the first two teams, scheduled.
pub(crate) fn news() -> MatchNews {
    MatchNews {
        match_id: MatchId(Uuid::from_u128(9)),
        revision: 2,
        state: MatchState::Scheduled,
        starts_at: noon(),
        best_of: 3,
        teams: Some([team(1), team(2)]),
        wins: [0, 0],
        needs_review: false,
    }
}

/// What the first revision said.
pub(crate) fn known() -> KnownMatch {
    KnownMatch {
        revision: 1,
        state: MatchState::Scheduled,
        starts_at: noon(),
        teams: Some([team(1).team_id, team(2).team_id]),
    }
}

/// An answer without stakes.
pub(crate) fn outcome(outcome_id: OutcomeId, key: &str) -> Outcome {
    Outcome {
        outcome_id,
        key: key.into(),
        label_en: String::new(),
        label_ko: String::new(),
        pool: Points::ZERO,
        bettors: 0,
        top: None,
    }
}

/// Who wins the match, without stakes, opened ten hours before it starts.
pub(crate) fn market(state: MarketState) -> Market {
    Market {
        market_id: MarketId(Uuid::from_u128(8)),
        match_id: MatchId(Uuid::from_u128(9)),
        template: Template::MatchWinner,
        question_en: String::new(),
        question_ko: String::new(),
        state,
        opened_at: noon() - TimeDelta::hours(10),
        lock_at: noon(),
        pool: Points::ZERO,
        decided_outcome_id: None,
        settled_outcome_id: None,
        void_reason: None,
        revision: 1,
        outcomes: [1, 2].map(|n| outcome(OutcomeId(Uuid::from_u128(n)), &n.to_string())).into(),
    }
}
