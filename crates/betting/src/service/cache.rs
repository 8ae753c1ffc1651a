//! Markets as they were a moment ago, so that most bets need not ask the database whether their market is open.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use loljoa_service_kit::{MarketId, postgres};
use sqlx::PgPool;
use tokio::sync;

use crate::{
    domain::{Market, MarketState},
    store,
};

/// For how long a reading serves.
const FRESH: Duration = Duration::from_millis(250);
/// For how long a reading is kept at all.
const KEPT: Duration = Duration::from_secs(10);

/// A market as it was read.
#[derive(Debug)]
pub(crate) struct Cached {
    /// The market. Where it is closed at `read_at`, every bet that found it open has been recorded.
    pub(crate) market: Arc<Market>,
    /// By the database's clock.
    pub(crate) read_at: DateTime<Utc>,
    taken: Instant,
}

impl Cached {
    /// Young enough, and its lock has not come since it was read.
    fn serves(&self) -> bool {
        let age = self.taken.elapsed();
        let now = self.read_at + TimeDelta::from_std(age).unwrap_or(TimeDelta::MAX);
        age <= FRESH && self.market.takes_bets(self.read_at) == self.market.takes_bets(now)
    }
}

/// The cache. Cheap to clone.
#[derive(Clone)]
pub(crate) struct MarketCache(Arc<Inner>);

struct Inner {
    pool: PgPool,
    known: Mutex<HashMap<MarketId, Arc<Cached>>>,
    /// One reading at a time; whoever waits for it finds what it brought.
    reading: sync::Mutex<()>,
}

impl MarketCache {
    /// An empty cache over `pool`.
    #[must_use]
    pub(crate) fn new(pool: PgPool) -> Self {
        Self(Arc::new(Inner { pool, known: Mutex::default(), reading: sync::Mutex::default() }))
    }

    /// Markets as they are, or were at most 250 ms ago; those that do not exist are left out.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub(crate) async fn get(
        &self,
        ids: impl Iterator<Item = MarketId>,
    ) -> Result<HashMap<MarketId, Arc<Cached>>, sqlx::Error> {
        let ids: HashSet<_> = ids.collect();
        let mut found = self.fresh(&ids);
        if found.len() < ids.len() {
            let _turn = self.0.reading.lock().await;
            found = self.fresh(&ids);
            let missing: Vec<_> = ids.iter().filter(|id| !found.contains_key(id)).copied().collect();
            if !missing.is_empty() {
                found.extend(self.read(&missing).await?);
            }
        }
        Ok(found)
    }

    /// Reads markets now, for everybody.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub(crate) async fn read(&self, ids: &[MarketId]) -> Result<HashMap<MarketId, Arc<Cached>>, sqlx::Error> {
        let taken = Instant::now();
        let markets = store::markets::load_timed(&self.0.pool, ids).await?;
        self.await_recorders(&markets).await?;
        let cached = |(market, read_at): (Market, _)| {
            (market.market_id, Arc::new(Cached { market: market.into(), read_at, taken }))
        };
        let read: HashMap<_, _> = markets.into_iter().map(cached).collect();
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, cached| cached.taken.elapsed() < KEPT);
        known.extend(read.iter().map(|(id, cached)| (*id, Arc::clone(cached))));
        Ok(read)
    }

    /// A bet that found its market open may still be on its way to the disk when the clock says closed. Once it is there,
    /// looking a bet up tells for good whether it stands.
    async fn await_recorders(&self, markets: &[(Market, DateTime<Utc>)]) -> Result<(), sqlx::Error> {
        let closed_by_clock = |(market, now): &&(Market, DateTime<Utc>)| {
            market.state == MarketState::Open && !market.takes_bets(*now)
        };
        let ids: Vec<_> =
            markets.iter().filter(closed_by_clock).map(|(market, _)| market.market_id).collect();
        if ids.is_empty() {
            return Ok(());
        }
        postgres::retrying(|| store::markets::await_holders(&self.0.pool, &ids)).await
    }

    fn fresh(&self, ids: &HashSet<MarketId>) -> HashMap<MarketId, Arc<Cached>> {
        let known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        let serving =
            |id: &MarketId| Some((*id, Arc::clone(known.get(id).filter(|cached| cached.serves())?)));
        ids.iter().filter_map(serving).collect()
    }
}
