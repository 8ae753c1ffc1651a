//! What betting needs to know of a match.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{MatchId, TeamId};

/// Where a match stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum MatchState {
    /// Not started.
    Scheduled,
    /// Being played.
    InProgress,
    /// Played.
    Completed,
    /// Decided without play.
    Forfeited,
    /// Will not be played.
    Cancelled,
}

/// A side of a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Team {
    /// Its id.
    pub(crate) team_id: TeamId,
    /// Short, such as T1.
    pub(crate) code: String,
    /// In English.
    pub(crate) name_en: String,
    /// In Korean.
    pub(crate) name_ko: String,
}

/// A revision of a match, as the feed brings it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MatchNews {
    /// The match.
    pub(crate) match_id: MatchId,
    /// Counts its changes.
    pub(crate) revision: i64,
    /// Where it stands.
    pub(crate) state: MatchState,
    /// When it starts.
    pub(crate) starts_at: DateTime<Utc>,
    /// 1, 3 or 5.
    pub(crate) best_of: u8,
    /// The sides; absent while one is to be decided.
    pub(crate) teams: Option<[Team; 2]>,
    /// Sets won by each side.
    pub(crate) wins: [u8; 2],
    /// The result cannot be; an admin has to decide.
    pub(crate) needs_review: bool,
}

/// What was known of a match before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KnownMatch {
    /// The latest revision seen.
    pub(crate) revision: i64,
    /// Where it stood.
    pub(crate) state: MatchState,
    /// When it was to start.
    pub(crate) starts_at: DateTime<Utc>,
    /// The sides that were known last, in the order in which its markets speak of them.
    pub(crate) teams: Option<[TeamId; 2]>,
}

/// The sides of a match and what each has won, in the order in which its markets speak of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sides {
    /// Who plays.
    pub(crate) teams: [Team; 2],
    /// Sets won by each.
    pub(crate) wins: [u8; 2],
    /// Others played when sides were known last.
    pub(crate) are_others: bool,
}

impl Sides {
    /// The sides of `news`; none while one is to be decided.
    #[must_use]
    pub(crate) fn of(known: Option<&KnownMatch>, news: &MatchNews) -> Option<Self> {
        let [one, two] = news.teams.clone()?;
        let [wins_one, wins_two] = news.wins;
        let order = known.and_then(|known| known.teams);
        if order == Some([two.team_id, one.team_id]) {
            return Some(Self { teams: [two, one], wins: [wins_two, wins_one], are_others: false });
        }
        let are_others = order.is_some_and(|order| order != [one.team_id, two.team_id]);
        Some(Self { teams: [one, two], wins: [wins_one, wins_two], are_others })
    }

    /// Their ids.
    #[must_use]
    pub(crate) fn ids(&self) -> [TeamId; 2] {
        self.teams.each_ref().map(|team| team.team_id)
    }
}
