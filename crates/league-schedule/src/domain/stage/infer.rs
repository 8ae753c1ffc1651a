//! The stages of a tournament for which nobody has said them, read off its matches' blocks and off who meets whom.

use std::collections::{BTreeMap, BTreeSet};

use loljoa_service_kit::TeamId;

use super::{
    BracketSide, Carried, Group, Kind, Round, Stage, Tiebreaker,
    blocks::{Room, room},
};
use crate::domain::{Match, season::words};

const REGULAR: &str = "Regular Season";
const GROUPS: &str = "Groups";
const SWISS: &str = "Swiss Stage";
const PLAYOFFS: &str = "Playoffs";
/// Teams in Swiss stages go on with so many wins, and out with as many losses.
const SWISS_ENDS: u8 = 3;
/// Fewer teams that play only each other are no group.
const SMALLEST_GROUP: usize = 3;

/// The stages that these matches of one tournament tell, in the order in which they begin.
#[must_use]
pub fn infer(matches: &[Match]) -> Vec<Stage> {
    let mut order: Vec<&Match> = matches.iter().collect();
    order.sort_by_key(|m| (m.starts_at, m.match_id));
    let mut parts: Vec<Part<'_>> = Vec::new();
    for m in order {
        let room = room(&m.block);
        let Some(key) = Key::of(&room) else { continue };
        match parts.iter_mut().find(|part| part.key == key) {
            Some(part) => part.add(m, room),
            None => parts.push(Part::new(key, m, room)),
        }
    }
    parts.iter().flat_map(|part| part.stages(&parts)).collect()
}

/// What matches of one stage have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Weeks,
    Groups,
    Swiss,
    Bracket(&'static str),
    Part { name: String, perhaps_bracket: bool },
}

impl Key {
    fn of(room: &Room) -> Option<Self> {
        Some(match room {
            Room::Tiebreaker => return None,
            Room::Week(_) => Self::Weeks,
            Room::Group(_) => Self::Groups,
            Room::Swiss => Self::Swiss,
            Room::Bracket(name) => Self::Bracket(name),
            Room::Part { name, perhaps_bracket } => {
                Self::Part { name: words::fold(name), perhaps_bracket: *perhaps_bracket }
            }
        })
    }
}

/// The matches of a stage to be, by start.
struct Part<'a> {
    key: Key,
    matches: Vec<(&'a Match, Room)>,
}

impl<'a> Part<'a> {
    fn new(key: Key, first: &'a Match, room: Room) -> Self {
        Self { key, matches: vec![(first, room)] }
    }

    fn add(&mut self, m: &'a Match, room: Room) {
        self.matches.push((m, room));
    }

    fn games(&self) -> Vec<&'a Match> {
        self.matches.iter().map(|(m, _)| *m).collect()
    }

    fn stages(&self, all: &[Part<'a>]) -> Vec<Stage> {
        let games = self.games();
        match &self.key {
            Key::Weeks => self.weeks(),
            Key::Groups => vec![self.groups(all)],
            Key::Swiss => {
                let kind = Kind::Swiss { advance_at: SWISS_ENDS, out_at: SWISS_ENDS };
                vec![stage(SWISS, kind, &games)]
            }
            // A part of the bracket whose rounds do not say so is told with those that do.
            Key::Bracket(name) => {
                let others = all.iter().filter(|part| part.is_round_of(name)).flat_map(Self::games);
                let mut games: Vec<_> = games.into_iter().chain(others).collect();
                games.sort_by_key(|m| (m.starts_at, m.match_id));
                vec![stage(name, Kind::Bracket(rounds(&games)), &games)]
            }
            Key::Part { perhaps_bracket, .. } => {
                let taken =
                    all.iter().any(|part| matches!(&part.key, Key::Bracket(name) if self.is_round_of(name)));
                if taken { Vec::new() } else { vec![self.part(&games, *perhaps_bracket)] }
            }
        }
    }

    /// Whether these are rounds of the bracket of this name, which has others that say so.
    fn is_round_of(&self, bracket: &str) -> bool {
        let Key::Part { name, perhaps_bracket: true } = &self.key else { return false };
        let is_named = name == "round" && bracket == PLAYOFFS || *name == words::fold(bracket);
        is_named && !is_complete(&self.games())
    }

    fn part(&self, games: &[&Match], perhaps_bracket: bool) -> Stage {
        let own = match self.matches.first() {
            Some((_, Room::Part { name, .. })) => name.as_str(),
            _ => REGULAR,
        };
        let name =
            |lone: &'static str| if words::fold(own) == "round" { lone.to_owned() } else { own.to_owned() };
        let groups = closed_groups(games);
        if groups.len() > 1 {
            return stage(&name(REGULAR), Kind::Groups(by_record(groups, games)), games);
        }
        if perhaps_bracket && groups.is_empty() {
            return stage(&name(PLAYOFFS), Kind::Bracket(rounds(games)), games);
        }
        stage(&name(REGULAR), Kind::RoundRobin { meetings: meetings(games) }, games)
    }

    /// The weeks: one table, or groups where teams meet only within them; of late weeks, too, to which the earlier ones count.
    fn weeks(&self) -> Vec<Stage> {
        let games = self.games();
        let groups = closed_groups(&games);
        if groups.len() > 1 {
            return vec![stage(REGULAR, Kind::Groups(by_record(groups, &games)), &games)];
        }
        let number = |room: &Room| if let Room::Week(number) = room { *number } else { 0 };
        let numbers: BTreeSet<u8> = self.matches.iter().map(|(_, room)| number(room)).collect();
        for last in &numbers {
            let (early, late): (Vec<_>, Vec<_>) =
                self.matches.iter().partition(|(_, room)| number(room) <= *last);
            let (early, late): (Vec<_>, Vec<_>) =
                (early.iter().map(|(m, _)| *m).collect(), late.iter().map(|(m, _)| *m).collect());
            let groups = closed_groups(&late);
            if groups.len() > 1 && teams(&late) == teams(&early) {
                let regular = stage(REGULAR, Kind::RoundRobin { meetings: meetings(&early) }, &early);
                let groups = by_record(groups, &early);
                return vec![regular, carrying(stage(GROUPS, Kind::Groups(groups), &late))];
            }
        }
        vec![stage(REGULAR, Kind::RoundRobin { meetings: meetings(&games) }, &games)]
    }

    /// Groups that say their names. Weeks count in them, when all of their teams play there.
    fn groups(&self, all: &[Part<'_>]) -> Stage {
        let mut groups: Vec<Group> = Vec::new();
        for (m, room) in &self.matches {
            let Room::Group(name) = room else { continue };
            let at = groups.iter().position(|group| words::fold(&group.name) == words::fold(name));
            let at = at.unwrap_or_else(|| {
                groups.push(Group { name: name.clone(), teams: Vec::new() });
                groups.len() - 1
            });
            for team in [m.team1_id, m.team2_id].into_iter().flatten() {
                if !groups[at].teams.contains(&team) {
                    groups[at].teams.push(team);
                }
            }
        }
        groups.sort_by(|a, b| a.name.cmp(&b.name));
        let games = self.games();
        let stage = stage(GROUPS, Kind::Groups(groups), &games);
        let weeks = all.iter().find(|part| part.key == Key::Weeks);
        if weeks.is_some_and(|weeks| teams(&weeks.games()).is_superset(&teams(&games))) {
            carrying(stage)
        } else {
            stage
        }
    }
}

fn carrying(stage: Stage) -> Stage {
    Stage { carries: vec![Carried { tournament: None, stage: REGULAR.into() }], ..stage }
}

fn stage(name: &str, kind: Kind, games: &[&Match]) -> Stage {
    let mut blocks: Vec<String> = Vec::new();
    for m in games {
        if !blocks.contains(&m.block) {
            blocks.push(m.block.clone());
        }
    }
    let tiebreakers = Tiebreaker::usual(&kind);
    Stage {
        name: name.into(),
        kind,
        blocks,
        tiebreakers,
        carries: Vec::new(),
        seeds: Vec::new(),
        expected_matches: None,
    }
}

fn pair(m: &Match) -> Option<[TeamId; 2]> {
    let (one, two) = (m.team1_id?, m.team2_id?);
    Some(if one < two { [one, two] } else { [two, one] })
}

fn teams(games: &[&Match]) -> BTreeSet<TeamId> {
    games.iter().flat_map(|m| [m.team1_id, m.team2_id]).flatten().collect()
}

/// How often the teams of a round robin meet, 1 or 2: as often as any two of them do.
fn meetings(games: &[&Match]) -> u8 {
    let mut met: BTreeMap<[TeamId; 2], usize> = BTreeMap::new();
    for pair in games.iter().filter_map(|m| pair(m)) {
        *met.entry(pair).or_default() += 1;
    }
    if met.values().any(|times| *times > 1) { 2 } else { 1 }
}

/// Whether all teams of these matches meet.
fn is_complete(games: &[&Match]) -> bool {
    closed_groups(games).len() == 1
}

/// Groups of teams who all meet each other and nobody else; empty unless every team is in one.
fn closed_groups(games: &[&Match]) -> Vec<Group> {
    let pairs: BTreeSet<[TeamId; 2]> = games.iter().filter_map(|m| pair(m)).collect();
    let mut opponents: BTreeMap<TeamId, BTreeSet<TeamId>> = BTreeMap::new();
    for [one, two] in &pairs {
        opponents.entry(*one).or_insert_with(|| BTreeSet::from([*one])).insert(*two);
        opponents.entry(*two).or_insert_with(|| BTreeSet::from([*two])).insert(*one);
    }
    // In a closed group everybody has the same opponents and oneself.
    let groups: BTreeSet<&BTreeSet<TeamId>> = opponents.values().collect();
    let in_groups: usize = groups.iter().map(|group| group.len()).sum();
    if in_groups != opponents.len() || groups.iter().any(|group| group.len() < SMALLEST_GROUP) {
        return Vec::new();
    }
    let named = groups.into_iter().zip('A'..='Z');
    named.map(|(teams, name)| Group { name: name.into(), teams: teams.iter().copied().collect() }).collect()
}

/// The groups, and first the one whose teams have won more of these.
fn by_record(mut groups: Vec<Group>, games: &[&Match]) -> Vec<Group> {
    let wins = |group: &Group| {
        games.iter().filter(|m| m.winner_id.is_some_and(|winner| group.teams.contains(&winner))).count()
    };
    groups.sort_by_key(|group| std::cmp::Reverse(wins(group)));
    groups.into_iter().zip('A'..='Z').map(|(group, name)| Group { name: name.into(), ..group }).collect()
}

/// The rounds of a bracket, in the order in which they begin.
fn rounds(games: &[&Match]) -> Vec<Round> {
    let mut blocks: Vec<&str> = Vec::new();
    for m in games {
        if !blocks.contains(&m.block.as_str()) {
            blocks.push(&m.block);
        }
    }
    let sides: Vec<_> = blocks.iter().map(|block| side(block)).collect();
    let has_lower = sides.contains(&BracketSide::Lower);
    let round = |(block, side): (&&str, &BracketSide)| Round {
        name: (*block).to_owned(),
        block: (*block).to_owned(),
        side: *side,
        eliminates: !has_lower || *side != BracketSide::Upper || nobody_falls_from(block, games),
    };
    blocks.iter().zip(&sides).map(round).collect()
}

/// Whether it is seen that losers of a round are out although there are lower rounds: all teams are known, and none of them has
/// another match.
fn nobody_falls_from(block: &str, games: &[&Match]) -> bool {
    let own = |m: &&&Match| m.block == block;
    let others: Vec<_> = games.iter().copied().filter(|m| m.block != block).collect();
    let loser = |m: &&Match| {
        let winner = m.winner_id?;
        [m.team1_id, m.team2_id].into_iter().flatten().find(|team| *team != winner)
    };
    let losers: Vec<_> = games.iter().filter(own).map(loser).collect();
    let begin = games.iter().filter(own).map(|m| m.starts_at).max();
    let all_known = others.iter().all(|m| pair(m).is_some());
    let plays_on = |loser: &TeamId| {
        others.iter().any(|m| m.side_of(*loser).is_some() && begin.is_some_and(|begin| m.starts_at > begin))
    };
    all_known && losers.iter().all(|loser| loser.is_some_and(|loser| !plays_on(&loser)))
}

fn side(block: &str) -> BracketSide {
    let lower = words::fold(block);
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&["third place", "3rd place", "3위", "3·4위", "3-4위"]) {
        BracketSide::Placement
    } else if has(&["lower", "losers", "loser's", "패자"]) {
        BracketSide::Lower
    } else if has(&[
        "upper",
        "winners",
        "winner's",
        "승자",
        "semi",
        "quarter",
        "준결승",
        "4강",
        "8강",
        "round",
    ]) {
        BracketSide::Upper
    } else if has(&["final", "결승"]) {
        BracketSide::Final
    } else {
        BracketSide::Upper
    }
}
