//! Where the teams of a tournament stand, stage by stage.
//!
//! A table counts the decided matches of its stage, and those of the stages that it carries. Teams are ordered by wins; what
//! separates those with as many is the stage's own ([`Tiebreaker`]). Teams that nothing separates share
//! a rank. In a bracket a team stands where it fell.

mod bracket;
mod line;
mod table;
mod tiebreak;

use std::collections::HashMap;

use loljoa_service_kit::TeamId;

use super::{
    Match,
    stage::{self, Carried, Kind, Stage, Tiebreaker},
};

pub use bracket::{PlayedRound, deciding, ending};
pub use line::{Fate, Standing};
pub use table::Table;

/// A tournament: its stages, and all of its matches.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// In the order in which they are played.
    pub stages: Vec<Stage>,
    /// By start.
    pub matches: Vec<Match>,
    /// Whether somebody has said the stages; otherwise they are read off the matches.
    pub is_said: bool,
}

/// Where the teams of a stage stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageStandings {
    /// The stage.
    pub stage: Stage,
    /// One a group, in their order; otherwise a single one.
    pub tables: Vec<Table>,
    /// Of a bracket, in their order.
    pub rounds: Vec<PlayedRound>,
    /// Who has won the bracket.
    pub champion: Option<TeamId>,
}

impl Played {
    /// A tournament whose stages are `said`, or else read off its matches.
    #[must_use]
    pub fn new(said: Vec<Stage>, matches: Vec<Match>) -> Self {
        let is_said = !said.is_empty();
        let stages = if is_said { said } else { stage::infer(&matches) };
        Self { stages, matches, is_said }
    }

    /// Names of other tournaments whose results count in this one, too.
    pub fn carried_tournaments(&self) -> impl Iterator<Item = &str> {
        self.stages
            .iter()
            .flat_map(|stage| &stage.carries)
            .filter_map(|carried| carried.tournament.as_deref())
    }

    /// Where its teams stand. `others` are tournaments by name, of which some may count here.
    #[must_use]
    pub fn standings(&self, others: &HashMap<String, Self>) -> Vec<StageStandings> {
        self.stages.iter().map(|stage| self.standing(stage, others)).collect()
    }

    fn standing(&self, stage: &Stage, others: &HashMap<String, Self>) -> StageStandings {
        let own: Vec<&Match> = stage.matches(&self.matches).collect();
        if let Kind::Bracket(rounds) = &stage.kind {
            let bracket = bracket::Bracket::new(rounds, &own);
            let (table, champion) = (bracket.table(&stage.seeds), bracket.champion());
            return StageStandings {
                stage: stage.clone(),
                tables: vec![table],
                rounds: bracket.rounds,
                champion,
            };
        }
        let carried = stage.carries.iter().flat_map(|carried| self.carried(carried, others));
        let counted: Vec<&Match> = own.iter().copied().chain(carried).collect();
        let tiebreakers: Vec<&Match> =
            self.matches.iter().filter(|m| stage::is_tiebreaker(&m.block) && !stage.has(m)).collect();
        let results = table::Results { own: &own, counted: &counted, tiebreakers: &tiebreakers };
        StageStandings {
            tables: table::tables(stage, &results),
            stage: stage.clone(),
            rounds: Vec::new(),
            champion: None,
        }
    }

    fn carried<'a>(&'a self, carried: &Carried, others: &'a HashMap<String, Self>) -> Vec<&'a Match> {
        let tournament = match &carried.tournament {
            None => Some(self),
            Some(name) => others.get(name),
        };
        let stage = |of: &'a Self| {
            of.stages.iter().find(|stage| stage.name == carried.stage).map(|stage| (of, stage))
        };
        tournament.and_then(stage).map(|(of, stage)| stage.matches(&of.matches).collect()).unwrap_or_default()
    }
}

/// The table that the league goes by: the last one to which earlier results count, or else the first one; without any, that of the
/// first bracket. Group after group, each line with the name of its group.
#[must_use]
pub fn main_table(stages: &[StageStandings]) -> Vec<(Option<&str>, &Standing)> {
    let is_table = |found: &&StageStandings| !matches!(found.stage.kind, Kind::Bracket(_));
    let carrying = stages.iter().filter(is_table).rfind(|found| !found.stage.carries.is_empty());
    let main = carrying.or_else(|| stages.iter().find(is_table)).or_else(|| stages.first());
    let tables = main.into_iter().flat_map(|found| &found.tables);
    tables.flat_map(|table| table.lines.iter().map(|line| (table.group.as_deref(), line))).collect()
}

#[cfg(test)]
mod tests;
