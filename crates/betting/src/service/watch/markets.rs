//! Watching markets: every watcher sees the latest state of each, however slowly it reads.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use futures::Stream;
use loljoa_service_kit::{Error, MarketId, MatchId};
use sqlx::PgPool;
use tokio::{sync::watch, time};
use tokio_util::sync::CancellationToken;

use crate::{domain::Market, service, store};

type Live = Arc<HashMap<MarketId, Arc<Market>>>;

/// Lets watchers in. Cheap to clone.
#[derive(Clone)]
pub(crate) struct MarketWatch {
    pool: PgPool,
    live: watch::Sender<Live>,
}

/// Reads what has changed.
pub(crate) struct MarketPoller {
    pool: PgPool,
    live: watch::Sender<Live>,
    interval: Duration,
}

impl MarketWatch {
    /// Nobody watches yet.
    #[must_use]
    pub(crate) fn new(pool: PgPool, interval: Duration) -> (Self, MarketPoller) {
        let live = watch::Sender::new(Live::default());
        (Self { pool: pool.clone(), live: live.clone() }, MarketPoller { pool, live, interval })
    }

    /// The present state of the markets of these matches, or of all that are not final, and then each change.
    ///
    /// # Errors
    ///
    /// `too_many_matches`.
    pub(crate) async fn watch(
        &self,
        matches: Vec<MatchId>,
    ) -> Result<impl Stream<Item = Arc<Market>> + Send + use<>, Error> {
        let mut live = self.live.subscribe();
        let present = service::markets::watched(&self.pool, &matches).await?;
        let matches: HashSet<_> = matches.into_iter().collect();
        Ok(async_stream::stream! {
            let mut told: HashMap<MarketId, i64> = HashMap::new();
            for market in present {
                told.insert(market.market_id, market.revision);
                yield Arc::new(market);
            }
            loop {
                let markets = Arc::clone(&live.borrow_and_update());
                told.retain(|id, _| !matches.is_empty() || markets.contains_key(id));
                for market in news(&markets, &matches, &told) {
                    told.insert(market.market_id, market.revision);
                    yield market;
                }
                if live.changed().await.is_err() {
                    return;
                }
            }
        })
    }
}

/// What a watcher of `matches` has not been told.
fn news(
    markets: &HashMap<MarketId, Arc<Market>>,
    matches: &HashSet<MatchId>,
    told: &HashMap<MarketId, i64>,
) -> Vec<Arc<Market>> {
    let wanted = markets.values().filter(|market| matches.is_empty() || matches.contains(&market.match_id));
    let new = wanted.filter(|market| told.get(&market.market_id).is_none_or(|told| *told < market.revision));
    new.cloned().collect()
}

impl MarketPoller {
    /// Runs until `closing`.
    pub(crate) async fn run(self, closing: CancellationToken) {
        let mut ticks = time::interval(self.interval);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        while closing.run_until_cancelled(ticks.tick()).await.is_some() {
            if self.live.receiver_count() == 0 {
                // Whoever comes next must not see what is old by then.
                self.live.send_replace(Live::default());
            } else if let Err(error) = self.poll().await {
                tracing::warn!(
                    event = "watch.markets_failed",
                    %error, "changes of markets could not be read"
                );
            }
        }
    }

    async fn poll(&self) -> Result<(), sqlx::Error> {
        let known = Arc::clone(&self.live.borrow());
        let revisions = store::markets::live_revisions(&self.pool).await?;
        let unchanged = |(id, revision): &(MarketId, i64)| {
            known
                .get(id)
                .filter(|market| market.revision >= *revision)
                .map(|market| (*id, Arc::clone(market)))
        };
        let mut live: HashMap<_, _> = revisions.iter().filter_map(unchanged).collect();
        let changed: Vec<_> =
            revisions.iter().map(|(id, _)| *id).filter(|id| !live.contains_key(id)).collect();
        if changed.is_empty() && live.len() == known.len() {
            return Ok(());
        }
        let loaded = store::markets::load(&self.pool, &changed).await?;
        live.extend(loaded.into_iter().map(|market| (market.market_id, Arc::new(market))));
        self.live.send_replace(Arc::new(live));
        Ok(())
    }
}
