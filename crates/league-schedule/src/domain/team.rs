//! Teams and tournaments.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{TeamId, TournamentId, ids};

/// A team, known by its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Derived from the code.
    pub team_id: TeamId,
    /// Short, unique, upper case, such as `T1`.
    pub code: String,
    /// The English name.
    pub name_en: String,
    /// The Korean name.
    pub name_ko: String,
    /// `#RRGGBB`.
    pub colour: String,
}

impl Team {
    /// The id of the team with `code`, whatever its case.
    #[must_use]
    pub fn id_of(code: &str) -> TeamId {
        TeamId(ids::derived(&[b"team", code.to_uppercase().as_bytes()]))
    }
}

/// Where a tournament's matches come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum SourceKind {
    /// A season file, or an import by hand.
    File,
    /// The LoL Esports feed.
    Live,
    /// A season moved so that it runs now.
    Replay,
}

/// A tournament with what its matches tell about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tournament {
    /// Derived from the name.
    pub tournament_id: TournamentId,
    /// Unique, such as `LCK 2022 Spring`.
    pub name: String,
    /// Where its matches come from; no other source may change them.
    pub source: SourceKind,
    /// Whether its replay is over; `None` when it is no replay.
    pub replay_finished: Option<bool>,
    /// The earliest start; `None` without matches.
    pub first_match_at: Option<DateTime<Utc>>,
    /// The latest start; `None` without matches.
    pub last_match_at: Option<DateTime<Utc>>,
    /// How many matches it has.
    pub matches: i64,
}

impl Tournament {
    /// The id of the tournament called `name`.
    #[must_use]
    pub fn id_of(name: &str) -> TournamentId {
        TournamentId(ids::derived(&[b"tournament", name.as_bytes()]))
    }
}
