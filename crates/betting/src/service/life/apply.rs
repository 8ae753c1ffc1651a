//! Applies one revision of a match to its markets.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::{
    domain::{
        Market, MarketState, MatchNews, Template, VoidReason,
        life::{self, Fate, Lock, Step},
        matches::Sides,
        template,
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
        if plan.change.withdraw.contains(&market.market_id) {
            void(db, news, market, VoidReason::MatchChanged).await?;
        } else {
            move_lock(db, market, plan.lock, now).await?;
        }
    }
    for draft in &plan.change.open {
        store::markets::open(db, news.match_id, news.starts_at, draft).await?;
    }
    end(db, news, plan.fate).await
}

async fn move_lock(
    db: &mut PgConnection,
    market: &Market,
    lock: Lock,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    if market.is_decided() {
        return Ok(());
    }
    let lock_at = lock.of(market, now);
    let overdue = market.state == MarketState::Open && lock_at <= now;
    if lock_at == market.lock_at && !overdue {
        return Ok(());
    }
    let state = if lock_at <= now { MarketState::Locked } else { MarketState::Open };
    store::markets::move_lock(db, market.market_id, lock_at, state).await?;
    match state {
        MarketState::Locked if lock_at < market.lock_at => {
            tracing::info!(market_id = %market.market_id, %lock_at, "a lock moved earlier");
            store::late::note(db, market.market_id, lock_at).await
        }
        MarketState::Open => store::late::spare_from(db, market.market_id, now).await,
        _ => Ok(()),
    }
}

async fn end(db: &mut PgConnection, news: &MatchNews, fate: Fate) -> Result<(), sqlx::Error> {
    if fate == Fate::Wait {
        return Ok(());
    }
    // Their locks have moved.
    for market in store::markets::hold_of_match(db, news.match_id).await? {
        match fate {
            Fate::Wait => {}
            Fate::Settle(wins) => settle(db, news, &market, wins).await?,
            Fate::Void(reason) => void(db, news, &market, reason).await?,
        }
    }
    Ok(())
}

async fn settle(
    db: &mut PgConnection,
    news: &MatchNews,
    market: &Market,
    wins @ [one, two]: [u8; 2],
) -> Result<(), sqlx::Error> {
    if market.template == Template::Custom || is_void_for_good(market) {
        return Ok(());
    }
    let Some(winner) = template::right_answer(market.template, &market.outcomes, wins) else {
        let message = format!("the result {one}–{two} is no answer of the market");
        return report(db, news, market, message).await;
    };
    match life::settle_step(market, winner) {
        Step::Begin => store::settlement::decide(db, market.market_id, winner.outcome_id).await.map(drop),
        Step::Already => Ok(()),
        Step::Contradiction | Step::StillOpen => {
            let message =
                format!("the result is {one}–{two} now, but the market was decided otherwise before");
            report(db, news, market, message).await
        }
    }
}

async fn void(
    db: &mut PgConnection,
    news: &MatchNews,
    market: &Market,
    reason: VoidReason,
) -> Result<(), sqlx::Error> {
    match life::void_step(market) {
        Step::Begin => store::settlement::begin_voiding(db, market.market_id, reason).await.map(drop),
        Step::Already => Ok(()),
        Step::Contradiction | Step::StillOpen => {
            let message = match reason {
                VoidReason::MatchChanged => {
                    "the match has other teams or another length now, but the market was settled before"
                        .into()
                }
                _ => {
                    format!("the match counts as {} now, but the market was settled before", reason.as_str())
                }
            };
            report(db, news, market, message).await
        }
    }
}

/// Whether no result decides this market any more: an admin voided it, or its match changed before.
const fn is_void_for_good(market: &Market) -> bool {
    matches!(market.void_reason, Some(VoidReason::Admin | VoidReason::MatchChanged))
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
