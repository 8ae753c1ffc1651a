//! Applies one revision of a match to its markets.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::{
    domain::{
        Market, MarketState, MatchNews,
        acts::{Act, acts},
        life,
        matches::Sides,
    },
    store::{
        self,
        incidents::{IncidentKind, Report},
    },
};

/// Applies `news`, unless it is old. The caller holds the feed's cursor, so nobody else applies news.
pub(super) async fn apply(db: &mut PgConnection, news: &MatchNews) -> Result<(), sqlx::Error> {
    let known = store::matches::get(&mut *db, news.match_id).await?;
    if known.is_some_and(|known| known.revision >= news.revision) {
        return Ok(());
    }
    let sides = Sides::of(known.as_ref(), news);
    store::matches::put(db, news, sides.as_ref().map(Sides::ids)).await?;
    let markets = store::markets::hold_of_match(db, news.match_id).await?;
    // Read after the locks: a bet recorded before it is older than every lock moved to it.
    let now = store::now(&mut *db).await?;
    let plan = life::plan(known.as_ref(), news, sides.as_ref(), &markets, now);
    for market in &markets {
        for act in acts(&plan, market, now) {
            perform(db, news, market, act, now).await?;
        }
    }
    for draft in &plan.change.open {
        store::markets::open(db, news.match_id, news.starts_at, draft).await?;
    }
    Ok(())
}

async fn perform(
    db: &mut PgConnection,
    news: &MatchNews,
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
                    tracing::info!(market_id = %id, %lock_at, "a lock moved earlier");
                    store::late::note(db, id, lock_at).await
                }
                MarketState::Open => store::late::spare_from(db, id, now).await,
                _ => Ok(()),
            }
        }
        Act::Decide(outcome) => store::settlement::decide(db, id, outcome).await.map(drop),
        Act::Void(reason) => store::settlement::begin_voiding(db, id, reason).await.map(drop),
        Act::Tell(message) => report(db, news, market, message).await,
    }
}

/// Once for each revision and market.
async fn report(
    db: &mut PgConnection,
    news: &MatchNews,
    market: &Market,
    message: String,
) -> Result<(), sqlx::Error> {
    let report = Report {
        kind: IncidentKind::ResultChanged,
        match_id: Some(news.match_id),
        market_id: Some(market.market_id),
        subject: format!("{}/{}", market.market_id, news.revision),
        message,
    };
    store::incidents::report(db, &report).await
}
