//! Applies one revision of a match, or of a contest, to its markets.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{Cell, MarketId};
use sqlx::PgConnection;

use super::news::News;
use crate::{
    domain::{
        Market, MarketState,
        acts::{Act, acts},
    },
    store::{
        self,
        incidents::{IncidentKind, Report},
    },
};

/// Applies `news`, unless it is old, and answers which markets that locks. The caller holds its feed's cursor, so nobody else
/// applies news of it.
pub(super) async fn apply(
    db: &mut PgConnection,
    news: &News,
    cell: Cell,
) -> Result<Vec<MarketId>, sqlx::Error> {
    let id = news.id();
    let known = store::matches::get(&mut *db, id).await?;
    if known.is_some_and(|known| known.revision >= news.revision()) {
        return Ok(Vec::new());
    }
    let now_known = news.known(known.as_ref());
    store::matches::put(db, id, &now_known).await?;
    let markets = store::markets::hold_of_match(db, id).await?;
    // Read after the locks: a bet recorded before it is older than every lock moved to it.
    let now = store::now(&mut *db).await?;
    let plan = news.plan(known.as_ref(), &markets, now).in_cell(cell, id);
    let mut locked = Vec::new();
    for market in &markets {
        for act in acts(&plan, market, now) {
            if matches!(act, Act::MoveLock { state: MarketState::Locked, .. })
                && market.state == MarketState::Open
            {
                locked.push(market.market_id);
            }
            perform(db, now_known.revision, market, act, now).await?;
        }
    }
    for draft in &plan.change.open {
        store::markets::open(db, id, now_known.starts_at, draft).await?;
    }
    Ok(locked)
}

async fn perform(
    db: &mut PgConnection,
    revision: i64,
    market: &Market,
    act: Act,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let id = market.market_id;
    match act {
        Act::MoveLock { lock_at, state } => {
            store::markets::move_lock(db, id, lock_at, state).await?;
            match state {
                MarketState::Locked if lock_at < market.lock_at => {
                    tracing::info!(
                        event = "market.lock_moved",
                        market_id = %id, %lock_at, "a lock moved earlier"
                    );
                    store::late::note(db, id, lock_at).await
                }
                MarketState::Open => store::late::spare_from(db, id, now).await,
                _ => Ok(()),
            }
        }
        Act::Decide(outcome) => store::settlement::decide(db, id, outcome).await.map(drop),
        Act::Void(reason) => store::settlement::begin_voiding(db, id, reason).await.map(drop),
        Act::Tell(message) => report(db, revision, market, message).await,
    }
}

/// Once for each revision and market.
async fn report(
    db: &mut PgConnection,
    revision: i64,
    market: &Market,
    message: String,
) -> Result<(), sqlx::Error> {
    let report = Report {
        kind: IncidentKind::ResultChanged,
        match_id: Some(market.match_id),
        market_id: Some(market.market_id),
        subject: format!("{}/{revision}", market.market_id),
        message,
    };
    store::incidents::report(db, &report).await
}
