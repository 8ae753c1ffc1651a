//! The stages of a tournament for which nobody has said them, read off its matches' blocks and off who meets whom.

mod meetings;
mod rounds;

use std::collections::BTreeSet;

use self::{
    meetings::{by_record, closed_groups, is_complete, meetings, teams},
    rounds::rounds,
};
use super::{
    Carried, Group, Kind, SWISS_ENDS, Stage, Tiebreaker,
    blocks::{Room, room},
};
use crate::domain::{Match, season::words};

const REGULAR: &str = "Regular Season";
const GROUPS: &str = "Groups";
const SWISS: &str = "Swiss Stage";
const PLAYOFFS: &str = "Playoffs";

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
