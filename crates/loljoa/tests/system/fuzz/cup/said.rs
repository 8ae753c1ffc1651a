//! What the file says of a cup's stages.

use rand::{RngExt, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

use super::format::{Format, TABLES};
use crate::fuzz::line::TEAMS;

/// Names of the stage with the tables, and of the bracket; the first of each stands mostly.
const NAMES: [[&str; 2]; 2] = [["Group Battle", "Group Stage"], ["Playoffs", "Knockout"]];

/// What is said; at first what is planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    format: &'static Format,
    groups: Vec<Vec<&'static str>>,
    /// How many matches the tables have.
    matches: Option<usize>,
    /// Of the stages.
    names: [&'static str; 2],
    /// This round of the bracket is left out.
    without: Option<usize>,
}

impl Said {
    pub(super) fn of(format: &'static Format) -> Self {
        let groups = format.groups.iter().map(|teams| teams.to_vec()).collect();
        Self { format, groups, matches: None, names: NAMES.map(|[usual, _]| usual), without: None }
    }

    /// As it is planned again, or in one thing otherwise.
    pub(super) fn changed(&self, random: &mut StdRng) -> Self {
        let planned = Self::of(self.format);
        if *self != planned && random.random_ratio(2, 3) {
            return planned;
        }
        let mut said = self.clone();
        match random.random_range(0..6) {
            0 | 1 => {
                let at = random.random_range(0..said.groups.len());
                let others: Vec<_> = TEAMS.into_iter().filter(|code| !said.is_in_a_group(code)).collect();
                said.groups[at][0] = others.choose(random).unwrap();
            }
            2 => said.matches = Some(random.random_range(1..8)),
            3 => said.names[0] = NAMES[0][1],
            4 => said.names[1] = NAMES[1][1],
            _ => said.without = Some(random.random_range(0..said.format.rounds.len())),
        }
        said
    }

    fn is_in_a_group(&self, code: &str) -> bool {
        self.groups.iter().any(|teams| teams.contains(&code))
    }

    /// As it stands in a file.
    pub(super) fn json(&self) -> Value {
        let mut tables = json!({ "name": self.names[0], "blocks": [TABLES], "matches": self.matches });
        if let [teams] = self.groups.as_slice() {
            (tables["kind"], tables["seeds"]) = (json!("roundRobin"), json!(teams));
        } else {
            let group = |(teams, name): (&Vec<&str>, char)| json!({ "name": name, "teams": teams });
            let groups: Vec<_> = self.groups.iter().zip('A'..).map(group).collect();
            (tables["kind"], tables["groups"]) = (json!("groups"), json!(groups));
        }
        let rounds = self.format.rounds.iter().enumerate().filter(|(at, _)| Some(*at) != self.without);
        let round =
            |(_, (block, side)): (usize, &(&str, Option<&str>))| json!({ "block": block, "side": side });
        let rounds: Vec<_> = rounds.map(round).collect();
        json!([tables, { "name": self.names[1], "kind": "bracket", "rounds": rounds }])
    }
}
