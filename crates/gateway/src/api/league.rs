//! Tournaments, teams, matches, standings, imports.

use chrono::{DateTime, Utc};
use loljoa_proto::league_schedule::v1 as pb;
use loljoa_service_kit::{Error, MatchId, TeamId, TournamentId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Text, id, optional_id, optional_time, time};

/// Where a tournament's matches come from.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    File,
    Live,
    Replay,
}

/// Whether a replayed season is still running.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReplayState {
    Running,
    Finished,
}

/// A tournament.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tournament {
    #[schema(value_type = Uuid)]
    tournament_id: TournamentId,
    name: String,
    source: Source,
    /// Null unless the source is a replay.
    replay_state: Option<ReplayState>,
    first_match_at: Option<DateTime<Utc>>,
    last_match_at: Option<DateTime<Utc>>,
    matches: i32,
}

impl TryFrom<pb::Tournament> for Tournament {
    type Error = Error;

    fn try_from(tournament: pb::Tournament) -> Result<Self, Error> {
        Ok(Self {
            tournament_id: id(&tournament.tournament_id)?,
            source: match tournament.source() {
                pb::Source::Live => Source::Live,
                pb::Source::Replay => Source::Replay,
                pb::Source::File | pb::Source::Unspecified => Source::File,
            },
            replay_state: match tournament.replay_state() {
                pb::ReplayState::Running => Some(ReplayState::Running),
                pb::ReplayState::Finished => Some(ReplayState::Finished),
                pb::ReplayState::Unspecified => None,
            },
            name: tournament.name,
            first_match_at: optional_time(tournament.first_match_at)?,
            last_match_at: optional_time(tournament.last_match_at)?,
            matches: tournament.matches,
        })
    }
}

/// A team. In a match, in standings and among the teams of a tournament with the names that it bore there; else with those of now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Team {
    #[schema(value_type = Uuid)]
    team_id: TeamId,
    /// Short and unique, such as T1.
    code: String,
    name: Text,
    /// `#RRGGBB`.
    colour: String,
}

impl TryFrom<pb::Team> for Team {
    type Error = Error;

    fn try_from(team: pb::Team) -> Result<Self, Error> {
        let name = Text { en: team.name_en, ko: team.name_ko };
        Ok(Self { team_id: id(&team.team_id)?, code: team.code, name, colour: team.colour })
    }
}

/// A team, and its club under other codes.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListedTeam {
    #[serde(flatten)]
    team: Team,
    /// Under the codes that it bore before.
    formerly: Vec<TeamName>,
    /// Under the code that it bears now; null when that is this one.
    now: Option<TeamName>,
}

impl TryFrom<pb::Team> for ListedTeam {
    type Error = Error;

    fn try_from(mut team: pb::Team) -> Result<Self, Error> {
        let formerly = std::mem::take(&mut team.formerly);
        let formerly = formerly.into_iter().map(TeamName::try_from).collect::<Result<_, _>>()?;
        let now = team.now.take().map(TeamName::try_from).transpose()?;
        Ok(Self { team: team.try_into()?, formerly, now })
    }
}

/// What a club is called under one of its codes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TeamName {
    #[schema(value_type = Uuid)]
    team_id: TeamId,
    code: String,
    name: Text,
}

impl TryFrom<pb::TeamName> for TeamName {
    type Error = Error;

    fn try_from(found: pb::TeamName) -> Result<Self, Error> {
        let name = Text { en: found.name_en, ko: found.name_ko };
        Ok(Self { team_id: id(&found.team_id)?, code: found.code, name })
    }
}

/// Where a match stands.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MatchState {
    Scheduled,
    InProgress,
    Completed,
    /// Decided without play; counts in the standings, voids its markets.
    Forfeited,
    Cancelled,
}

impl From<MatchState> for pb::MatchState {
    fn from(state: MatchState) -> Self {
        match state {
            MatchState::Scheduled => Self::Scheduled,
            MatchState::InProgress => Self::InProgress,
            MatchState::Completed => Self::Completed,
            MatchState::Forfeited => Self::Forfeited,
            MatchState::Cancelled => Self::Cancelled,
        }
    }
}

const fn match_state(state: pb::MatchState) -> MatchState {
    match state {
        pb::MatchState::Scheduled | pb::MatchState::Unspecified => MatchState::Scheduled,
        pb::MatchState::InProgress => MatchState::InProgress,
        pb::MatchState::Completed => MatchState::Completed,
        pb::MatchState::Forfeited => MatchState::Forfeited,
        pb::MatchState::Cancelled => MatchState::Cancelled,
    }
}

/// A match between two teams.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Match {
    #[schema(value_type = Uuid)]
    match_id: MatchId,
    #[schema(value_type = Uuid)]
    tournament_id: TournamentId,
    /// The tournament's name.
    tournament: String,
    /// Part of the season, such as `Week 1`.
    block: String,
    starts_at: DateTime<Utc>,
    /// 1, 3 or 5.
    best_of: i32,
    state: MatchState,
    /// Null while to be decided.
    team1: Option<Team>,
    /// Null while to be decided.
    team2: Option<Team>,
    team1_wins: i32,
    team2_wins: i32,
    #[schema(value_type = Option<Uuid>)]
    winner_id: Option<TeamId>,
    #[schema(value_type = Option<Uuid>)]
    forfeited_by_id: Option<TeamId>,
    /// The source reported a result that cannot be: an admin has to decide.
    needs_review: bool,
    /// Counts the changes of this match.
    revision: i64,
}

impl TryFrom<pb::Match> for Match {
    type Error = Error;

    fn try_from(found: pb::Match) -> Result<Self, Error> {
        Ok(Self {
            match_id: id(&found.match_id)?,
            tournament_id: id(&found.tournament_id)?,
            starts_at: time(found.starts_at)?,
            state: match_state(found.state()),
            winner_id: optional_id(&found.winner_id)?,
            forfeited_by_id: optional_id(&found.forfeited_by_id)?,
            tournament: found.tournament_name,
            block: found.block,
            best_of: found.best_of,
            team1: found.team1.map(Team::try_from).transpose()?,
            team2: found.team2.map(Team::try_from).transpose()?,
            team1_wins: found.team1_wins,
            team2_wins: found.team2_wins,
            needs_review: found.needs_review,
            revision: found.revision,
        })
    }
}
