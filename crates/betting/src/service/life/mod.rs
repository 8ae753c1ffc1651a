//! Follows the feed of matches: opens markets, moves their locks, and begins their end.

mod apply;
pub(crate) mod news;

use std::time::Duration;

use loljoa_proto::league_schedule::v1::{
    ListChangesRequest, Match, league_feed_service_client::LeagueFeedServiceClient,
};
use loljoa_service_kit::{Error, MatchId, grpc::Channel, postgres};
use sqlx::PgPool;
use tokio::time;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Wakers, feed_watch::FeedWatch, unless_lost};
use crate::{
    config,
    domain::MatchNews,
    store::{
        self,
        cursors::Consumer,
        incidents::{IncidentKind, Report},
    },
};

/// How much longer than one call the lease lasts.
const LEASE_MARGIN_MS: i64 = 10_000;
const PAUSE: Duration = Duration::from_secs(1);

/// The consumer of the feed; one replica follows it at a time.
pub(crate) struct Life {
    pool: PgPool,
    feed: LeagueFeedServiceClient<Channel>,
    replica: Uuid,
    config: config::Life,
    wakers: Wakers,
    watch: FeedWatch,
}

impl Life {
    /// A consumer of the feed at the other end of `channel`.
    #[must_use]
    pub(crate) fn new(
        pool: PgPool,
        channel: Channel,
        replica: Uuid,
        config: config::Life,
        wakers: Wakers,
    ) -> Self {
        let watch = FeedWatch::new("league_schedule", pool.clone());
        Self { pool, feed: LeagueFeedServiceClient::new(channel), replica, config, wakers, watch }
    }

    /// Runs until `closing`, and then lets another replica go on at once.
    pub(crate) async fn run(mut self, closing: CancellationToken) {
        while let Some(turn) = closing.run_until_cancelled(unless_lost(Box::pin(self.follow()))).await {
            let pause = match turn {
                Ok(true) => continue,
                Ok(false) => PAUSE,
                Err(error) => {
                    tracing::warn!(%error, "the feed of matches could not be followed");
                    PAUSE
                }
            };
            closing.run_until_cancelled(time::sleep(pause)).await;
        }
        if let Err(error) = store::cursors::release(&self.pool, Consumer::LeagueSchedule, self.replica).await
        {
            tracing::warn!(%error, "the lease on the feed of matches was left to expire");
        }
    }

    /// One call and its effect; false when another replica follows the feed.
    async fn follow(&mut self) -> Result<bool, Error> {
        let lease_ms = i64::from(self.config.feed_wait_ms) + LEASE_MARGIN_MS;
        let consumer = Consumer::LeagueSchedule;
        let Some(cursor) = store::cursors::lease(&self.pool, consumer, self.replica, lease_ms).await? else {
            self.watch.stand_down();
            return Ok(false);
        };
        // One change at a time: its markets are locked together, in the order of their ids.
        let wait_ms = i32::try_from(self.config.feed_wait_ms).unwrap_or(i32::MAX);
        let request = ListChangesRequest { cursor: cursor.clone(), limit: 1, wait_ms };
        let page = match self.feed.clone().list_changes(request).await {
            Ok(page) => page.into_inner(),
            Err(status) => {
                let error = Error::from(status);
                self.watch.failed(&cursor, &error).await;
                return Err(error);
            }
        };
        if page.next_cursor != cursor {
            apply(&self.pool, &self.wakers, &cursor, &page.next_cursor, &page.matches).await?;
        }
        self.watch.read(page.lag_ms);
        Ok(true)
    }
}

/// Applies a page of changes that was read at `from`, and moves the cursor to `to` in the same commit. Nothing happens when
/// the cursor has moved since.
///
/// # Errors
///
/// When the database does not answer.
pub(crate) async fn apply(
    pool: &PgPool,
    wakers: &Wakers,
    from: &str,
    to: &str,
    changes: &[Match],
) -> Result<(), Error> {
    let (news, unreadable) = read(changes);
    postgres::retrying(|| async {
        let mut transaction = postgres::begin(pool).await?;
        if store::cursors::advance(&mut transaction, Consumer::LeagueSchedule, from, to).await? {
            for news in &news {
                apply::apply(&mut transaction, news).await?;
            }
            for report in &unreadable {
                store::incidents::report(&mut *transaction, report).await?;
            }
            transaction.commit().await?;
        }
        Ok(())
    })
    .await?;
    wakers.closing.notify_one();
    wakers.owed.notify_one();
    Ok(())
}

/// A change that cannot be read must not hold up those behind it: it is left to a person.
fn read(changes: &[Match]) -> (Vec<MatchNews>, Vec<Report>) {
    let (mut news, mut unreadable) = (Vec::new(), Vec::new());
    for change in changes {
        match news::read(change) {
            Ok(read) => news.push(read),
            Err(error) => unreadable.push(Report {
                kind: IncidentKind::MatchUnreadable,
                match_id: MatchId::parse(&change.match_id).ok(),
                market_id: None,
                subject: format!("{}/{}", change.match_id, change.revision),
                message: format!(
                    "revision {} of match {} cannot be read and was skipped: {error}",
                    change.revision, change.match_id
                ),
            }),
        }
    }
    (news, unreadable)
}
