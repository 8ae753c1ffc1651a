//! Whether pools, bettors, leaders and positions are what the bets make them.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use loljoa_service_kit::{Error, MarketId, postgres};
use sqlx::PgPool;
use uuid::Uuid;

use super::Auditor;
use crate::{
    domain::{audit::Difference, finding::Finding},
    store::audit::{
        books::{self, PositionKey},
        findings, turns,
        turns::Turn,
    },
};

/// The most bets that are counted in one transaction.
const CHUNK: i64 = 5_000;
/// Markets that are read at once.
const MARKETS: i64 = 200;
/// How many findings are looked at again each time.
const AGAIN: i64 = 1_000;
const RENEW_AFTER: Duration = Duration::from_secs(5);

impl Auditor {
    /// Compares every market of which something has changed since it was last found equal, and those of which something was
    /// found before.
    pub(super) async fn compare_books(&self) -> Result<(), Error> {
        let again = findings::books(&self.pool, AGAIN).await?;
        self.compare_markets(again).await?;
        let mut after = MarketId(Uuid::nil());
        loop {
            let markets = books::changed(&self.pool, after, MARKETS).await?;
            let Some(last) = markets.last() else {
                return Ok(());
            };
            after = *last;
            self.compare_markets(markets.into_iter().map(|market| (market, Vec::new()))).await?;
        }
    }

    /// Compares what is looked at in turn although nothing is known to have changed: live markets, any markets, positions.
    pub(super) async fn compare_books_in_turn(&self) -> Result<(), Error> {
        let limit = i64::from(self.config.audit_sample);
        for (turn, limit) in
            [Turn::LiveMarkets, Turn::Markets].map(|turn| (turn, limit.div_euclid(16).clamp(1, MARKETS)))
        {
            let markets = turns::markets(&self.pool, turn, limit).await?;
            let last = last(&markets, limit).map(|market| (market.0, Uuid::nil()));
            self.compare_markets(markets.into_iter().map(|market| (market, Vec::new()))).await?;
            turns::go_on(&self.pool, turn, last).await?;
        }
        let positions = turns::positions(&self.pool, limit).await?;
        let last = last(&positions, limit).map(|(_, (outcome, account))| (outcome.0, account.0));
        let mut by_market: HashMap<_, Vec<PositionKey>> = HashMap::new();
        for (market, position) in positions {
            by_market.entry(market).or_default().push(position);
        }
        self.compare_markets(by_market).await?;
        Ok(turns::go_on(&self.pool, Turn::Positions, last).await?)
    }

    async fn compare_markets(
        &self,
        markets: impl IntoIterator<Item = (MarketId, Vec<PositionKey>)>,
    ) -> Result<(), Error> {
        let mut renewed = Instant::now();
        for (market, positions) in markets {
            if renewed.elapsed() > RENEW_AFTER {
                renewed = Instant::now();
                if !self.lease().await {
                    return Ok(());
                }
            }
            let step = || step(&self.pool, market, &positions, CHUNK);
            while postgres::retrying(step).await? == Step::Behind {}
        }
        Ok(())
    }
}

/// The last of a list, unless the list ended before its limit.
fn last<T: Copy>(list: &[T], limit: i64) -> Option<T> {
    list.last().copied().filter(|_| i64::try_from(list.len()).is_ok_and(|length| length >= limit))
}

/// What one step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// There is more to count before a comparison says anything.
    Behind,
    /// The market was compared.
    Compared,
}

/// Counts at most `chunk` new bets of a market and, when these are all, compares the market, the positions they touched, and
/// `positions`. The transaction sees one state: bets that are recorded meanwhile belong to the next step.
async fn step(
    pool: &PgPool,
    market: MarketId,
    positions: &[PositionKey],
    chunk: i64,
) -> Result<Step, sqlx::Error> {
    let mut transaction = postgres::begin_with(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
    let folded = books::fold(&mut transaction, market, chunk).await?;
    if folded.counted == chunk {
        transaction.commit().await?;
        return Ok(Step::Behind);
    }
    let touched = [positions, &folded.positions].concat();
    let found = books::compare(&mut transaction, market, &touched).await?;
    let found: Vec<_> = found.into_iter().map(|difference| finding(market, difference)).collect();
    findings::replace_of_market(&mut transaction, market, &found).await?;
    books::mark(&mut transaction, market, found.is_empty()).await?;
    transaction.commit().await?;
    Ok(Step::Compared)
}

fn finding(market: MarketId, difference: Difference) -> Finding {
    let Difference { check, subject, expected, found } = difference;
    Finding { expected, found, ..Finding::of_market(market, &check, subject) }
}

#[cfg(test)]
mod tests;
