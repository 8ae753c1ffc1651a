//! Where the teams of a tournament stand.

use loljoa_proto::league_schedule::v1 as pb;
use loljoa_service_kit::Error;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    all,
    league::{Match, Team},
    present, required,
};

/// Whether a team is still in a stage.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fate {
    Open,
    /// It goes on, or has won the bracket.
    Through,
    Out,
}

/// A team's place.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Standing {
    /// From 1; shared by teams that nothing separates.
    rank: i32,
    team: Team,
    wins: i32,
    losses: i32,
    game_wins: i32,
    game_losses: i32,
    game_difference: i32,
    /// The group, within which ranks count; null where there are none.
    group: Option<String>,
    fate: Fate,
}

/// How a stage is played.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StageKind {
    RoundRobin,
    DoubleRoundRobin,
    /// Every group has a table of its own.
    Groups,
    /// Teams meet others with as many wins, until they have enough wins or too many losses.
    Swiss,
    /// Who loses is out, or falls to the lower rounds.
    Bracket,
}

/// Teams in their order.
#[derive(Serialize, ToSchema)]
pub(crate) struct Table {
    /// Null where there are no groups.
    group: Option<String>,
    standings: Vec<Standing>,
}

/// Where a round of a bracket stands.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BracketSide {
    /// Among teams that have not lost yet; all rounds of a bracket without lower ones.
    Upper,
    /// Among teams that have lost once.
    Lower,
    /// It decides the bracket.
    Final,
    /// For a place behind the final, such as the third.
    Placement,
}

/// A round of a bracket.
#[derive(Serialize, ToSchema)]
pub(crate) struct BracketRound {
    name: String,
    side: BracketSide,
    /// By start.
    matches: Vec<Match>,
}

/// A part of a tournament with an order of its own.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stage {
    name: String,
    kind: StageKind,
    /// What separates teams with as many wins, in this order, by the names of season files.
    tiebreakers: Vec<String>,
    /// Stages whose results count in this one, too.
    carries: Vec<String>,
    /// One a group, otherwise a single one. That of a bracket says how far each team came.
    tables: Vec<Table>,
    /// Of a bracket, in their order.
    rounds: Vec<BracketRound>,
    /// Who has won the bracket.
    champion: Option<Team>,
}

/// Where the teams of a tournament stand.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Standings {
    /// The table that the league goes by, group after group.
    items: Vec<Standing>,
    /// Null: the list fits one page.
    next_cursor: Option<String>,
    /// Every stage, in the order in which they are played.
    stages: Vec<Stage>,
}

/// Where the teams of a tournament stand, or would stand after an import.
#[derive(Serialize, ToSchema)]
pub(crate) struct TournamentStandings {
    tournament: String,
    stages: Vec<Stage>,
}

impl TryFrom<pb::GetStandingsResponse> for Standings {
    type Error = Error;

    fn try_from(found: pb::GetStandingsResponse) -> Result<Self, Error> {
        Ok(Self { items: all(found.standings)?, next_cursor: None, stages: all(found.stages)? })
    }
}

impl TryFrom<pb::TournamentStandings> for TournamentStandings {
    type Error = Error;

    fn try_from(found: pb::TournamentStandings) -> Result<Self, Error> {
        Ok(Self { tournament: found.tournament, stages: all(found.stages)? })
    }
}

impl TryFrom<pb::Standing> for Standing {
    type Error = Error;

    fn try_from(standing: pb::Standing) -> Result<Self, Error> {
        Ok(Self {
            rank: standing.rank,
            fate: match standing.fate() {
                pb::Fate::Through => Fate::Through,
                pb::Fate::Out => Fate::Out,
                pb::Fate::Open | pb::Fate::Unspecified => Fate::Open,
            },
            team: required(standing.team)?.try_into()?,
            wins: standing.wins,
            losses: standing.losses,
            game_wins: standing.game_wins,
            game_losses: standing.game_losses,
            game_difference: standing.game_difference,
            group: present(standing.group),
        })
    }
}

impl TryFrom<pb::StageStandings> for Stage {
    type Error = Error;

    fn try_from(stage: pb::StageStandings) -> Result<Self, Error> {
        Ok(Self {
            kind: match stage.kind() {
                pb::StageKind::RoundRobin => StageKind::RoundRobin,
                pb::StageKind::DoubleRoundRobin => StageKind::DoubleRoundRobin,
                pb::StageKind::Groups => StageKind::Groups,
                pb::StageKind::Swiss => StageKind::Swiss,
                pb::StageKind::Bracket => StageKind::Bracket,
                pb::StageKind::Unspecified => return Err(Error::internal("a stage without a kind")),
            },
            name: stage.name,
            tiebreakers: stage.tiebreakers,
            carries: stage.carries,
            tables: all(stage.tables)?,
            rounds: all(stage.rounds)?,
            champion: stage.champion.map(Team::try_from).transpose()?,
        })
    }
}

impl TryFrom<pb::StandingsTable> for Table {
    type Error = Error;

    fn try_from(table: pb::StandingsTable) -> Result<Self, Error> {
        Ok(Self { group: present(table.group), standings: all(table.standings)? })
    }
}

impl TryFrom<pb::BracketRound> for BracketRound {
    type Error = Error;

    fn try_from(round: pb::BracketRound) -> Result<Self, Error> {
        let side = match round.side() {
            pb::BracketSide::Upper => BracketSide::Upper,
            pb::BracketSide::Lower => BracketSide::Lower,
            pb::BracketSide::Final => BracketSide::Final,
            pb::BracketSide::Placement => BracketSide::Placement,
            pb::BracketSide::Unspecified => return Err(Error::internal("a round without a side")),
        };
        Ok(Self { name: round.name, side, matches: all(round.matches)? })
    }
}
