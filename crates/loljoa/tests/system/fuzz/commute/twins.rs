//! Matches that are there twice, and what is done to them in two orders.

use chrono::{DateTime, TimeDelta, Utc};
use rand::{RngExt, rngs::StdRng};

use super::touch::{Touch, another_team};
use crate::fuzz::line::{Ending, Line};

const TOURNAMENTS: [&str; 2] = ["One Order", "Other Order"];

/// One match, or two, in each of two tournaments, and two changes that commute.
pub(super) struct Twins {
    /// What the file says of them, in each tournament.
    pub(super) lines: [Vec<Line>; 2],
    /// Of which match, and what.
    touches: [(usize, Touch); 2],
}

impl Twins {
    /// New ones; they are named by `day` and the day after it.
    pub(super) fn random(day: u16, now: DateTime<Utc>, random: &mut StdRng) -> Self {
        let matches = if random.random_ratio(1, 4) { 2 } else { 1 };
        let lines: Vec<_> = (0..matches).map(|n| a_line(day + n, now, random)).collect();
        let touches = loop {
            let touches = [0, lines.len() - 1].map(|at| (at, Touch::random(&lines[at], random)));
            if matches == 2 || touches[0].1.commutes_with(&touches[1].1) {
                break touches;
            }
        };
        let in_tournament =
            |tournament| lines.iter().map(|line| Line { tournament, ..line.clone() }).collect();
        Self { lines: TOURNAMENTS.map(in_tournament), touches }
    }

    /// The first or second change of either order. What is to be done by hand is answered; the rest is in the lines.
    pub(super) fn touch(&mut self, turn: usize) -> Vec<Line> {
        let mut by_hand = Vec::new();
        for (order, lines) in self.lines.iter_mut().enumerate() {
            let (at, touch) = self.touches[turn ^ order];
            touch.on(&mut lines[at]);
            if touch == Touch::Cancel {
                by_hand.push(lines[at].clone());
            }
        }
        by_hand
    }

    /// Ends whatever is not over, alike in both orders.
    pub(super) fn end(&mut self, random: &mut StdRng) {
        let [one, other] = &mut self.lines;
        for (one, other) in one.iter_mut().zip(other) {
            if !one.is_over() {
                for side in 0..2 {
                    let team = another_team(one, random);
                    one.teams[side].get_or_insert(team);
                }
                one.ending = Some(Ending::random(one.best_of, random));
            }
            *other = Line { tournament: other.tournament, ..one.clone() };
        }
    }

    /// What was done, for a person.
    pub(super) fn told(&self) -> String {
        let [(one_at, one), (other_at, other)] = self.touches;
        format!("{one:?} of match {one_at} and {other:?} of match {other_at}")
    }
}

fn a_line(day: u16, now: DateTime<Utc>, random: &mut StdRng) -> Line {
    let mut line =
        Line::new(TOURNAMENTS[0], day, now + TimeDelta::minutes(random.random_range(1_000..9_000)));
    line.best_of = [1, 3, 5][random.random_range(0..3)];
    if random.random_ratio(1, 8) {
        line.teams[random.random_range(0..2)] = None;
    }
    line
}
