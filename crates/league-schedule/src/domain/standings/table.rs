//! Tables of round robins, groups and Swiss stages.

use std::cmp::Reverse;

use loljoa_service_kit::TeamId;

use super::{
    Fate, Kind, Stage, Standing,
    tiebreak::{self, Level},
};
use crate::domain::Match;

/// Teams in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The group's name.
    pub group: Option<String>,
    /// Best first.
    pub lines: Vec<Standing>,
}

/// What a table is made of.
pub(super) struct Results<'a> {
    /// Matches of the stage itself.
    pub(super) own: &'a [&'a Match],
    /// These, and those that it carries.
    pub(super) counted: &'a [&'a Match],
    /// Matches that only separate teams that are level.
    pub(super) tiebreakers: &'a [&'a Match],
}

/// The tables of a stage that is no bracket.
pub(super) fn tables(stage: &Stage, results: &Results<'_>) -> Vec<Table> {
    let Kind::Groups(groups) = &stage.kind else {
        let mut teams: Vec<TeamId> =
            results.own.iter().flat_map(|m| [m.team1_id, m.team2_id]).flatten().collect();
        teams.extend(&stage.seeds);
        return vec![Table { group: None, lines: lines(teams, stage, results) }];
    };
    let table = |group: &crate::domain::stage::Group| Table {
        group: Some(group.name.clone()),
        lines: lines(group.teams.clone(), stage, results),
    };
    groups.iter().map(table).collect()
}

fn lines(mut teams: Vec<TeamId>, stage: &Stage, results: &Results<'_>) -> Vec<Standing> {
    teams.sort_unstable();
    teams.dedup();
    let line = |team| with_fate(Standing::after(team, results.counted.iter().copied()), &stage.kind);
    let mut lines: Vec<Standing> = teams.into_iter().map(line).collect();
    lines.sort_by_key(|line| (order(line, &stage.kind), line.team_id));
    let mut ranked = Vec::with_capacity(lines.len());
    for level in lines.chunk_by(|a, b| order(a, &stage.kind) == order(b, &stage.kind)) {
        for group in tiebreak::separate(level, &Level { stage, results }) {
            let rank = i32::try_from(ranked.len()).unwrap_or(i32::MAX).saturating_add(1);
            ranked.extend(group.into_iter().map(|line| Standing { rank, ..line }));
        }
    }
    ranked
}

/// Wins order a table; in a Swiss stage teams may have played fewer matches, so losses do, too.
const fn order(line: &Standing, kind: &Kind) -> (Reverse<i32>, i32) {
    match kind {
        Kind::Swiss { .. } => (Reverse(line.wins), line.losses),
        _ => (Reverse(line.wins), 0),
    }
}

fn with_fate(line: Standing, kind: &Kind) -> Standing {
    let fate = match kind {
        Kind::Swiss { advance_at, .. } if line.wins >= i32::from(*advance_at) => Fate::Through,
        Kind::Swiss { out_at, .. } if line.losses >= i32::from(*out_at) => Fate::Out,
        _ => Fate::Open,
    };
    Standing { fate, ..line }
}
