//! Waiting for changes of matches and of questions.

use std::{sync::Arc, time::Duration};

use loljoa_service_kit::{Error, metrics::refused};
use sqlx::{
    PgPool,
    postgres::{PgConnection, PgListener},
};
use tokio::{
    sync::{Semaphore, watch},
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;

use crate::{
    SERVICE,
    store::feed::{Position, Revised},
};

/// Readers that wait at once; each costs a query per [`LOOK_EVERY`].
const MAX_WAITERS: usize = 64;
/// How often a reader looks by itself: news may have been announced before older transactions had ended.
const LOOK_EVERY: Duration = Duration::from_millis(250);
const RECONNECT_AFTER: Duration = Duration::from_secs(1);
const CHANNEL: &str = "match_revisions";

/// Reads the feeds, and waits when there is nothing new. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Changes {
    pool: PgPool,
    /// A connection that listens has to be a session's own, which a pooler does not give.
    listens: PgPool,
    news: watch::Sender<()>,
    waiters: Arc<Semaphore>,
    closing: CancellationToken,
}

impl Changes {
    /// A reader of `pool`'s feeds, told of news on a connection of `listens`, whose waiting ends at `closing`.
    #[must_use]
    pub fn new(pool: PgPool, listens: PgPool, closing: CancellationToken) -> Self {
        let waiters = Arc::new(Semaphore::new(MAX_WAITERS));
        Self { pool, listens, news: watch::Sender::new(()), waiters, closing }
    }

    /// Up to `limit` revisions after `after`; when there are none, waits for some for up to `wait`.
    ///
    /// # Errors
    ///
    /// `too_many_waiters`, or when the database does not answer.
    pub async fn after<T: Revised>(
        &self,
        after: Position,
        limit: i64,
        wait: Duration,
    ) -> Result<(Vec<T>, Position), Error> {
        let deadline = Instant::now() + wait;
        let mut news = self.news.subscribe();
        let mut slot = None;
        loop {
            let (found, position) = self.read(after, limit).await?;
            if !found.is_empty() || Instant::now() >= deadline || self.closing.is_cancelled() {
                return Ok((found, position));
            }
            if slot.is_none() {
                slot = Some(self.waiters.try_acquire().map_err(|_| too_many())?);
            }
            let look = deadline.min(Instant::now() + LOOK_EVERY);
            tokio::select! {
                _ = news.changed() => {}
                () = time::sleep_until(look) => {}
                () = self.closing.cancelled() => {}
            }
        }
    }

    async fn read<T: Revised>(&self, after: Position, limit: i64) -> Result<(Vec<T>, Position), sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        T::after(&mut connection as &mut PgConnection, after, limit).await
    }

    /// Wakes those who wait whenever a replica has changed a match or a question, until the service closes.
    pub async fn listen(self) {
        let closing = self.closing.clone();
        let listening = async {
            loop {
                if let Err(error) = self.relay().await {
                    tracing::warn!(
                        event = "matches.not_listened",
                        %error, "news of matches are looked for, not listened to"
                    );
                }
                time::sleep(RECONNECT_AFTER).await;
            }
        };
        closing.run_until_cancelled(listening).await;
    }

    async fn relay(&self) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect_with(&self.listens).await?;
        listener.listen(CHANNEL).await?;
        loop {
            listener.recv().await?;
            self.news.send_replace(());
        }
    }
}

fn too_many() -> Error {
    refused(SERVICE, "feed_waiters");
    Error::exhausted("too_many_waiters", "too many readers wait for changes", Duration::from_secs(1))
}
