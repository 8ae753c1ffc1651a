//! The keys that access tokens are checked with, as account publishes them.

mod cell;

use std::{sync::Arc, time::Duration};

use futures::future;
use jsonwebtoken::{DecodingKey, jwk::JwkSet};
use tokio_util::sync::CancellationToken;

use self::cell::CellKeys;
use crate::{Cells, Error, grpc::Channel};

/// The published keys of all of account's cells, fetched when a token names one that is not known yet, and in the background
/// where [`Keys::keep_fresh`] runs. Each cell signs with keys of its own.
pub struct Keys(Cells<CellKeys>);

impl Keys {
    /// The keys that the service behind `account` publishes, each cell of which is asked at most once in `pause`.
    #[must_use]
    pub fn new(account: impl Into<Cells<Channel>>, pause: Duration) -> Self {
        Self(account.into().map(|cell| CellKeys::new(cell.clone(), pause)))
    }

    /// The key set as account publishes it: those of all cells that have told theirs.
    ///
    /// # Errors
    ///
    /// Code `unavailable` while account has told none.
    pub async fn document(&self) -> Result<Arc<str>, Error> {
        if self.0.count() == 1 {
            return self.0.first().document().await;
        }
        let documents = future::join_all(self.0.iter().map(CellKeys::document)).await;
        let (told, failed): (Vec<_>, Vec<_>) = documents.into_iter().partition(Result::is_ok);
        if told.is_empty()
            && let Some(Err(error)) = failed.into_iter().next()
        {
            return Err(error);
        }
        let mut union = JwkSet { keys: Vec::new() };
        for document in told.into_iter().flatten() {
            let set: JwkSet = serde_json::from_str(&document).map_err(Error::internal)?;
            union.keys.extend(set.keys);
        }
        Ok(serde_json::to_string(&union).map_err(Error::internal)?.into())
    }

    /// The ids of the published keys.
    pub fn ids(&self) -> Vec<String> {
        self.0.iter().flat_map(CellKeys::ids).collect()
    }

    /// Those of one cell.
    pub(super) fn ids_of(&self, cell: usize) -> Vec<String> {
        self.0.iter().nth(cell).map(CellKeys::ids).unwrap_or_default()
    }

    /// Whether the key called `kid` is published.
    pub(crate) fn is_published(&self, kid: &str) -> bool {
        self.0.iter().any(|keys| keys.is_published(kid))
    }

    /// Takes these keys of a cell out at once and for good.
    pub(super) fn remove_of(&self, cell: usize, kids: &[String]) {
        if let Some(keys) = self.0.iter().nth(cell) {
            keys.remove(kids);
        }
    }

    /// The key called `kid`; `None` when account knows none of that name. A cell that does not answer may.
    pub(super) async fn find(&self, kid: &str) -> Result<Option<Arc<DecodingKey>>, Error> {
        if let Some(keys) = self.0.iter().find(|keys| keys.is_published(kid)) {
            return keys.find(kid).await;
        }
        let mut away = None;
        for found in future::join_all(self.0.iter().map(|keys| keys.find(kid))).await {
            match found {
                Ok(None) => {}
                Ok(found) => return Ok(found),
                Err(error) => away = Some(error),
            }
        }
        away.map_or(Ok(None), Err)
    }

    /// Fetches the keys again and again until `shutdown`, more often while that fails. Whoever needs them at once does not
    /// wait for this.
    pub async fn keep_fresh(self: Arc<Self>, every: Duration, shutdown: CancellationToken) {
        future::join_all(self.0.iter().map(|keys| keys.keep_fresh(every, shutdown.clone()))).await;
    }
}
