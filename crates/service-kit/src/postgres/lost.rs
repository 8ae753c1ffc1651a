//! A database that had vanished and is there again, perhaps at another address.
//!
//! What waits for the one that vanished would wait for a quarter of an hour: a background worker waits for many statements, and
//! not each of them has a bound of its own. So the probe tells all of them at once.

use std::{future::Future, sync::LazyLock};

use tokio::sync::watch;

use super::pool::distrust;

/// Counts how often the database was found again.
static FOUND: LazyLock<watch::Sender<u64>> = LazyLock::new(watch::Sender::default);

/// Does `work`; none when the database vanished meanwhile and was found again. Then the work was dropped where it stood, as by a
/// crash, and has to be begun anew.
pub async fn unless_lost<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut found = FOUND.subscribe();
    tokio::select! {
        biased;
        done = work => Some(done),
        _ = found.changed() => None,
    }
}

/// From now on no connection that exists already is used, and nobody waits for one.
pub(crate) fn found_again() {
    tracing::warn!(event = "database.vanished", "the database had vanished; connections are made anew");
    distrust();
    FOUND.send_modify(|count| *count += 1);
}
