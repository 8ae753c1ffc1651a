//! One transaction for many markets, as long as each of them can be had.

use std::{
    collections::{BTreeMap, HashSet},
    future::Future,
};

use loljoa_service_kit::{MarketId, postgres};
use sqlx::PgPool;

use crate::store::lanes;

/// What is done to many items in one transaction, which gives up where a row cannot be had in time.
pub(super) trait Work: Sync {
    type Item: Clone + Send + Sync;
    type Done: Send;

    fn pool(&self) -> &PgPool;

    fn market(item: &Self::Item) -> MarketId;

    /// All in one transaction, with an answer for each in order.
    fn attempt(
        &self,
        items: &[Self::Item],
    ) -> impl Future<Output = Result<Vec<Self::Done>, sqlx::Error>> + Send;
}

/// What became of many items.
pub(super) struct Outcome<W: Work> {
    pub(super) done: Vec<(W::Item, W::Done)>,
    /// Nothing was done: somebody holds their markets.
    pub(super) held: Vec<W::Item>,
}

/// Does all in one transaction. Where a row cannot be had in time, what can be done is done, and the rest is handed back.
pub(super) async fn run<W: Work>(work: &W, items: Vec<W::Item>) -> Result<Outcome<W>, sqlx::Error> {
    let mut outcome = Outcome { done: Vec::with_capacity(items.len()), held: Vec::new() };
    let markets: HashSet<_> = items.iter().map(W::market).collect();
    let Some(items) = attempt(work, items, &mut outcome).await? else {
        return Ok(outcome);
    };
    if markets.len() == 1 {
        outcome.held = items;
        return Ok(outcome);
    }
    let markets: Vec<_> = markets.into_iter().collect();
    let seen = postgres::bounded(lanes::look(work.pool(), &markets)).await?;
    let is_free = |item: &W::Item| seen.get(&W::market(item)).is_none_or(|sight| sight.free);
    let (free, held): (Vec<_>, Vec<_>) = items.into_iter().partition(is_free);
    if held.is_empty() {
        // Another row than a market's is held. Each market for itself shows whose.
        for items in by_market::<W>(free).into_values() {
            let held = attempt(work, items, &mut outcome).await?;
            outcome.held.extend(held.into_iter().flatten());
        }
    } else {
        outcome.held = held;
        let held = attempt(work, free, &mut outcome).await?;
        outcome.held.extend(held.into_iter().flatten());
    }
    Ok(outcome)
}

/// Hands the items back when a row could not be had.
async fn attempt<W: Work>(
    work: &W,
    items: Vec<W::Item>,
    outcome: &mut Outcome<W>,
) -> Result<Option<Vec<W::Item>>, sqlx::Error> {
    if items.is_empty() {
        return Ok(None);
    }
    match work.attempt(&items).await {
        Ok(done) => {
            outcome.done.extend(items.into_iter().zip(done));
            Ok(None)
        }
        Err(error) if lanes::gave_up_waiting(&error) => Ok(Some(items)),
        Err(error) => Err(error),
    }
}

fn by_market<W: Work>(items: Vec<W::Item>) -> BTreeMap<MarketId, Vec<W::Item>> {
    let mut by_market: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for item in items {
        by_market.entry(W::market(&item)).or_default().push(item);
    }
    by_market
}
