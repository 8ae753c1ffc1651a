//! What a season file says of a tournament's stages.

use std::collections::HashSet;

use serde::Deserialize;

use super::{
    fixture::{checked_code, printable, text},
    whole::whole_or_none,
    words,
};
use crate::domain::{
    Team,
    stage::{BracketSide, Carried, Group, Kind, Round, Stage, Tiebreaker},
};

/// So many stages, blocks, groups, rounds or teams are said at most, each.
const MOST: usize = 64;
const KINDS: &str = "roundRobin, doubleRoundRobin, groups, swiss or bracket";
/// Where a Swiss stage ends for a team, unless it is said.
const SWISS_ENDS: u8 = 3;
/// No stage has more matches.
const MOST_MATCHES: u32 = 2_000;

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

fn groups(
    raw: &[RawGroup],
    codes: &mut impl FnMut(&str, Vec<String>) -> Result<Vec<loljoa_service_kit::TeamId>, String>,
) -> Result<Vec<Group>, String> {
    bounded("groups", raw)?;
    if raw.is_empty() {
        return Err("groups must name the groups and their teams".into());
    }
    let group = |raw: &RawGroup| {
        Ok(Group {
            name: text("groups: name", &raw.name)?,
            teams: codes("groups: teams", raw.teams.clone())?,
        })
    };
    let groups = raw.iter().map(group).collect::<Result<Vec<_>, String>>()?;
    distinct("the group", groups.iter().map(|group| group.name.as_str()))?;
    let mut seen = HashSet::new();
    if groups.iter().flat_map(|group| &group.teams).any(|team| !seen.insert(*team)) {
        return Err("groups: a team can be in one group only".into());
    }
    Ok(groups)
}

fn rounds(raw: &[RawRound]) -> Result<Vec<Round>, String> {
    bounded("rounds", raw)?;
    if raw.is_empty() {
        return Err("rounds must name the rounds of the bracket, in their order".into());
    }
    let has_lower = raw.iter().any(|round| round.side.as_deref() == Some("lower"));
    let last = raw.len() - 1;
    raw.iter().enumerate().map(|(at, raw)| round(raw, at == last, has_lower)).collect()
}

fn round(raw: &RawRound, is_last: bool, has_lower: bool) -> Result<Round, String> {
    let block = words::block(&text("rounds: block", &raw.block)?);
    let name = raw.name.as_deref().map(|name| text("rounds: name", name)).transpose()?;
    let side = match raw.side.as_deref() {
        Some("upper") => BracketSide::Upper,
        Some("lower") => BracketSide::Lower,
        Some("placement") => BracketSide::Placement,
        Some("final") => BracketSide::Final,
        None => {
            if is_last {
                BracketSide::Final
            } else {
                BracketSide::Upper
            }
        }
        Some(_) => return Err("rounds: side must be upper, lower, final or placement".into()),
    };
    let eliminates = match raw.losers.as_deref() {
        Some("out") => true,
        Some("fall") => false,
        None => !has_lower || side != BracketSide::Upper,
        Some(_) => return Err("rounds: losers must be out, or fall to the lower rounds".into()),
    };
    Ok(Round { name: name.unwrap_or_else(|| block.clone()), block, side, eliminates })
}

fn tiebreakers(names: &[String]) -> Result<Vec<Tiebreaker>, String> {
    let known = || Tiebreaker::NAMES.map(|(name, _)| name).join(", ");
    let one = |name: &String| {
        let found = Tiebreaker::NAMES.iter().find(|(known, _)| known == name);
        found.map(|(_, tiebreaker)| *tiebreaker).ok_or_else(|| format!("tiebreakers must be of {}", known()))
    };
    distinct("tiebreakers: the rule", names.iter().map(String::as_str))?;
    names.iter().map(one).collect()
}

/// The blocks of a stage; `Week 1-9` stands for nine of them, and a bracket's are those of its rounds.
fn blocks(kind: &Kind, raw: &[String]) -> Result<Vec<String>, String> {
    bounded("blocks", raw)?;
    if let Kind::Bracket(rounds) = kind {
        if !raw.is_empty() {
            return Err("blocks of a bracket are those of its rounds".into());
        }
        return Ok(rounds.iter().map(|round| round.block.clone()).collect());
    }
    if raw.is_empty() {
        return Err("blocks must name the blocks of its matches, such as \"Week 1-9\"".into());
    }
    let mut blocks = Vec::new();
    for block in raw {
        let block = text("blocks", block)?;
        match weeks(&block) {
            Some((first, last)) if first <= last => {
                blocks.extend((first..=last).map(|week| format!("Week {week}")));
            }
            Some(_) => return Err(format!("blocks: {} ends before it begins", printable(&block))),
            None => blocks.push(words::block(&block)),
        }
    }
    Ok(blocks)
}

fn weeks(block: &str) -> Option<(u8, u8)> {
    let lower = words::fold(block);
    let (first, last) = lower.strip_prefix("week ")?.split_once(['-', '–'])?;
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

fn end(field: &str, number: Option<i64>) -> Result<u8, String> {
    let number = number.unwrap_or(SWISS_ENDS.into());
    u8::try_from(number)
        .ok()
        .filter(|n| (1..=9).contains(n))
        .ok_or_else(|| format!("{field} must be from 1 to 9"))
}

/// How many matches a stage with tables has in all.
fn expected(kind: &Kind, number: i64) -> Result<u32, String> {
    if !matches!(kind, Kind::RoundRobin { .. } | Kind::Groups(_)) {
        return Err("matches is for the kinds roundRobin, doubleRoundRobin and groups".into());
    }
    u32::try_from(number)
        .ok()
        .filter(|n| (1..=MOST_MATCHES).contains(n))
        .ok_or_else(|| "matches must be from 1 to 2000".into())
}

fn bounded<T>(field: &str, list: &[T]) -> Result<(), String> {
    if list.len() > MOST { Err(format!("{field} can be {MOST} at most")) } else { Ok(()) }
}

fn distinct<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(words::fold(name)) {
            return Err(format!("{what} {} is named twice", printable(name)));
        }
    }
    Ok(())
}
