//! What a replica knows of markets: one watch of all live ones, fanned out to every stream, and looks that serve for a moment.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use backon::{BackoffBuilder, ExponentialBuilder};
use bytes::Bytes;
use futures::future::select_all;
use loljoa_proto::betting::v1::{WatchMarketsRequest, betting_service_client::BettingServiceClient};
use loljoa_service_kit::{Cells, Error, MarketId, MatchId, Slot, grpc::Channel};
use tokio::{sync::watch, time};
use tokio_util::sync::CancellationToken;

use super::{
    events::frame,
    looks::{Looks, MAX_MATCHES},
    seen::{OfMatch, Seen},
};
use crate::{api::market::Rendered, usernames::Usernames};

/// How long a market that is over stays, so that every stream gets to say so.
const KEPT_WHEN_OVER: Duration = Duration::from_mins(1);

type Latest = HashMap<MatchId, HashMap<MarketId, Arc<Snapshot>>>;

/// A market as it was at one revision.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) market: Arc<Rendered>,
    /// The event that tells of it, made once for everybody who listens.
    pub(crate) frame: Bytes,
    /// When this replica learned of it.
    pub(crate) taken: Instant,
}

impl Snapshot {
    fn now(market: &Arc<Rendered>) -> Self {
        let frame = frame("market", market.json());
        Self { market: Arc::clone(market), frame, taken: Instant::now() }
    }
}

fn by_id(snapshot: &Arc<Snapshot>) -> (MarketId, Arc<Snapshot>) {
    (snapshot.market.market_id, Arc::clone(snapshot))
}

/// The latest snapshot of each live market, and what others had a moment ago.
pub(crate) struct Hub {
    looks: Looks,
    watching: Cells<BettingServiceClient<Channel>>,
    usernames: Arc<Usernames>,
    seen: Seen,
    latest: RwLock<Latest>,
    /// How many of betting's cells are being watched.
    watched: Mutex<u16>,
    /// Whether all of betting is being watched. Sent anew for every change of a market.
    connected: watch::Sender<bool>,
}

/// Growing pauses between attempts to reach a service, for ever.
pub(crate) fn pauses() -> impl Iterator<Item = Duration> {
    let exponential = ExponentialBuilder::default().with_jitter().without_max_times();
    exponential.with_min_delay(Duration::from_millis(200)).with_max_delay(Duration::from_secs(5)).build()
}

impl Hub {
    pub(crate) fn new(
        looks: Looks,
        watching: Cells<BettingServiceClient<Channel>>,
        usernames: Arc<Usernames>,
    ) -> Self {
        Self {
            looks,
            watching,
            usernames,
            seen: Seen::default(),
            latest: RwLock::default(),
            watched: Mutex::default(),
            connected: watch::Sender::new(false),
        }
    }

    /// Follows betting's live markets until `shutdown`, through its restarts.
    pub(crate) async fn follow(self: Arc<Self>, shutdown: CancellationToken) {
        let hub = &self;
        let following = (0..self.watching.count()).map(|cell| async move {
            let mut pauses = pauses();
            loop {
                if hub.watch(cell).await {
                    pauses = self::pauses();
                }
                time::sleep(pauses.next().unwrap_or_default()).await;
            }
        });
        let following = select_all(following.map(Box::pin));
        shutdown.run_until_cancelled(following).await;
    }

    /// Notes that a cell is being watched from now on, or is so no more, and says so to whoever listens.
    fn count_watched(&self, change: i16) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        *watched = watched.saturating_add_signed(change);
        self.connected.send_replace(*watched == self.watching.count());
    }

    /// Follows one watch of a cell to its end; whether it ever began.
    async fn watch(&self, cell: u16) -> bool {
        let Some(watching) = self.watching.iter().nth(usize::from(cell)) else { return false };
        let watch = watching.clone().watch_markets(WatchMarketsRequest { match_ids: Vec::new() }).await;
        let mut changes = match watch {
            Ok(response) => response.into_inner(),
            Err(error) => {
                tracing::debug!(%error, "betting's markets cannot be watched");
                return false;
            }
        };
        if self.catch_up(cell).await.is_err() {
            return false;
        }
        self.count_watched(1);
        while let Ok(Some(change)) = changes.message().await {
            // What cannot be read has been logged; the market's next change comes anew.
            if let Ok(markets) = self.usernames.name(change.market.into_iter().collect()).await {
                self.take(markets);
            }
        }
        self.count_watched(-1);
        true
    }

    /// Markets that ended while nobody watched are no longer among the live ones: ask for them.
    async fn catch_up(&self, cell: u16) -> Result<(), Error> {
        let live: Vec<MatchId> = self.read(|latest| {
            let live = latest.iter().filter(|(_, markets)| markets.values().any(|s| !s.market.is_over()));
            let of_cell = |id: &MatchId| self.watching.index(Slot::of_match(*id)) == cell;
            live.map(|(match_id, _)| *match_id).filter(of_cell).collect()
        });
        for matches in live.chunks(MAX_MATCHES) {
            let read = self.looks.at(matches.to_vec()).await?;
            self.take(read.into_values().flatten().collect());
        }
        Ok(())
    }

    /// Takes note of markets as they are by an answer to somebody. One that is over, and was not known here, is nobody's news.
    pub(crate) fn note(&self, markets: &[Arc<Rendered>]) {
        let is_news = |market: &&Arc<Rendered>| {
            !market.is_over() || self.market(market.match_id, market.market_id).is_some()
        };
        self.take(markets.iter().filter(is_news).cloned().collect());
    }

    fn take(&self, markets: Vec<Arc<Rendered>>) {
        let (mut changed, mut ended) = (false, false);
        let mut latest = self.latest.write().unwrap_or_else(PoisonError::into_inner);
        for market in markets {
            let of_match = latest.entry(market.match_id).or_default();
            let known = of_match.get(&market.market_id);
            if known.is_none_or(|known| known.market.revision < market.revision) {
                changed = true;
                ended |= market.is_over();
                of_match.insert(market.market_id, Arc::new(Snapshot::now(&market)));
            }
        }
        if ended {
            forget(&mut latest);
        }
        drop(latest);
        // Everybody who listens looks whether it is news to them.
        if changed {
            self.connected.send_modify(|_| ());
        }
    }

    /// All markets of `matches`, those that are over too, by lock: as they were a moment ago, or later where that is known.
    pub(crate) async fn present(&self, matches: &[MatchId]) -> Result<Vec<Arc<Snapshot>>, Error> {
        let looked = self.look(matches).await?;
        let mut present: HashMap<_, _> =
            looked.iter().flat_map(|markets| markets.iter().map(by_id)).collect();
        for snapshot in self.latest(matches) {
            let known = present.entry(snapshot.market.market_id).or_insert_with(|| Arc::clone(&snapshot));
            if known.market.revision < snapshot.market.revision {
                *known = snapshot;
            }
        }
        let mut present: Vec<_> = present.into_values().collect();
        present.sort_unstable_by_key(|snapshot| (snapshot.market.lock_at, snapshot.market.market_id));
        Ok(present)
    }

    /// What each of `matches` had a moment ago.
    async fn look(&self, matches: &[MatchId]) -> Result<Vec<OfMatch>, Error> {
        let (mut found, mut unknown) = (Vec::with_capacity(matches.len()), Vec::new());
        for match_id in matches {
            match self.seen.of(*match_id) {
                Some(markets) => found.push(markets),
                None => unknown.push(*match_id),
            }
        }
        if !unknown.is_empty() {
            let began = Instant::now();
            for (match_id, markets) in self.looks.at(unknown).await? {
                let markets: OfMatch = markets.iter().map(|market| Arc::new(Snapshot::now(market))).collect();
                self.seen.keep(match_id, Arc::clone(&markets), began);
                found.push(markets);
            }
        }
        Ok(found)
    }

    /// The latest that is known of live markets of `matches`.
    pub(crate) fn latest(&self, matches: &[MatchId]) -> Vec<Arc<Snapshot>> {
        self.read(|latest| {
            let markets = matches.iter().filter_map(|match_id| latest.get(match_id));
            markets.flat_map(HashMap::values).cloned().collect()
        })
    }

    /// A live market.
    pub(crate) fn market(&self, match_id: MatchId, market_id: MarketId) -> Option<Arc<Rendered>> {
        self.read(|latest| Some(Arc::clone(&latest.get(&match_id)?.get(&market_id)?.market)))
    }

    /// Learns of changes from now on, and whether betting is being watched.
    pub(crate) fn subscribe(&self) -> watch::Receiver<bool> {
        self.connected.subscribe()
    }

    fn read<T>(&self, read: impl FnOnce(&Latest) -> T) -> T {
        read(&self.latest.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Drops what has been over for long enough.
fn forget(latest: &mut Latest) {
    latest.retain(|_, markets| {
        markets.retain(|_, s| !s.market.is_over() || s.taken.elapsed() < KEPT_WHEN_OVER);
        !markets.is_empty()
    });
}
