//! Who the teams of the schedule are.
//!
//! The schedule names teams without an id, and codes collide with those of academy teams. So a team is found by its
//! name; its code is its own only if no team with a better claim has it.

use std::collections::HashMap;

use super::{text::clean, wire::TeamEntry};
use crate::domain::Team;

/// What a team looks like of which the feed tells no colour.
const COLOUR: &str = "#6B7280";
const LONGEST_CODE: usize = 32;

/// Teams by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Roster {
    codes: HashMap<String, String>,
}

impl Roster {
    /// The teams of `getTeams`; those of `league` have the better claim to a code.
    pub(super) fn new(mut entries: Vec<TeamEntry>, league: &str) -> Self {
        let at_home = |entry: &TeamEntry| entry.home_league.as_ref().is_some_and(|home| home.name == league);
        entries.sort_by_key(|entry| (!at_home(entry), entry.slug.clone()));
        let mut owners: HashMap<String, String> = HashMap::new();
        let mut codes = HashMap::new();
        for entry in entries {
            let (name, code) = (key(&entry.name), normal(&entry.code));
            if code.is_empty() || codes.contains_key(&name) {
                continue;
            }
            let owner = owners.entry(code.clone()).or_insert_with(|| entry.slug.clone());
            let own = if *owner == entry.slug { code } else { normal(&entry.slug) };
            codes.insert(name, own);
        }
        Self { codes }
    }

    /// Whether `getTeams` has a team of this name.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.codes.contains_key(&key(name))
    }

    /// The team that the schedule calls `name` with `code`; `None` while to be decided.
    pub(super) fn team(&self, name: &str, code: &str) -> Option<Team> {
        if is_undecided(name) || is_undecided(code) {
            return None;
        }
        let code = self.codes.get(&key(name)).cloned().unwrap_or_else(|| normal(code));
        let name = clean(name);
        (!code.is_empty() && !name.is_empty()).then(|| Team {
            team_id: Team::id_of(&code),
            code,
            name_en: name.clone(),
            name_ko: name,
            colour: COLOUR.into(),
        })
    }
}

pub(super) fn is_undecided(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.eq_ignore_ascii_case("TBD")
}

fn key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Upper case, and nothing that a code cannot hold.
fn normal(code: &str) -> String {
    let kept = code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '.');
    kept.map(|c| c.to_ascii_uppercase()).take(LONGEST_CODE).collect()
}
