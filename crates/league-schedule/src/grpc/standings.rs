//! Standings, mapped onto the contract.

use loljoa_proto::league_schedule::v1 as proto;
use loljoa_service_kit::{TeamId, TournamentId};

use super::convert;
use crate::{
    domain::{
        Tournament,
        stage::{BracketSide, Carried, Kind},
        standings::{Fate, PlayedRound, StageStandings, Standing, Table, main_table},
    },
    service::{directory::Directory, import::Ahead},
};

pub(super) fn response(
    id: TournamentId,
    stages: &[StageStandings],
    directory: &Directory,
) -> proto::GetStandingsResponse {
    let of = Of { id, directory };
    let line = |(group, line): (Option<&str>, &Standing)| of.standing(line, group);
    proto::GetStandingsResponse {
        standings: main_table(stages).into_iter().map(line).collect(),
        stages: stages.iter().map(|found| of.stage(found)).collect(),
    }
}

/// The tables that would come out of an import.
pub(super) fn ahead(ahead: &Ahead) -> Vec<proto::TournamentStandings> {
    let told = |(tournament, stages): &(String, Vec<StageStandings>)| {
        let of = Of { id: Tournament::id_of(tournament), directory: &ahead.directory };
        let stages = stages.iter().map(|found| of.stage(found)).collect();
        proto::TournamentStandings { tournament: tournament.clone(), stages }
    };
    ahead.standings.iter().map(told).collect()
}

/// The tournament whose standings they are, and what its teams are called.
struct Of<'a> {
    id: TournamentId,
    directory: &'a Directory,
}

impl Of<'_> {
    fn stage(&self, found: &StageStandings) -> proto::StageStandings {
        let stage = &found.stage;
        let kind = match stage.kind {
            Kind::RoundRobin { meetings: 2 } => proto::StageKind::DoubleRoundRobin,
            Kind::RoundRobin { .. } => proto::StageKind::RoundRobin,
            Kind::Groups(_) => proto::StageKind::Groups,
            Kind::Swiss { .. } => proto::StageKind::Swiss,
            Kind::Bracket(_) => proto::StageKind::Bracket,
        };
        proto::StageStandings {
            name: stage.name.clone(),
            kind: kind.into(),
            tiebreakers: stage.tiebreakers.iter().map(|tiebreaker| tiebreaker.name().to_owned()).collect(),
            carries: stage.carries.iter().map(carried).collect(),
            tables: found.tables.iter().map(|found| self.table(found)).collect(),
            rounds: found.rounds.iter().map(|played| self.round(played)).collect(),
            champion: found.champion.and_then(|champion| self.team(champion)),
        }
    }

    fn table(&self, table: &Table) -> proto::StandingsTable {
        let group = table.group.as_deref();
        proto::StandingsTable {
            group: group.unwrap_or_default().to_owned(),
            standings: table.lines.iter().map(|line| self.standing(line, group)).collect(),
        }
    }

    fn standing(&self, line: &Standing, group: Option<&str>) -> proto::Standing {
        let fate = match line.fate {
            Fate::Open => proto::Fate::Open,
            Fate::Through => proto::Fate::Through,
            Fate::Out => proto::Fate::Out,
        };
        proto::Standing {
            rank: line.rank,
            team: self.team(line.team_id),
            wins: line.wins,
            losses: line.losses,
            game_wins: line.game_wins,
            game_losses: line.game_losses,
            game_difference: line.game_difference(),
            group: group.unwrap_or_default().to_owned(),
            fate: fate.into(),
        }
    }

    fn round(&self, played: &PlayedRound) -> proto::BracketRound {
        let side = match played.round.side {
            BracketSide::Upper => proto::BracketSide::Upper,
            BracketSide::Lower => proto::BracketSide::Lower,
            BracketSide::Final => proto::BracketSide::Final,
            BracketSide::Placement => proto::BracketSide::Placement,
        };
        proto::BracketRound {
            name: played.round.name.clone(),
            side: side.into(),
            matches: convert::games(&played.matches, self.directory),
        }
    }

    fn team(&self, id: TeamId) -> Option<proto::Team> {
        self.directory.team(self.id, id).cloned().map(convert::team)
    }
}

/// A stage that is carried, by its name; one of another tournament with that tournament's.
fn carried(carried: &Carried) -> String {
    let of = carried.tournament.iter().map(|tournament| format!("{tournament}, "));
    of.chain([carried.stage.clone()]).collect()
}
