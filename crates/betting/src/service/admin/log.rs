//! What is written down of what admins do.

use chrono::{DateTime, SecondsFormat, Utc};
use loljoa_service_kit::{OutcomeId, Points, admin_log::Action, identity::Identity};
use serde_json::{Value, json};

use crate::domain::{Market, Outcome};

fn on<'a>(
    admin: &'a Identity,
    market: &Market,
    name: &'static str,
    before: Value,
    after: Value,
) -> Action<'a> {
    Action { admin, name, subject: Some(market.market_id.into()), before, after, why: None }
}

pub(super) fn created<'a>(admin: &'a Identity, market: &Market) -> Action<'a> {
    let outcomes: Vec<_> = market.outcomes.iter().map(|outcome| &outcome.label_en).collect();
    let after = json!({
        "matchId": market.match_id, "question": market.question_en, "outcomes": outcomes, "lockAt": time(market.lock_at),
    });
    on(admin, market, "create_market", Value::Null, after)
}

pub(super) fn locked<'a>(admin: &'a Identity, market: &Market, lock_at: DateTime<Utc>) -> Action<'a> {
    let before = json!({ "state": market.state.as_str(), "lockAt": time(market.lock_at) });
    on(admin, market, "lock_market", before, json!({ "state": "locked", "lockAt": time(lock_at) }))
}

pub(super) fn settled<'a>(admin: &'a Identity, market: &Market, outcome: OutcomeId) -> Action<'a> {
    let before = json!({ "state": market.state.as_str(), "pool": market.pool.0 });
    on(
        admin,
        market,
        "settle_market",
        before,
        json!({ "outcomeId": outcome, "outcome": label(market, outcome) }),
    )
}

pub(super) fn voided<'a>(admin: &'a Identity, market: &Market) -> Action<'a> {
    let before = json!({ "state": market.state.as_str(), "pool": market.pool.0 });
    on(admin, market, "void_market", before, json!({ "state": "voiding" }))
}

pub(super) fn corrected<'a>(
    admin: &'a Identity,
    market: &Market,
    outcome: OutcomeId,
    points: Points,
) -> Action<'a> {
    let settled = market.settled_outcome_id;
    let before = json!({
        "state": market.state.as_str(), "outcomeId": settled, "outcome": settled.and_then(|it| label(market, it)),
    });
    let after = json!({ "outcomeId": outcome, "outcome": label(market, outcome), "points": points.0 });
    on(admin, market, "correct_market", before, after)
}

pub(super) fn retried(admin: &Identity, payments: u64) -> Action<'_> {
    let after = json!({ "payments": payments });
    Action { admin, name: "retry_owed", subject: None, before: Value::Null, after, why: None }
}

fn label(market: &Market, outcome: OutcomeId) -> Option<&str> {
    market.outcome(outcome).map(|Outcome { label_en, .. }| label_en.as_str())
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
