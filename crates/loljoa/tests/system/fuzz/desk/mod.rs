//! The admin, who changes matches at random.

mod cups;
mod files;
mod hand;
mod markets;

use std::collections::HashSet;

use chrono::TimeDelta;
use loljoa_service_kit::Clock;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use uuid::Uuid;

use super::{
    change::{Change, whole_millis},
    cup::Cup,
    line::Line,
    tally::Tally,
};
use crate::support::{Admin, App, Reply};

/// So many matches are always to come.
const TO_COME: usize = 8;
/// So many of the latest matches are in the file; what is older is left alone.
const IN_FILE: usize = 24;

/// Who changes matches.
pub(super) struct Desk {
    admin: Admin,
    random: StdRng,
    /// What the last file told, and what was decided by hand since.
    lines: Vec<Line>,
    /// The last one is being played.
    cups: Vec<Cup>,
    /// Markets that were locked by hand.
    pub(super) locked: HashSet<Uuid>,
    pub(super) tally: Tally,
}

impl Desk {
    /// The same seed does the same.
    pub(super) async fn open(app: &App, seed: u64) -> Self {
        Self {
            admin: app.admin().await,
            random: StdRng::seed_from_u64(seed),
            lines: Vec::new(),
            cups: Vec::new(),
            locked: HashSet::new(),
            tally: Tally::default(),
        }
    }

    /// Brings in as many new matches as have ended, and a new cup once one has; answers whether it has.
    pub(super) async fn announce(&mut self) -> bool {
        let is_to_come = |line: &&Line| !line.is_over() && !self.is_of_a_cup(line);
        let to_come = self.in_file().filter(is_to_come).count();
        let now = Clock::system().now();
        for _ in to_come..TO_COME {
            let day = u16::try_from(self.lines.len()).unwrap();
            let starts_at = whole_millis(now + TimeDelta::hours(i64::from(day) + 1));
            self.lines.push(Line::new("Fuzz Cup", day, starts_at));
        }
        let is_new = self.announce_a_cup(whole_millis(now));
        assert!(self.import(&self.file_with(&[])).await, "a file of new matches");
        is_new
    }

    /// One deed.
    pub(super) async fn act(&mut self) {
        match self.random.random_range(0..100) {
            0..38 => self.change(1).await,
            38..44 => self.change(3).await,
            44..48 => self.cancel().await,
            48..52 => self.remove().await,
            52..56 => self.import_again().await,
            56..61 => self.import_damaged().await,
            61..65 => self.ask().await,
            65..69 => self.act_on_a_market("lock").await,
            69..71 => self.act_on_a_market("void").await,
            71..73 => self.settle_own().await,
            73..94 => self.play_on().await,
            _ => self.say_otherwise().await,
        }
    }

    /// Ends whatever is not over.
    pub(super) async fn end_all(&mut self) {
        for at in 0..self.lines.len() {
            let line = self.lines[at].clone();
            let can_be_played = line.teams.iter().all(Option::is_some) && self.random.random();
            if line.is_over() || can_be_played && self.end(at).await {
                continue;
            }
            self.cancel_at(at).await;
        }
    }

    fn in_file(&self) -> impl Iterator<Item = &Line> {
        self.places().map(|at| &self.lines[at])
    }

    /// Where the lines are that the file has: the latest ones, and the last cup.
    fn places(&self) -> impl Iterator<Item = usize> + use<> {
        let latest = self.lines.len().saturating_sub(IN_FILE)..self.lines.len();
        let cup = self.cups.last().map_or(0..0, |cup| cup.lines.clone());
        cup.clone().chain(latest.filter(move |at| !cup.contains(at)))
    }

    fn is_of_a_cup(&self, line: &Line) -> bool {
        self.cups.iter().any(|cup| cup.lines.contains(&usize::from(line.day)))
    }

    /// Any match of the file, mostly one that is not over.
    fn choose(&mut self) -> usize {
        let with_over = self.random.random_ratio(1, 5);
        let choice: Vec<_> = self.places().filter(|at| with_over || !self.lines[*at].is_over()).collect();
        choice.choose(&mut self.random).copied().unwrap_or(self.lines.len() - 1)
    }

    /// One or two changes of each of some matches, by hand or by a file.
    async fn change(&mut self, matches: usize) {
        let mut changed: Vec<Line> = Vec::new();
        let mut names = Vec::new();
        for _ in 0..matches {
            let at = self.choose();
            let first = Change::random(&self.lines[at], &mut self.random);
            let can_be_by_hand = matches == 1 && matches!(first, Change::Start(_) | Change::End(_));
            if can_be_by_hand && self.random.random() {
                self.by_hand(at, first).await;
                return;
            }
            let now = Clock::system().now();
            let mut line = first.on(&self.lines[at], now);
            names.push(first.name());
            if self.random.random_ratio(1, 4) {
                let second = Change::random(&line, &mut self.random);
                names.push(second.name());
                line = second.on(&line, now);
            }
            changed.retain(|other| other.day != line.day);
            changed.push(line);
        }
        self.import_changed(changed, names).await;
    }

    fn take(&mut self, line: Line) {
        let at = usize::from(line.day);
        self.lines[at] = line;
    }

    /// Whether it was done. A refusal has to be one of what was asked for; betting may not know of a match yet.
    fn done(&mut self, name: &'static str, reply: &Reply) -> bool {
        let done = (200..300).contains(&reply.status);
        assert!(done || [400, 404, 409].contains(&reply.status), "{name}: {} {}", reply.status, reply.text);
        self.tally.note(name, done);
        done
    }
}
