//! What a block's name says of the stage that it belongs to.

use crate::domain::season::words;

/// Names of groups that are told without the word.
const GROUPS: [(&str, &str); 4] =
    [("legend", "Legend"), ("rise", "Rise"), ("레전드", "Legend"), ("라이즈", "Rise")];
/// Words of rounds in which who loses is out, or falls to the lower rounds.
const BRACKET: [&str; 20] = [
    "playoff",
    "final",
    "bracket",
    "upper",
    "lower",
    "winners",
    "losers",
    "knockout",
    "elimination",
    "gauntlet",
    "round of",
    "third place",
    "3rd place",
    "플레이오프",
    "결승",
    "준결승",
    "승자조",
    "패자조",
    "8강",
    "4강",
];
/// Words of rounds that may be those of a bracket; who meets whom decides.
const PERHAPS_BRACKET: [&str; 9] =
    ["round", "play-in", "play in", "qualif", "regional", "promotion", "road to", "플레이인", "라운드"];

/// The room of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// A week of the regular season, with its number.
    Week(u8),
    /// It only separates teams that are level.
    Tiebreaker,
    /// A match within the group of this name.
    Group(String),
    /// A round of a Swiss stage.
    Swiss,
    /// A round of the bracket of this name.
    Bracket(&'static str),
    /// A part of the season of this name.
    Part { name: String, perhaps_bracket: bool },
}

/// Whether a block only separates teams that are level.
#[must_use]
pub fn is_tiebreaker(block: &str) -> bool {
    let block = words::fold(block);
    ["tiebreak", "tie-break", "순위결정전", "순위 결정전", "타이브레이"]
        .iter()
        .any(|word| block.starts_with(word))
}

/// Whether a block is a week of the regular season.
#[must_use]
pub fn is_week(block: &str) -> bool {
    matches!(room(block), Room::Week(_))
}

/// Whether a block's name tells which stage it belongs to.
#[must_use]
pub fn tells_its_stage(block: &str) -> bool {
    !matches!(room(block), Room::Part { perhaps_bracket: false, .. })
}

pub(super) fn room(block: &str) -> Room {
    let lower = words::fold(block);
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if is_tiebreaker(block) {
        Room::Tiebreaker
    } else if let Some(number) = week(&lower) {
        Room::Week(number)
    } else if has(&["swiss", "스위스"]) {
        Room::Swiss
    } else if let Some(name) = group(block) {
        Room::Group(name)
    } else if has(&BRACKET) {
        Room::Bracket(bracket(&lower))
    } else {
        Room::Part { name: part(block), perhaps_bracket: has(&PERHAPS_BRACKET) }
    }
}

/// The number of a block such as `week 3` or `week 3 day 1`.
fn week(lower: &str) -> Option<u8> {
    lower.strip_prefix("week ")?.split(' ').next()?.parse().ok()
}

/// The name of the group that a block such as `Group A`, `Legend Group Week 2` or `A조` speaks of.
fn group(block: &str) -> Option<String> {
    let lower = words::fold(block);
    let known = |(word, name): &(&str, &str)| lower.starts_with(word).then(|| (*name).to_owned());
    if let Some(name) = GROUPS.iter().find_map(known) {
        return Some(name);
    }
    let words: Vec<&str> = block.split(' ').collect();
    if let Some(name) =
        words.first().and_then(|first| first.strip_suffix('조')).filter(|name| !name.is_empty())
    {
        return Some(name.to_owned());
    }
    let at = words.iter().position(|word| matches!(words::fold(word).as_str(), "group" | "그룹"))?;
    let is_name = |word: &&&str| word.chars().count() == 1 && word.chars().all(char::is_alphanumeric);
    let after = words.get(at + 1).filter(is_name).map(|name| name.to_uppercase());
    after.or_else(|| at.checked_sub(1).and_then(|before| words.get(before)).map(|name| (*name).to_owned()))
}

/// The bracket that a round belongs to.
fn bracket(lower: &str) -> &'static str {
    let of = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if of(&["play-in", "play in", "플레이인", "플레이-인"]) {
        "Play-In"
    } else if of(&["regional"]) {
        "Regional Finals"
    } else if of(&["promotion", "승강"]) {
        "Promotion"
    } else {
        "Playoffs"
    }
}

/// A part's name: its block without the number, day or round at its end.
fn part(block: &str) -> String {
    let mut words: Vec<&str> = block.split(' ').collect();
    while words.len() > 1 {
        let last = words.last().map(|word| words::fold(word)).unwrap_or_default();
        let is_count = last.chars().all(|c| c.is_ascii_digit() || c == '(' || c == ')' || c == '-');
        if !is_count && !matches!(last.as_str(), "day" | "week" | "round" | "match" | "일차" | "라운드")
        {
            break;
        }
        words.pop();
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_says_where_it_belongs() {
        for (block, week) in [("Week 3", 3), ("Week 12", 12), ("Week 3 Day 1", 3)] {
            assert_eq!(room(block), Room::Week(week), "{block}");
        }
        for (block, name) in [
            ("Group A", "A"),
            ("group b Week 2", "B"),
            ("A조", "A"),
            ("그룹 B", "B"),
            ("Legend Group", "Legend"),
            ("Rise Group Week 10", "Rise"),
            ("Legend", "Legend"),
            ("레전드 그룹", "Legend"),
            ("Baron Group", "Baron"),
        ] {
            assert_eq!(room(block), Room::Group(name.into()), "{block}");
        }
        for block in ["Tiebreakers", "Tiebreaker 1", "tie-break", "순위결정전"] {
            assert_eq!(room(block), Room::Tiebreaker, "{block}");
        }
        assert_eq!(room("Swiss Round 3 (2-0)"), Room::Swiss);
        for (block, name) in [
            ("Playoffs Round 1", "Playoffs"),
            ("Upper Bracket Semifinals", "Playoffs"),
            ("Grand Final", "Playoffs"),
            ("Play-In Finals", "Play-In"),
            ("결승전", "Playoffs"),
            ("Regional Finals", "Regional Finals"),
        ] {
            assert_eq!(room(block), Room::Bracket(name), "{block}");
        }
        for (block, name, perhaps_bracket) in [
            ("Play-In Round 1", "Play-In", true),
            ("Round 2", "Round", true),
            ("Group Battle", "Group Battle", false),
            ("Super Day 2", "Super", false),
            ("Road to MSI Round 1", "Road to MSI", true),
        ] {
            assert_eq!(room(block), Room::Part { name: name.into(), perhaps_bracket }, "{block}");
        }
    }
}
