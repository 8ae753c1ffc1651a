//! The keys that one cell of account publishes.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use jsonwebtoken::{
    DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet},
};
use loljoa_proto::account::v1::{GetJwksRequest, account_service_client::AccountServiceClient};
use tokio::{sync::Mutex, time};
use tokio_util::sync::CancellationToken;

use crate::{
    Error,
    grpc::{Channel, client},
};

/// Keys that are remembered at most.
const MAX_KEYS: usize = 64;
/// Until there are keys, nobody can be let in: then we ask this often.
const PAUSE_WITHOUT_KEYS: Duration = Duration::from_millis(100);

/// The published keys of a cell, fetched when a token names one that is not known yet, and in the background.
pub(super) struct CellKeys {
    account: AccountServiceClient<Channel>,
    published: RwLock<Option<Published>>,
    /// Keys that were removed before their time. They never come back, whoever still publishes them.
    removed: RwLock<HashSet<String>>,
    /// Tokens that name unknown keys cannot make us ask more often than this.
    pause: Duration,
    last_fetch: Mutex<Option<Instant>>,
}

struct Published {
    document: Arc<str>,
    by_kid: HashMap<String, Arc<DecodingKey>>,
}

impl CellKeys {
    /// The keys that the service behind `account` publishes, asked for at most once in `pause`.
    #[must_use]
    pub(super) fn new(account: Channel, pause: Duration) -> Self {
        Self {
            account: AccountServiceClient::new(account),
            published: RwLock::new(None),
            removed: RwLock::default(),
            pause,
            last_fetch: Mutex::new(None),
        }
    }

    /// The key set as account publishes it.
    ///
    /// # Errors
    ///
    /// Code `unavailable` while account has told none.
    pub(super) async fn document(&self) -> Result<Arc<str>, Error> {
        if let Some(document) = self.published(|keys| Arc::clone(&keys.document)) {
            return Ok(document);
        }
        self.fetch_unless_just_done().await?;
        self.published(|keys| Arc::clone(&keys.document)).ok_or_else(no_keys)
    }

    /// The ids of the published keys.
    pub(super) fn ids(&self) -> Vec<String> {
        self.published(|keys| keys.by_kid.keys().cloned().collect()).unwrap_or_default()
    }

    /// Whether the key called `kid` is published.
    pub(super) fn is_published(&self, kid: &str) -> bool {
        self.published(|keys| keys.by_kid.contains_key(kid)).unwrap_or_default()
    }

    /// Takes these keys out at once and for good.
    pub(super) fn remove(&self, kids: &[String]) {
        self.removed.write().unwrap_or_else(PoisonError::into_inner).extend(kids.iter().cloned());
        let mut published = self.published.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = published.take() {
            *published = read(&keys.document, |kid| kids.iter().any(|removed| removed == kid)).ok();
        }
    }

    /// The key called `kid`; `None` when account knows none of that name.
    pub(super) async fn find(&self, kid: &str) -> Result<Option<Arc<DecodingKey>>, Error> {
        if let Some(key) = self.known(kid) {
            return Ok(Some(key));
        }
        let fetched = self.fetch_unless_just_done().await;
        match self.known(kid) {
            Some(key) => Ok(Some(key)),
            None if self.published(|_| ()).is_some() => Ok(None),
            None => Err(fetched.err().unwrap_or_else(no_keys)),
        }
    }

    /// Fetches the keys again and again until `shutdown`, more often while that fails. Whoever needs them at once does not
    /// wait for this.
    pub(super) async fn keep_fresh(&self, every: Duration, shutdown: CancellationToken) {
        loop {
            let fetched = self.fetch_unless_just_done().await.is_ok() && self.published(|_| ()).is_some();
            let pause = if fetched { every } else { self.pause.min(every) };
            if shutdown.run_until_cancelled(time::sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    fn published<T>(&self, read: impl FnOnce(&Published) -> T) -> Option<T> {
        self.published.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(read)
    }

    fn pause(&self) -> Duration {
        self.published(|_| self.pause).unwrap_or_else(|| self.pause.min(PAUSE_WITHOUT_KEYS))
    }

    fn known(&self, kid: &str) -> Option<Arc<DecodingKey>> {
        self.published(|keys| keys.by_kid.get(kid).cloned()).flatten()
    }

    async fn fetch_unless_just_done(&self) -> Result<(), Error> {
        let mut last = self.last_fetch.lock().await;
        if last.is_some_and(|last| last.elapsed() < self.pause()) {
            return Ok(());
        }
        let fetched = self.account.clone().get_jwks(client::repeatable(GetJwksRequest {})).await;
        *last = Some(Instant::now());
        let document = fetched?.into_inner().jwks_json;
        let removed = self.removed.read().unwrap_or_else(PoisonError::into_inner).clone();
        let published = read(&document, |kid| removed.contains(kid))?;
        // Account answers before it has made its first key. What is signed with that one must not be refused for a whole pause;
        // and keys that are published no more are none, whatever was known before.
        let published = (!published.by_kid.is_empty() || !removed.is_empty()).then_some(published);
        let known = published.is_some();
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = published;
        if known { Ok(()) } else { Err(no_keys()) }
    }
}

fn no_keys() -> Error {
    Error::unavailable("the keys of access tokens are not known yet")
}

/// Reads a key set without the keys that were removed. Keys of other kinds than P-256 are none of ours and left out, and
/// so are more than account can have.
fn read(document: &str, is_removed: impl Fn(&str) -> bool) -> Result<Published, Error> {
    let mut set: JwkSet = serde_json::from_str(document).map_err(Error::internal)?;
    let all = set.keys.len();
    set.keys.retain(|jwk| !jwk.common.key_id.as_deref().is_some_and(&is_removed));
    let document = if set.keys.len() == all {
        document.into()
    } else {
        serde_json::to_string(&set).map_err(Error::internal)?.into()
    };
    let ours = set.keys.iter().filter(|jwk| is_p256(jwk)).take(MAX_KEYS);
    let by_kid = ours.filter_map(|jwk| {
        let kid = jwk.common.key_id.clone()?;
        DecodingKey::from_jwk(jwk).ok().map(|key| (kid, Arc::new(key)))
    });
    Ok(Published { by_kid: by_kid.collect(), document })
}

fn is_p256(jwk: &Jwk) -> bool {
    matches!(&jwk.algorithm, AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256)
}
