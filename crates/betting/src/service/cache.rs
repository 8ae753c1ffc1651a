//! Markets as they were a moment ago, so that most bets need not ask the database whether their market is open.
//!
//! Each market is read by one at a time, for everybody who asks meanwhile; nobody waits for a market that another asked for.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use loljoa_service_kit::{Error, MarketId};
use sqlx::{PgExecutor, PgPool};
use tokio::{
    sync::{Semaphore, watch},
    time,
};

use crate::{
    domain::{Market, MarketState},
    store,
};

/// For how long a reading serves, also that there is no such market.
const FRESH: Duration = Duration::from_millis(250);
/// For how long a market is kept at all.
const KEPT: Duration = Duration::from_secs(10);
/// The most ids without a market that are remembered.
const MOST_MISSING: usize = 10_000;
/// The most connections that wait for those who hold a market.
const WAITING: usize = 2;

/// A market as it was read.
#[derive(Debug)]
pub(crate) struct Cached {
    /// The market.
    pub(crate) market: Arc<Market>,
    /// By the database's clock.
    pub(crate) read_at: DateTime<Utc>,
    /// Where the market is closed at `read_at`: every bet that found it open has been recorded. Not certain while somebody
    /// holds the market for too long.
    pub(crate) is_certain: bool,
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

/// Markets by id.
pub(crate) type Known = HashMap<MarketId, Arc<Cached>>;
/// A market, or that there is none.
type Found = Option<Arc<Cached>>;
/// Where a reading will arrive.
type Landing = watch::Receiver<Option<Result<Found, Error>>>;
type Flight = (MarketId, watch::Sender<Option<Result<Found, Error>>>);

/// What is known of one id.
#[derive(Default)]
struct Slot {
    last: Option<(Instant, Found)>,
    reading: Option<Landing>,
}

impl Slot {
    /// What can be answered without reading.
    fn serves(&self) -> Option<Found> {
        let (taken, found) = self.last.as_ref()?;
        found.as_ref().map_or(taken.elapsed() <= FRESH, |cached| cached.serves()).then(|| found.clone())
    }

    /// A reading that is not certain serves until a better one has come: waiting for it again may take as long again.
    fn uncertain(&self) -> Option<Found> {
        let (taken, found) = self.last.as_ref()?;
        let is_uncertain = found.as_ref().is_some_and(|cached| !cached.is_certain);
        (is_uncertain && taken.elapsed() <= KEPT).then(|| found.clone())
    }

    fn is_kept(&self) -> bool {
        let kept =
            |(taken, found): &(Instant, Found)| taken.elapsed() <= if found.is_some() { KEPT } else { FRESH };
        self.reading.is_some() || self.last.as_ref().is_some_and(kept)
    }

    fn keep(&mut self, taken: Instant, found: Found) {
        if self.last.as_ref().is_none_or(|(last, _)| *last <= taken) {
            self.last = Some((taken, found));
        }
    }
}

/// The cache. Cheap to clone.
#[derive(Clone)]
pub(crate) struct MarketCache(Arc<Inner>);

struct Inner {
    pool: PgPool,
    patience: Duration,
    slots: Mutex<HashMap<MarketId, Slot>>,
    waiting: Semaphore,
}

impl MarketCache {
    /// An empty cache over `pool`, which waits for those who hold a market for as long as `patience`.
    #[must_use]
    pub(crate) fn new(pool: PgPool, patience: Duration) -> Self {
        let waiting = Semaphore::new(WAITING);
        Self(Arc::new(Inner { pool, patience, slots: Mutex::default(), waiting }))
    }

    /// Markets as they are, or were at most 250 ms ago; those that do not exist are left out.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub(crate) async fn get(&self, ids: impl Iterator<Item = MarketId>) -> Result<Known, Error> {
        let (mut known, coming) = self.look(&ids.collect());
        for (id, mut landing) in coming {
            let landed = landing.wait_for(Option::is_some).await.map(|landed| landed.clone());
            if let Some(cached) = landed.ok().flatten().unwrap_or_else(|| Err(not_read()))? {
                known.insert(id, cached);
            }
        }
        Ok(known)
    }

    /// What is known of these ids, and where the rest will arrive.
    fn look(&self, ids: &HashSet<MarketId>) -> (Known, Vec<(MarketId, Landing)>) {
        let (mut known, mut coming, mut flights) = (Known::new(), Vec::new(), Vec::new());
        let mut slots = self.slots();
        for id in ids {
            let slot = slots.entry(*id).or_default();
            if let Some(found) = slot.serves() {
                known.extend(found.map(|cached| (*id, cached)));
                continue;
            }
            let landing = slot.reading.clone().filter(|landing| landing.has_changed().is_ok());
            let landing = landing.unwrap_or_else(|| {
                let (sender, landing) = watch::channel(None);
                flights.push((*id, sender));
                slot.reading = Some(landing.clone());
                landing
            });
            match slot.uncertain() {
                Some(found) => known.extend(found.map(|cached| (*id, cached))),
                None => coming.push((*id, landing)),
            }
        }
        drop(slots);
        if !flights.is_empty() {
            tokio::spawn(self.clone().fly(flights));
        }
        (known, coming)
    }

    /// Reads markets for everybody. One that waits for its holder does so by itself.
    async fn fly(self, flights: Vec<Flight>) {
        let taken = Instant::now();
        let ids: Vec<_> = flights.iter().map(|(id, _)| *id).collect();
        let read = store::markets::load_timed(&self.0.pool, &ids).await.map_err(Error::from);
        let mut read = read.map(|markets| {
            markets.into_iter().map(|read| (read.0.market_id, read)).collect::<HashMap<_, _>>()
        });
        self.slots().retain(|_, slot| slot.is_kept());
        for (id, sender) in flights {
            match read.as_mut().map(|markets| markets.remove(&id)) {
                Err(error) => self.land(taken, (id, sender), Err(error.clone())),
                Ok(None) => self.land(taken, (id, sender), Ok(None)),
                Ok(Some((market, read_at))) if is_closed_by_clock(&market, read_at) => {
                    tokio::spawn(self.clone().land_after_holder(taken, (id, sender), market, read_at));
                }
                Ok(Some((market, read_at))) => {
                    let cached = Cached { market: market.into(), read_at, is_certain: true, taken };
                    self.land(taken, (id, sender), Ok(Some(cached.into())));
                }
            }
        }
    }

    /// A bet that found its market open may still be on its way to the disk when the clock says closed. Once it is there,
    /// looking a bet up tells for good whether it stands.
    async fn land_after_holder(self, taken: Instant, flight: Flight, market: Market, read_at: DateTime<Utc>) {
        let ended = match time::timeout(self.0.patience, self.0.waiting.acquire()).await {
            Ok(_permit) => {
                let patience_ms = super::millis(self.0.patience);
                store::lanes::await_holder(&self.0.pool, flight.0, patience_ms).await
            }
            Err(_) => Ok(false),
        };
        let cached =
            |is_certain| Some(Arc::new(Cached { market: market.into(), read_at, is_certain, taken }));
        self.land(taken, flight, ended.map(cached).map_err(Error::from));
    }

    fn land(&self, taken: Instant, (id, sender): Flight, read: Result<Found, Error>) {
        let mut slots = self.slots();
        let many = slots.len() > MOST_MISSING;
        let slot = slots.entry(id).or_default();
        slot.reading = None;
        match &read {
            Ok(found) if found.is_some() || !many => slot.keep(taken, found.clone()),
            _ if slot.last.is_none() => drop(slots.remove(&id)),
            _ => {}
        }
        drop(slots);
        sender.send_replace(Some(read));
    }

    /// Reads markets now, without waiting for those who hold one.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub(crate) async fn read(
        &self,
        db: impl PgExecutor<'_>,
        ids: &[MarketId],
    ) -> Result<HashMap<MarketId, Arc<Market>>, sqlx::Error> {
        let taken = Instant::now();
        let read = store::markets::load_timed(db, ids).await?;
        let mut slots = self.slots();
        let keep = |(market, read_at): (Market, DateTime<Utc>)| {
            let (id, is_certain) = (market.market_id, !is_closed_by_clock(&market, read_at));
            let market = Arc::new(market);
            if is_certain {
                let cached = Cached { market: Arc::clone(&market), read_at, is_certain, taken };
                slots.entry(id).or_default().keep(taken, Some(cached.into()));
            }
            (id, market)
        };
        Ok(read.into_iter().map(keep).collect())
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<MarketId, Slot>> {
        self.0.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Its time has come, and nobody has locked it yet.
fn is_closed_by_clock(market: &Market, now: DateTime<Utc>) -> bool {
    market.state == MarketState::Open && !market.takes_bets(now)
}

fn not_read() -> Error {
    Error::unavailable("the market could not be read")
}
