//! One watch of all live markets per replica, fanned out to every stream of this replica.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use backon::{BackoffBuilder, ExponentialBuilder};
use loljoa_proto::betting::v1::{WatchMarketsRequest, betting_service_client::BettingServiceClient};
use loljoa_service_kit::{Error, MarketId, MatchId, grpc::Channel};
use tokio::{sync::watch, time};
use tokio_util::sync::CancellationToken;

use super::looks::{Looks, MAX_MATCHES};
use crate::{api::market::Rendered, usernames::Usernames};

/// How long a market that is over stays, so that every stream gets to say so.
const KEPT_WHEN_OVER: Duration = Duration::from_mins(1);

type Latest = HashMap<MatchId, HashMap<MarketId, Arc<Snapshot>>>;

/// A market as it was at one revision.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) market: Arc<Rendered>,
    taken: Instant,
}

impl Snapshot {
    fn now(market: Arc<Rendered>) -> Self {
        Self { market, taken: Instant::now() }
    }
}

/// The latest snapshot of each live market.
pub(crate) struct Hub {
    looks: Looks,
    watching: BettingServiceClient<Channel>,
    usernames: Arc<Usernames>,
    latest: RwLock<Latest>,
    /// Whether betting is being watched. Sent anew for every change of a market.
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
        watching: BettingServiceClient<Channel>,
        usernames: Arc<Usernames>,
    ) -> Self {
        Self { looks, watching, usernames, latest: RwLock::default(), connected: watch::Sender::new(false) }
    }

    /// Follows betting's live markets until `shutdown`, through its restarts.
    pub(crate) async fn follow(self: Arc<Self>, shutdown: CancellationToken) {
        let following = async {
            let mut pauses = pauses();
            loop {
                if self.watch().await {
                    pauses = self::pauses();
                }
                self.connected.send_replace(false);
                time::sleep(pauses.next().unwrap_or_default()).await;
            }
        };
        shutdown.run_until_cancelled(following).await;
    }

    /// Follows one watch to its end; whether it ever began.
    async fn watch(&self) -> bool {
        let watch = self.watching.clone().watch_markets(WatchMarketsRequest { match_ids: Vec::new() }).await;
        let mut changes = match watch {
            Ok(response) => response.into_inner(),
            Err(error) => {
                tracing::debug!(%error, "betting's markets cannot be watched");
                return false;
            }
        };
        if self.catch_up().await.is_err() {
            return false;
        }
        self.connected.send_replace(true);
        while let Ok(Some(change)) = changes.message().await {
            // What cannot be read has been logged; the market's next change comes anew.
            if let Ok(markets) = self.usernames.name(change.market.into_iter().collect()).await {
                self.take(markets);
            }
        }
        true
    }

    /// Markets that ended while nobody watched are no longer among the live ones: ask for them.
    async fn catch_up(&self) -> Result<(), Error> {
        let live: Vec<MatchId> = self.read(|latest| {
            let live = latest.iter().filter(|(_, markets)| markets.values().any(|s| !s.market.is_over()));
            live.map(|(match_id, _)| *match_id).collect()
        });
        for matches in live.chunks(MAX_MATCHES) {
            self.take(self.looks.at(matches.to_vec()).await?);
        }
        Ok(())
    }

    fn take(&self, markets: Vec<Arc<Rendered>>) {
        let ended = markets.iter().any(|market| market.is_over());
        let mut latest = self.latest.write().unwrap_or_else(PoisonError::into_inner);
        for market in markets {
            let of_match = latest.entry(market.match_id).or_default();
            let known = of_match.get(&market.market_id);
            if known.is_none_or(|known| known.market.revision < market.revision) {
                of_match.insert(market.market_id, Arc::new(Snapshot::now(market)));
            }
        }
        if ended {
            forget(&mut latest);
        }
        drop(latest);
        self.connected.send_modify(|_| ());
    }

    /// The present state of all markets of `matches`, those that are over too, from betting itself.
    pub(crate) async fn present(&self, matches: &[MatchId]) -> Result<Vec<Arc<Snapshot>>, Error> {
        let markets = self.looks.at(matches.to_vec()).await?;
        Ok(markets.into_iter().map(|market| Arc::new(Snapshot::now(market))).collect())
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
