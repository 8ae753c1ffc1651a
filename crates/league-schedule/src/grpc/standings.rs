//! Standings, mapped onto the contract.

use loljoa_proto::league_schedule::v1 as proto;
use loljoa_service_kit::TeamId;

use super::convert;
use crate::{
    domain::{
        stage::{BracketSide, Kind},
        standings::{Fate, PlayedRound, StageStandings, Standing, Table, main_table},
    },
    service::{directory::Directory, import::Ahead},
};

pub(super) fn response(stages: &[StageStandings], directory: &Directory) -> proto::GetStandingsResponse {
    let line = |(group, line): (Option<&str>, &Standing)| standing(line, group, directory);
    proto::GetStandingsResponse {
        standings: main_table(stages).into_iter().map(line).collect(),
        stages: stages.iter().map(|found| stage(found, directory)).collect(),
    }
}

/// The tables that would come out of an import.
pub(super) fn ahead(ahead: &Ahead) -> Vec<proto::TournamentStandings> {
    let of = |(tournament, stages): &(String, Vec<StageStandings>)| proto::TournamentStandings {
        tournament: tournament.clone(),
        stages: stages.iter().map(|found| stage(found, &ahead.directory)).collect(),
    };
    ahead.standings.iter().map(of).collect()
}

fn stage(found: &StageStandings, directory: &Directory) -> proto::StageStandings {
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
        carries: stage.carries.iter().map(|carried| carried.stage.clone()).collect(),
        tables: found.tables.iter().map(|found| table(found, directory)).collect(),
        rounds: found.rounds.iter().map(|played| round(played, directory)).collect(),
        champion: found.champion.and_then(|champion| team(champion, directory)),
    }
}

fn table(table: &Table, directory: &Directory) -> proto::StandingsTable {
    let group = table.group.as_deref();
    proto::StandingsTable {
        group: group.unwrap_or_default().to_owned(),
        standings: table.lines.iter().map(|line| standing(line, group, directory)).collect(),
    }
}

fn standing(line: &Standing, group: Option<&str>, directory: &Directory) -> proto::Standing {
    let fate = match line.fate {
        Fate::Open => proto::Fate::Open,
        Fate::Through => proto::Fate::Through,
        Fate::Out => proto::Fate::Out,
    };
    proto::Standing {
        rank: line.rank,
        team: team(line.team_id, directory),
        wins: line.wins,
        losses: line.losses,
        game_wins: line.game_wins,
        game_losses: line.game_losses,
        game_difference: line.game_difference(),
        group: group.unwrap_or_default().to_owned(),
        fate: fate.into(),
    }
}

fn round(played: &PlayedRound, directory: &Directory) -> proto::BracketRound {
    let side = match played.round.side {
        BracketSide::Upper => proto::BracketSide::Upper,
        BracketSide::Lower => proto::BracketSide::Lower,
        BracketSide::Final => proto::BracketSide::Final,
        BracketSide::Placement => proto::BracketSide::Placement,
    };
    proto::BracketRound {
        name: played.round.name.clone(),
        side: side.into(),
        matches: convert::games(&played.matches, directory),
    }
}

fn team(id: TeamId, directory: &Directory) -> Option<proto::Team> {
    directory.team(id).cloned().map(convert::team)
}
