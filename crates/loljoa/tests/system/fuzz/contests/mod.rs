//! What has to hold of questions about whole stages and of their markets once nothing is under way, said anew from what the league tells
//! over HTTP.

mod league;

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;

pub(super) use self::league::Table;
use super::view::{Market, View};
use crate::support::api::Team;

/// A question about a whole stage, as the league tells it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Contest {
    pub(super) question_id: Uuid,
    pub(super) tournament: String,
    pub(super) stage: String,
    pub(super) group: Option<String>,
    /// `champion` or `first`.
    pub(super) kind: String,
    pub(super) state: String,
    pub(super) starts_at: DateTime<Utc>,
    candidates: Vec<Team>,
    winner_id: Option<Uuid>,
    revision: i64,
}

impl Contest {
    /// The answers; none while they are not known.
    fn asked(&self) -> Option<BTreeSet<&str>> {
        let candidates: BTreeSet<&str> = self.candidates.iter().map(|team| team.code.as_str()).collect();
        (candidates.len() > 1).then_some(candidates)
    }

    /// What is right, once it is known. A winner who is no candidate is the answer of no market.
    fn answer(&self) -> Option<&str> {
        let winner = self.candidates.iter().find(|team| Some(team.team_id) == self.winner_id);
        winner.map(|team| team.code.as_str())
    }

    fn is_asked_by(&self, market: &Market) -> bool {
        let keys: BTreeSet<&str> = market.keys.iter().map(String::as_str).collect();
        market.template == self.kind && self.asked() == Some(keys)
    }

    /// All that the league tells but for ids and how often it has changed.
    pub(super) fn told(&self) -> String {
        let Self { stage, group, kind, state, starts_at, .. } = self;
        format!(
            "{kind} of {stage} {group:?}: {state} at {starts_at}, {:?}, {:?}",
            self.asked(),
            self.answer()
        )
    }
}

/// What does not hold, for a person. `locked` are markets that were locked by hand.
pub(super) fn broken(view: &View, locked: &HashSet<Uuid>) -> Vec<String> {
    let mut broken = Vec::new();
    for contest in &view.contests {
        let markets = view.of_match(contest.question_id);
        let tell = |what: String| format!("{what}\n  of {contest:?}");
        broken.extend(is_followed(view, contest).map(tell));
        broken.extend(league::broken(view, contest).map(tell));
        let rule = match contest.state.as_str() {
            "cancelled" => has_given_back,
            "decided" => has_paid,
            "scheduled" if contest.starts_at > view.now => asks_at_most,
            _ => takes_no_bets,
        };
        broken.extend(markets.iter().filter_map(|market| rule(contest, market)).map(tell));
        broken.extend(markets.iter().filter_map(|market| is_right(contest, market)).map(tell));
        if contest.state == "scheduled" && contest.starts_at > view.now {
            broken.extend(is_asked(contest, markets, locked).map(tell));
        }
    }
    broken
}

/// Betting has followed every change.
fn is_followed(view: &View, contest: &Contest) -> Option<String> {
    let followed = view.followed.get(&contest.question_id);
    (followed != Some(&contest.revision)).then(|| format!("betting has followed revision {followed:?}"))
}

/// A market that is not void asks who of the present candidates it is. Where they are not known any more, only what was decided stays.
fn is_right(contest: &Contest, market: &Market) -> Option<String> {
    if market.state == "void" || market.is_told || contest.state == "cancelled" {
        return None;
    }
    if contest.asked().is_none() {
        let waits = market.answer.is_none();
        return waits.then(|| format!("a market of candidates that are to be decided: {market:?}"));
    }
    (!contest.is_asked_by(market)).then(|| format!("a market of other candidates: {market:?}"))
}

/// Every market of what nobody can answer is void.
fn has_given_back(_: &Contest, market: &Market) -> Option<String> {
    let is_so = market.state == "void" || market.has_ended() && market.is_told;
    (!is_so).then(|| format!("a market that waits for an answer that cannot come: {market:?}"))
}

/// Every market of what is decided has paid by the answer, or given back; otherwise a person is told.
fn has_paid(contest: &Contest, market: &Market) -> Option<String> {
    if !market.has_ended() {
        return Some(format!("a market whose answer is known: {market:?}"));
    }
    let is_right = market.answer.is_some() && market.answer.as_deref() == contest.answer();
    let is_so = match market.state.as_str() {
        "settled" => is_right,
        _ => {
            market.withdrawn
                || market.is_void_for("admin")
                || market.is_void_for("no_winning_stake") && is_right
        }
    };
    (!is_so && !market.is_told)
        .then(|| format!("another answer than the stage's, and nobody is told: {market:?}"))
}

/// What takes bets locks at the stage's beginning.
fn asks_at_most(contest: &Contest, market: &Market) -> Option<String> {
    let is_late = market.is_open() && market.lock_at != contest.starts_at;
    is_late.then(|| format!("a lock that is not at the beginning: {market:?}"))
}

/// Nothing takes bets once the stage has begun.
fn takes_no_bets(_: &Contest, market: &Market) -> Option<String> {
    market.is_open().then(|| format!("a market that takes bets after the beginning: {market:?}"))
}

/// Who of the candidates it will be takes bets, once; unless an admin has locked it, or it has ended before.
fn is_asked(contest: &Contest, markets: &[Market], locked: &HashSet<Uuid>) -> Option<String> {
    let live: Vec<_> = markets.iter().filter(|market| !market.has_ended()).collect();
    let takes_bets = |market: &Market| market.is_open() || locked.contains(&market.market_id);
    let has_ended = |last: &Market| {
        let is_for_good =
            last.state == "settled" || last.is_void_for("admin") || last.is_void_for("no_winning_stake");
        last.is_told || is_for_good && contest.is_asked_by(last)
    };
    let holds = match (contest.asked(), live.as_slice()) {
        (Some(_), [market]) => takes_bets(market) && contest.is_asked_by(market),
        (Some(_), []) => markets.last().is_some_and(has_ended),
        (None, []) => true,
        _ => false,
    };
    (!holds).then(|| format!("not asked as the stage asks it: {markets:#?}"))
}
