//! What the fields of a stage may say.

use std::collections::HashSet;

use loljoa_service_kit::TeamId;

use super::{RawGroup, RawRound};
use crate::domain::{
    season::{
        fixture::{printable, text},
        words,
    },
    stage::{BracketSide, Group, Kind, Round, SWISS_ENDS, Tiebreaker},
};

/// So many stages, blocks, groups, rounds or teams are said at most, each.
const MOST: usize = 64;
/// No stage has more matches.
const MOST_MATCHES: u32 = 2_000;

pub(super) fn groups(
    raw: &[RawGroup],
    codes: &mut impl FnMut(&str, Vec<String>) -> Result<Vec<TeamId>, String>,
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

pub(super) fn rounds(raw: &[RawRound]) -> Result<Vec<Round>, String> {
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

pub(super) fn tiebreakers(names: &[String]) -> Result<Vec<Tiebreaker>, String> {
    let known = || Tiebreaker::NAMES.map(|(name, _)| name).join(", ");
    let one = |name: &String| {
        let found = Tiebreaker::NAMES.iter().find(|(known, _)| known == name);
        found.map(|(_, tiebreaker)| *tiebreaker).ok_or_else(|| format!("tiebreakers must be of {}", known()))
    };
    distinct("tiebreakers: the rule", names.iter().map(String::as_str))?;
    names.iter().map(one).collect()
}

/// The blocks of a stage; `Week 1-9` stands for nine of them, and a bracket's are those of its rounds.
pub(super) fn blocks(kind: &Kind, raw: &[String]) -> Result<Vec<String>, String> {
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

pub(super) fn end(field: &str, number: Option<i64>) -> Result<u8, String> {
    let number = number.unwrap_or(SWISS_ENDS.into());
    u8::try_from(number)
        .ok()
        .filter(|n| (1..=9).contains(n))
        .ok_or_else(|| format!("{field} must be from 1 to 9"))
}

/// How many matches a stage with tables has in all.
pub(super) fn expected(kind: &Kind, number: i64) -> Result<u32, String> {
    if !matches!(kind, Kind::RoundRobin { .. } | Kind::Groups(_)) {
        return Err("matches is for the kinds roundRobin, doubleRoundRobin and groups".into());
    }
    u32::try_from(number)
        .ok()
        .filter(|n| (1..=MOST_MATCHES).contains(n))
        .ok_or_else(|| "matches must be from 1 to 2000".into())
}

pub(super) fn bounded<T>(field: &str, list: &[T]) -> Result<(), String> {
    if list.len() > MOST { Err(format!("{field} can be {MOST} at most")) } else { Ok(()) }
}

pub(super) fn distinct<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(words::fold(name)) {
            return Err(format!("{what} {} is named twice", printable(name)));
        }
    }
    Ok(())
}
