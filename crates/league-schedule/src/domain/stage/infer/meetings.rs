//! Who meets whom, and what that tells.

use std::collections::{BTreeMap, BTreeSet};

use loljoa_service_kit::TeamId;

use crate::domain::{Match, stage::Group};

/// Fewer teams that play only each other are no group.
const SMALLEST_GROUP: usize = 3;

pub(super) fn pair(m: &Match) -> Option<[TeamId; 2]> {
    let (one, two) = (m.team1_id?, m.team2_id?);
    Some(if one < two { [one, two] } else { [two, one] })
}

pub(super) fn teams(games: &[&Match]) -> BTreeSet<TeamId> {
    games.iter().flat_map(|m| [m.team1_id, m.team2_id]).flatten().collect()
}

/// How often the teams of a round robin meet, 1 or 2: as often as any two of them do.
pub(super) fn meetings(games: &[&Match]) -> u8 {
    let mut met: BTreeMap<[TeamId; 2], usize> = BTreeMap::new();
    for pair in games.iter().filter_map(|m| pair(m)) {
        *met.entry(pair).or_default() += 1;
    }
    if met.values().any(|times| *times > 1) { 2 } else { 1 }
}

/// Whether all teams of these matches meet.
pub(super) fn is_complete(games: &[&Match]) -> bool {
    closed_groups(games).len() == 1
}

/// Groups of teams who all meet each other and nobody else; empty unless every team is in one.
pub(super) fn closed_groups(games: &[&Match]) -> Vec<Group> {
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
pub(super) fn by_record(mut groups: Vec<Group>, games: &[&Match]) -> Vec<Group> {
    let wins = |group: &Group| {
        games.iter().filter(|m| m.winner_id.is_some_and(|winner| group.teams.contains(&winner))).count()
    };
    groups.sort_by_key(|group| std::cmp::Reverse(wins(group)));
    groups.into_iter().zip('A'..='Z').map(|(group, name)| Group { name: name.into(), ..group }).collect()
}
