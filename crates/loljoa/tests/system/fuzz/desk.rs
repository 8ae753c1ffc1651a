//! The admin, who changes matches at random.

use std::collections::HashSet;

use chrono::TimeDelta;
use loljoa_league_schedule::domain::Team;
use loljoa_service_kit::Clock;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    change::{Change, whole_millis},
    damage::damaged,
    line::{Ending, Line, file, time},
    tally::Tally,
};
use crate::support::{
    Admin, App, Reply,
    api::{Market, Page},
};

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
            locked: HashSet::new(),
            tally: Tally::default(),
        }
    }

    /// Brings in as many new matches as have ended.
    pub(super) async fn announce(&mut self) {
        let to_come = self.in_file().iter().filter(|line| !line.is_over()).count();
        let now = Clock::system().now();
        for _ in to_come..TO_COME {
            let day = u16::try_from(self.lines.len()).unwrap();
            let line = Line::new("Fuzz Cup", day, whole_millis(now + TimeDelta::hours(i64::from(day) + 1)));
            self.lines.push(line);
        }
        assert!(self.import(&self.file_with(&[])).await, "a file of new matches");
    }

    /// One deed.
    pub(super) async fn act(&mut self) {
        match self.random.random_range(0..100) {
            0..64 => self.change(1).await,
            64..70 => self.change(3).await,
            70..75 => self.cancel().await,
            75..80 => self.import_again().await,
            80..86 => self.import_damaged().await,
            86..90 => self.ask().await,
            90..94 => self.act_on_a_market("lock").await,
            94..97 => self.act_on_a_market("void").await,
            _ => self.settle_own().await,
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

    /// Voids the admin's own questions, which nobody else ends.
    pub(super) async fn end_own(&mut self) {
        while let Some(market) = self.a_market(Some("custom")).await {
            let reply = self.admin.void(market.market_id).await;
            assert!([200, 409].contains(&reply.status), "{}", reply.text);
        }
    }

    async fn end(&mut self, at: usize) -> bool {
        let ending = Ending::random(self.lines[at].best_of, &mut self.random);
        self.by_hand(at, Change::End(ending)).await
    }

    fn in_file(&self) -> &[Line] {
        &self.lines[self.lines.len().saturating_sub(IN_FILE)..]
    }

    /// The file, with these lines instead of what it has.
    fn file_with(&self, changed: &[Line]) -> Value {
        let changed = |line: &Line| changed.iter().find(|changed| changed.day == line.day);
        file(self.in_file().iter().map(|line| changed(line).unwrap_or(line)).collect::<Vec<_>>())
    }

    /// Whether the file was taken.
    async fn import(&self, file: &Value) -> bool {
        self.admin.import(file).await.ok::<Value>()["applied"] == true
    }

    /// Any match of the file, mostly one that is not over.
    fn choose(&mut self) -> usize {
        let first = self.lines.len().saturating_sub(IN_FILE);
        let with_over = self.random.random_ratio(1, 5);
        let choice: Vec<_> =
            (first..self.lines.len()).filter(|at| with_over || !self.lines[*at].is_over()).collect();
        choice.choose(&mut self.random).copied().unwrap_or(first)
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
        let applied = self.import(&self.file_with(&changed)).await;
        for name in names {
            self.tally.note(name, applied);
        }
        if applied {
            for line in changed {
                self.take(line);
            }
        }
    }

    async fn by_hand(&mut self, at: usize, change: Change) -> bool {
        let line = change.on(&self.lines[at], Clock::system().now());
        let reply = match change {
            Change::End(ending) => {
                let forfeiter = line.teams[ending.loser()].filter(|_| ending.is_forfeit);
                let result = json!({
                    "team1Wins": ending.wins[0], "team2Wins": ending.wins[1],
                    "forfeitedById": forfeiter.map(|code| Team::id_of(code).0),
                });
                self.admin.http.post(&format!("{}/result", line.path()), &result).await
            }
            _ => self.admin.http.patch(&line.path(), &json!({ "startsAt": time(line.starts_at) })).await,
        };
        let applied = self.done(change.name(), &reply);
        if applied {
            self.take(line);
        }
        applied
    }

    fn take(&mut self, line: Line) {
        let at = usize::from(line.day);
        self.lines[at] = line;
    }

    async fn cancel(&mut self) {
        let at = self.choose();
        self.cancel_at(at).await;
    }

    async fn cancel_at(&mut self, at: usize) {
        let reply = self.admin.http.patch(&self.lines[at].path(), &json!({ "cancel": true })).await;
        self.lines[at].is_cancelled |= self.done("match cancelled", &reply);
    }

    async fn import_again(&mut self) {
        let report: Value = self.admin.import(&self.file_with(&[])).await.ok();
        let told = ["applied", "added", "changed", "refused"].map(|field| &report[field]);
        assert_eq!(told, [&json!(true), &json!(0), &json!(0), &json!(0)], "the same file again: {report}");
        self.tally.note("same file", true);
    }

    /// A file that changes a match and is wrong elsewhere: nothing of it is taken.
    async fn import_damaged(&mut self) {
        let at = self.choose();
        let change = Change::random(&self.lines[at], &mut self.random);
        let changed = change.on(&self.lines[at], Clock::system().now());
        let file = damaged(&self.file_with(&[changed]), &mut self.random);
        let reply = self.admin.import_text(file).await;
        assert_eq!(reply.ok::<Value>()["applied"], false, "{}", reply.text);
        self.tally.note("damaged file", false);
        self.import_again().await;
    }

    async fn ask(&mut self) {
        let at = self.choose();
        let match_id = self.lines[at].match_id();
        let text = |text: &str| json!({ "en": text, "ko": text });
        let market = json!({ "matchId": match_id, "question": text("First blood?"), "outcomes": [text("blue"), text("red")] });
        let key = Uuid::from_u128(self.random.random());
        let reply = self.admin.http.post_with_key("/api/betting/markets", key, &market).await;
        self.done("own question", &reply);
    }

    /// A market that takes bets or waits.
    async fn a_market(&mut self, template: Option<&str>) -> Option<Market> {
        let page: Page<Market> = self.admin.http.get("/api/betting/markets?limit=100").await.ok();
        let is_meant = |market: &Market| template.is_none_or(|template| market.template == template);
        let choice: Vec<_> = page.items.into_iter().filter(is_meant).collect();
        choice.choose(&mut self.random).cloned()
    }

    async fn act_on_a_market(&mut self, act: &'static str) {
        let Some(market) = self.a_market(None).await else { return };
        let reply = match act {
            "lock" => self.admin.lock(market.market_id).await,
            _ => self.admin.void(market.market_id).await,
        };
        if self.done(act, &reply) && act == "lock" {
            self.locked.insert(market.market_id);
        }
    }

    async fn settle_own(&mut self) {
        let Some(market) = self.a_market(Some("custom")).await else { return };
        self.admin.lock(market.market_id).await;
        self.locked.insert(market.market_id);
        let outcome = market.outcomes.choose(&mut self.random).unwrap();
        let reply = self.admin.settle(market.market_id, outcome.outcome_id).await;
        self.done("own question settled", &reply);
    }

    /// Whether it was done. A refusal has to be one of what was asked for; betting may not know of a match yet.
    fn done(&mut self, name: &'static str, reply: &Reply) -> bool {
        let done = (200..300).contains(&reply.status);
        assert!(done || [400, 404, 409].contains(&reply.status), "{name}: {} {}", reply.status, reply.text);
        self.tally.note(name, done);
        done
    }
}
