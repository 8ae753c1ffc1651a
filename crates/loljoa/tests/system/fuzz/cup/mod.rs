//! A tournament whose stages a file says, so that there are questions about whole stages.

mod format;
mod said;

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use rand::{RngExt, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

pub(super) use self::format::TABLES;
use self::{
    format::{FORMATS, Format, Side},
    said::Said,
};
use super::line::{Line, ROOM_OF_CUPS};

/// A cup. Its matches are lines of whoever has it.
#[derive(Clone)]
pub(super) struct Cup {
    pub(super) name: String,
    format: &'static Format,
    said: Said,
    /// Which lines.
    pub(super) lines: Range<usize>,
}

impl Cup {
    /// One of this name whose matches are to be the lines from `first` on.
    pub(super) fn new(name: String, first: usize, random: &mut StdRng) -> Self {
        let format = FORMATS.choose(random).unwrap();
        let lines = first..first + format.matches.len();
        Self { name, format, said: Said::of(format), lines }
    }

    /// The same once more, by another name.
    pub(super) fn twin(&self, name: String) -> Self {
        Self { name, ..self.clone() }
    }

    /// Its matches, hour by hour from `start` on; who plays in the later ones is to be decided.
    pub(super) fn announced(&self, start: DateTime<Utc>) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        for (hour, (day, (block, sides))) in (0..).zip(self.lines.clone().zip(self.format.matches)) {
            let starts_at = start + TimeDelta::hours(hour);
            let mut line = Line::new(&self.name, u16::try_from(day).unwrap(), starts_at);
            (line.room, line.block) = (&ROOM_OF_CUPS, block);
            line.teams = sides.map(Side::known);
            lines.push(line);
        }
        lines
    }

    /// Says other stages, or again those that are planned.
    pub(super) fn said_otherwise(&self, random: &mut StdRng) -> Self {
        Self { said: self.said.changed(random), ..self.clone() }
    }

    /// Who plays in this match once the cup's `lines` have come so far.
    pub(super) fn through_to(&self, at: usize, lines: &[Line]) -> [Option<&'static str>; 2] {
        self.format.matches[at].1.map(|side| side.team(lines))
    }

    /// What a file says of its stages.
    pub(super) fn json(&self) -> Value {
        json!({ "name": self.name, "stages": self.said.json() })
    }

    /// The same, with a stage that has no match.
    pub(super) fn json_without_stages(&self) -> Value {
        let stage = json!({ "name": "Nothing", "kind": "roundRobin", "blocks": ["Nothing"] });
        json!({ "name": self.name, "stages": [stage] })
    }

    /// Matches that are not over, with who has come through to them; some of them as they were planned again. `all` are the lines
    /// of whoever has the cup.
    pub(super) fn gone_on(&self, all: &[Line], random: &mut StdRng) -> Vec<Line> {
        let own = &all[self.lines.clone()];
        let mut gone_on = Vec::new();
        for (at, (line, (block, _))) in own.iter().zip(self.format.matches).enumerate() {
            if line.is_over() {
                continue;
            }
            let mut next = line.clone();
            let is_mended = random.random_ratio(1, 2);
            for (team, through) in next.teams.iter_mut().zip(self.through_to(at, own)) {
                if team.is_none() || is_mended {
                    *team = through;
                }
            }
            if is_mended {
                next.block = block;
            }
            if next != *line {
                gone_on.push(next);
            }
        }
        gone_on
    }
}
