//! The signing keys, shared by all replicas through the database.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use loljoa_service_kit::{Clock, Error as ServiceError, postgres};
use serde_json::json;
use sqlx::PgPool;
use tokio::{sync::Mutex, time};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Claims, Sealer, material::Material};
use crate::{
    domain::{
        profile::Profile,
        rotation::{Period, Policy},
    },
    store::signing_keys::{self, StoredKey},
};

/// How long a replica goes on signing with a key that was removed.
const REFRESH_EVERY: Duration = Duration::from_secs(5);

/// Why the keys could not be loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the signing keys could not be read: {0}")]
    Database(#[from] sqlx::Error),
    #[error(
        "tokens.sealing_key does not open the stored signing keys: configure the key that they were sealed with, or \
         empty the table signing_keys, which ends all access tokens"
    )]
    Sealed,
    #[error("no key pair could be made")]
    Generation,
}

impl From<Error> for ServiceError {
    fn from(error: Error) -> Self {
        match error {
            Error::Database(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

struct Signer {
    kid: String,
    period: Period,
    key: EncodingKey,
}

#[derive(Default)]
struct Keys {
    signers: Vec<Signer>,
    jwks_json: String,
}

impl Keys {
    fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<_> = self.signers.iter().map(|signer| signer.kid.as_str()).collect();
        ids.sort_unstable();
        ids
    }

    /// The key that signs at `now`; or the first that will, because replicas' clocks differ a little and the very first
    /// key starts at the time of the replica that made it.
    fn signer(&self, now: DateTime<Utc>) -> Option<&Signer> {
        let signing = self.signers.iter().find(|signer| signer.period.signs_at(now));
        signing.or_else(|| self.signers.iter().find(|signer| now < signer.period.signs_from))
    }
}

/// Signs access tokens and publishes the keys that check them.
pub(crate) struct Keyring {
    pool: PgPool,
    clock: Clock,
    policy: Policy,
    sealer: Sealer,
    keys: RwLock<Arc<Keys>>,
    refreshing: Mutex<()>,
}

impl Keyring {
    /// A keyring that loads its keys when they are first needed.
    pub(crate) fn new(pool: PgPool, clock: Clock, policy: Policy, sealer: Sealer) -> Self {
        Self { pool, clock, policy, sealer, keys: RwLock::default(), refreshing: Mutex::default() }
    }

    /// Keeps the keys fresh until `shutdown`.
    ///
    /// # Errors
    ///
    /// [`Error::Sealed`]; a database that does not answer is asked again.
    pub(crate) async fn run(self: Arc<Self>, shutdown: CancellationToken) -> Result<(), Error> {
        let mut ticks = time::interval(REFRESH_EVERY);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            match self.refresh().await {
                Err(Error::Database(error)) => {
                    tracing::warn!(
                        event = "tokens.keys_not_refreshed",
                        %error, "the signing keys could not be refreshed"
                    );
                }
                result => result?,
            }
        }
        Ok(())
    }

    /// A token for the account in a session of it, and how many seconds it lives.
    pub(crate) async fn sign(&self, profile: &Profile, session: Uuid) -> Result<(String, i64), ServiceError> {
        let now = self.clock.now();
        let keys = self.keys_for(now).await?;
        let signer = keys.signer(now).ok_or_else(|| ServiceError::internal("no key signs at this time"))?;
        let lives = i64::try_from(self.policy.token_lives.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims::new(profile, session, now, lives);
        let header = Header { kid: Some(signer.kid.clone()), ..Header::new(Algorithm::ES256) };
        let token = jsonwebtoken::encode(&header, &claims, &signer.key).map_err(ServiceError::internal)?;
        Ok((token, lives))
    }

    /// The public keys, as an RFC 7517 key set: those that sign, will sign, or have signed a token that still lives.
    pub(crate) async fn jwks_json(&self) -> Result<String, ServiceError> {
        Ok(self.keys_for(self.clock.now()).await?.jwks_json.clone())
    }

    /// How long a token lives.
    pub(crate) const fn token_lives(&self) -> Duration {
        self.policy.token_lives
    }

    /// The ids of the published keys, as the database has them now: a key that was removed is missing at once.
    pub(crate) async fn key_ids(&self) -> Result<Vec<String>, ServiceError> {
        let mut ids = signing_keys::living_ids(&self.pool, self.clock.now()).await?;
        ids.sort_unstable();
        if self.loaded().ids() != ids {
            self.refresh().await?;
        }
        Ok(ids)
    }

    async fn keys_for(&self, now: DateTime<Utc>) -> Result<Arc<Keys>, Error> {
        let loaded = self.loaded();
        if loaded.signer(now).is_some() {
            return Ok(loaded);
        }
        self.refresh().await?;
        Ok(self.loaded())
    }

    fn loaded(&self) -> Arc<Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes the next key when it is time, and loads all that still matter.
    pub(crate) async fn refresh(&self) -> Result<(), Error> {
        let _turn = self.refreshing.lock().await;
        let now = self.clock.now();
        if self.policy.next_key(signing_keys::last_signs_until(&self.pool).await?, now).is_some() {
            self.make_next_key(now).await?;
        }
        signing_keys::delete_dead(&self.pool, now).await?;
        let keys = self.open(signing_keys::living(&self.pool, now).await?)?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        Ok(())
    }

    /// Replicas take turns, and look again once it is theirs.
    async fn make_next_key(&self, now: DateTime<Utc>) -> Result<(), Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        signing_keys::take_turns(&mut transaction).await?;
        let last = signing_keys::last_signs_until(&mut *transaction).await?;
        if let Some(period) = self.policy.next_key(last, now) {
            let Material { kid, public_jwk, private } =
                Material::generate().map_err(|_| Error::Generation)?;
            let sealed_private = self.sealer.seal(&kid, &private).map_err(|_| Error::Generation)?;
            let key = StoredKey { kid, public_jwk, sealed_private, period };
            signing_keys::insert(&mut transaction, &key, now).await?;
            tracing::info!(
                event = "tokens.key_made",
                kid = key.kid, signs_from = %period.signs_from, "made a signing key"
            );
        }
        transaction.commit().await?;
        Ok(())
    }

    fn open(&self, stored: Vec<StoredKey>) -> Result<Keys, Error> {
        let public: Vec<_> = stored.iter().map(|key| &key.public_jwk).collect();
        let jwks_json = json!({ "keys": public }).to_string();
        let signers = stored.into_iter().map(|key| {
            let private = self.sealer.open(&key.kid, &key.sealed_private).map_err(|_| Error::Sealed)?;
            Ok(Signer { kid: key.kid, period: key.period, key: EncodingKey::from_ec_der(&private) })
        });
        Ok(Keys { signers: signers.collect::<Result<_, Error>>()?, jwks_json })
    }
}
