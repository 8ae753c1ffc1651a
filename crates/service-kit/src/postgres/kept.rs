//! Connections that workers keep from one batch to the next.
//!
//! A connection that goes back to its pool is looked at, which costs two round trips: much for a worker whose next batch
//! waits already. A worker's own statement has run to its end before the next begins, so there is nothing to look at; and
//! after anything else its connection goes back to the pool, and is.

use std::{
    ops::{Deref, DerefMut},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sqlx::{PgConnection, PgPool, Postgres, pool::PoolConnection};

use super::{pool::is_trusted_since, waits};

/// A kept connection goes back to its pool after this, so that the pool can make it anew.
const LONGEST: Duration = Duration::from_mins(5);

/// The connections that some workers keep.
#[derive(Debug)]
pub struct Kept {
    pool: PgPool,
    idle: Mutex<Vec<InUse>>,
    most: usize,
}

/// A connection that was taken. Dropped, it goes back to its pool.
#[derive(Debug)]
pub struct InUse {
    connection: PoolConnection<Postgres>,
    since: Instant,
}

impl Kept {
    /// Keeps at most `most` connections of `pool`.
    #[must_use]
    pub const fn new(pool: PgPool, most: usize) -> Self {
        Self { pool, idle: Mutex::new(Vec::new()), most }
    }

    /// Where they come from.
    #[must_use]
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// One that is kept, or else one of the pool.
    ///
    /// # Errors
    ///
    /// When no connection is free in time or the database does not answer.
    pub async fn take(&self) -> sqlx::Result<InUse> {
        if let Some(kept) = self.newest() {
            return Ok(kept);
        }
        let asked = Instant::now();
        let connection = self.pool.acquire().await;
        waits::record(&self.pool, asked.elapsed());
        let connection = connection?;
        Ok(InUse { since: Instant::now(), connection })
    }

    /// Keeps a connection whose last statement ran to its end, without an error and outside of a transaction.
    pub fn keep(&self, connection: InUse) {
        let mut idle = self.idle();
        if idle.len() < self.most {
            idle.push(connection);
        }
    }

    /// The one that was used last. Those that are too old go back to their pool.
    fn newest(&self) -> Option<InUse> {
        let mut idle = self.idle();
        idle.retain(InUse::is_fresh);
        idle.pop()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<InUse>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InUse {
    fn is_fresh(&self) -> bool {
        self.since.elapsed() < LONGEST && is_trusted_since(self.since)
    }
}

impl Deref for InUse {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for InUse {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
