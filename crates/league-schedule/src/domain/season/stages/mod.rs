//! What a season file says of a tournament's stages.

mod fields;

use serde::Deserialize;

use self::fields::{blocks, bounded, distinct, end, expected, groups, rounds, tiebreakers};
use super::{
    fixture::{checked_code, printable, text},
    whole::whole_or_none,
};
use crate::domain::{
    Team,
    stage::{Carried, Kind, Stage, Tiebreaker},
};

const KINDS: &str = "roundRobin, doubleRoundRobin, groups, swiss or bracket";

/// The stages of a tournament, as a file says them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// The tournament's name.
    pub tournament: String,
    /// In the order in which they are played.
    pub stages: Vec<Stage>,
    /// Codes of teams that the stages speak of.
    pub teams: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawCourse {
    name: String,
    stages: Vec<RawStage>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawStage {
    name: String,
    kind: String,
    #[serde(default)]
    blocks: Vec<String>,
    #[serde(default)]
    groups: Vec<RawGroup>,
    #[serde(default)]
    rounds: Vec<RawRound>,
    #[serde(default)]
    tiebreakers: Option<Vec<String>>,
    #[serde(default)]
    carries: Vec<RawCarried>,
    #[serde(default)]
    seeds: Vec<String>,
    #[serde(default, deserialize_with = "whole_or_none")]
    advance_at: Option<i64>,
    #[serde(default, deserialize_with = "whole_or_none")]
    out_at: Option<i64>,
    #[serde(default, deserialize_with = "whole_or_none")]
    matches: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawGroup {
    name: String,
    teams: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawRound {
    block: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    side: Option<String>,
    #[serde(default)]
    losers: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawCarried {
    #[serde(default)]
    tournament: Option<String>,
    stage: String,
}

impl RawCourse {
    pub(super) fn subject(&self) -> String {
        format!("stages of {}", printable(&self.name))
    }

    pub(super) fn check(self) -> Result<Course, String> {
        let mut teams = Vec::new();
        bounded("stages", &self.stages)?;
        let stages = self.stages.into_iter().enumerate();
        let stages = stages
            .map(|(at, stage)| stage.check(&mut teams).map_err(|why| format!("stages[{at}]: {why}")))
            .collect::<Result<Vec<Stage>, String>>()?;
        distinct("the stage", stages.iter().map(|stage| stage.name.as_str()))?;
        distinct("the block", stages.iter().flat_map(|stage| &stage.blocks).map(String::as_str))?;
        for (at, stage) in stages.iter().enumerate() {
            for carried in stage.carries.iter().filter(|carried| carried.tournament.is_none()) {
                let is_earlier = stages.iter().take(at).any(|earlier| earlier.name == carried.stage);
                if !is_earlier {
                    return Err(format!(
                        "stages[{at}]: carries: no stage {} before this one",
                        printable(&carried.stage)
                    ));
                }
            }
        }
        Ok(Course { tournament: text("name", &self.name)?, stages, teams })
    }
}

impl RawStage {
    fn check(self, teams: &mut Vec<String>) -> Result<Stage, String> {
        let name = text("name", &self.name)?;
        let mut codes = |field: &str, raw: Vec<String>| {
            bounded(field, &raw)?;
            let codes = raw.iter().map(|code| checked_code(field, code.trim().to_uppercase()));
            let codes = codes.collect::<Result<Vec<_>, _>>()?;
            distinct(&format!("{field}: the team"), codes.iter().map(String::as_str))?;
            teams.extend(codes.iter().cloned());
            Ok::<_, String>(codes.iter().map(|code| Team::id_of(code)).collect::<Vec<_>>())
        };
        let seeds = codes("seeds", self.seeds)?;
        let ends = (self.advance_at, self.out_at);
        let kind = match self.kind.as_str() {
            "roundRobin" => Kind::RoundRobin { meetings: 1 },
            "doubleRoundRobin" => Kind::RoundRobin { meetings: 2 },
            "groups" => Kind::Groups(groups(self.groups.as_slice(), &mut codes)?),
            "swiss" => Kind::Swiss { advance_at: end("advanceAt", ends.0)?, out_at: end("outAt", ends.1)? },
            "bracket" => Kind::Bracket(rounds(self.rounds.as_slice())?),
            _ => return Err(format!("kind must be {KINDS}")),
        };
        let only = |field: &str, of: &str, given: bool| {
            if given && kind.name() != of { Err(format!("{field} is for the kind {of}")) } else { Ok(()) }
        };
        only("groups", "groups", !self.groups.is_empty())?;
        only("rounds", "bracket", !self.rounds.is_empty())?;
        only("advanceAt", "swiss", ends.0.is_some())?;
        only("outAt", "swiss", ends.1.is_some())?;
        let expected_matches = self.matches.map(|number| expected(&kind, number)).transpose()?;
        let blocks = blocks(&kind, &self.blocks)?;
        let tiebreakers = match self.tiebreakers {
            Some(names) => tiebreakers(&names)?,
            None => Tiebreaker::usual(&kind),
        };
        bounded("carries", &self.carries)?;
        let carries = self.carries.into_iter().map(RawCarried::check).collect::<Result<_, _>>()?;
        Ok(Stage { name, kind, blocks, tiebreakers, carries, seeds, expected_matches })
    }
}

impl RawCarried {
    fn check(self) -> Result<Carried, String> {
        let tournament = self.tournament.map(|name| text("carries: tournament", &name)).transpose()?;
        Ok(Carried { tournament, stage: text("carries: stage", &self.stage)? })
    }
}
