//! The admin plays cups, and says what their stages are.

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use serde_json::Value;

use super::Desk;
use crate::fuzz::{
    cup::Cup,
    line::{Ending, Line, file},
};

/// So many matches of a cup end at once at most.
const AT_ONCE: usize = 3;

impl Desk {
    /// A cup that comes after the one that is over, if it is; some of those are left while matches are open.
    pub(super) fn announce_a_cup(&mut self, now: DateTime<Utc>) -> bool {
        let open = |cup: &Cup| self.lines[cup.lines.clone()].iter().filter(|line| !line.is_over()).count();
        let is_over = match self.cups.last().map(open) {
            None | Some(0) => true,
            Some(open) => open < 3 && self.random.random_ratio(1, 4),
        };
        if is_over {
            let cup = Cup::new(format!("Cup {}", self.cups.len()), self.lines.len(), &mut self.random);
            self.lines.extend(cup.announced(now + TimeDelta::hours(1)));
            self.cups.push(cup);
        }
        is_over
    }

    /// The cup goes on: who has come through is told, and its next matches end, all by one file; or the first one by hand.
    pub(super) async fn play_on(&mut self) {
        let Some(cup) = self.cups.last() else { return };
        let mut changed = cup.gone_on(&self.lines, &mut self.random);
        let now =
            |at: usize| changed.iter().find(|line| usize::from(line.day) == at).unwrap_or(&self.lines[at]);
        let can_be_played = |at: &usize| !now(*at).is_over() && now(*at).teams.iter().all(Option::is_some);
        let playable: Vec<usize> = cup.lines.clone().filter(can_be_played).take(AT_ONCE).collect();
        if let [first, ..] = playable[..]
            && changed.is_empty()
            && self.random.random()
        {
            self.end(first).await;
            return;
        }
        let mut ended: Vec<Line> = playable.iter().map(|at| now(*at).clone()).collect();
        ended.truncate(self.random.random_range(1..=AT_ONCE));
        for line in &mut ended {
            line.ending = Some(Ending::random(line.best_of, &mut self.random));
        }
        changed.retain(|line| ended.iter().all(|other| other.day != line.day));
        changed.extend(ended);
        self.import_changed(changed, vec!["cup goes on"]).await;
    }

    /// A file says the cup's stages otherwise, or as they are planned again.
    pub(super) async fn say_otherwise(&mut self) {
        let Some(cup) = self.cups.pop() else { return };
        let next = cup.said_otherwise(&mut self.random);
        self.cups.push(next);
        let applied = self.import(&self.file_with(&[])).await;
        self.tally.note("stages", applied);
        if !applied {
            self.cups.pop();
            self.cups.push(cup);
        }
    }

    /// Names of the last cups, whose tables are looked at.
    pub(in crate::fuzz) fn last_cups(&self) -> Vec<String> {
        self.cups.iter().rev().take(2).map(|cup| cup.name.clone()).collect()
    }

    /// Takes away all stages: what is not answered yet cannot be any more.
    pub(in crate::fuzz) async fn end_cups(&mut self) {
        let stages: Vec<Value> = self.cups.iter().map(Cup::json_without_stages).collect();
        for some in stages.chunks(50) {
            assert!(self.import(&file([], some)).await, "a file of stages without matches");
        }
    }
}
