//! Matches that are there twice, and what is done to them in two orders.

use chrono::{DateTime, TimeDelta, Utc};
use rand::{RngExt, rngs::StdRng, seq::IndexedRandom};
use serde_json::Value;

use super::touch::{Touch, another_team};
use crate::fuzz::{
    cup::{Cup, TABLES},
    line::{Ending, Line},
};

const TOURNAMENTS: [&str; 2] = ["One Order", "Other Order"];

/// One match, or two, or a cup, in each of two tournaments, and two changes that commute.
pub(super) struct Twins {
    /// What the file says of stages, where they are cups.
    pub(super) cups: Option<[Cup; 2]>,
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
        let in_tournament = |tournament: &str| {
            lines.iter().map(|line| Line { tournament: tournament.to_owned(), ..line.clone() }).collect()
        };
        Self { cups: None, lines: TOURNAMENTS.map(in_tournament), touches }
    }

    /// Two cups of this number. Of a change in a table and one in the bracket either may come first, and so of two that commute in one
    /// match; but a match that goes to another stage changes both.
    pub(super) fn random_cups(number: usize, now: DateTime<Utc>, random: &mut StdRng) -> Self {
        let [one, other] = TOURNAMENTS.map(|order| format!("{order} {number}"));
        let one = Cup::new(one, 0, random);
        let cups = [one.clone(), one.twin(other)];
        let lines = cups.each_ref().map(|cup| cup.announced(now + TimeDelta::days(1)));
        let is_known = |at: &usize| lines[0][*at].teams.iter().all(Option::is_some);
        let known: Vec<usize> = (0..lines[0].len()).filter(is_known).collect();
        let (tables, bracket): (Vec<usize>, Vec<usize>) =
            known.iter().partition(|at| lines[0][**at].block == TABLES);
        let touches = loop {
            let places = if random.random() {
                [*tables.choose(random).unwrap(), *bracket.choose(random).unwrap()]
            } else {
                [*known.choose(random).unwrap(); 2]
            };
            let touches = places.map(|at| (at, Touch::random(&lines[0][at], random)));
            let [(one_at, one), (other_at, other)] = &touches;
            let stays = [one, other].iter().all(|touch| !matches!(touch, Touch::Block(_)));
            if stays && (one_at != other_at || one.commutes_with(other)) {
                break touches;
            }
        };
        Self { cups: Some(cups), lines, touches }
    }

    /// Whether the match at this place changes.
    pub(super) fn is_touched(&self, at: usize) -> bool {
        self.touches.iter().any(|(touched, _)| *touched == at)
    }

    /// What the file says of stages.
    pub(super) fn stages(&self) -> impl Iterator<Item = Value> {
        self.cups.iter().flatten().map(Cup::json)
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
        let [ones, others] = &mut self.lines;
        for at in 0..ones.len() {
            if !ones[at].is_over() {
                let through = self.cups.as_ref().map_or([None; 2], |[cup, _]| cup.through_to(at, ones));
                let one = &mut ones[at];
                for (side, through) in through.into_iter().enumerate() {
                    let team = through.filter(|code| !one.teams.contains(&Some(code)));
                    let team = team.unwrap_or_else(|| another_team(one, random));
                    one.teams[side].get_or_insert(team);
                }
                one.ending = Some(Ending::random(one.best_of, random));
            }
            others[at] = Line { tournament: others[at].tournament.clone(), ..ones[at].clone() };
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
