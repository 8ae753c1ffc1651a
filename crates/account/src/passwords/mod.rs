//! Hashing passwords off the async threads, a few at a time.

mod argon;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use argon2::Params;
use loljoa_service_kit::{Error, metrics::refused};
use metrics::{gauge, histogram};
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task,
};

use crate::{SERVICE, config::Passwords as Config};

const COME_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Hashes and verifies passwords. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Hasher {
    params: Params,
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
    /// A hash that no password has, for users that do not exist.
    nobody: Arc<str>,
    computed: Arc<AtomicU64>,
}

/// A place in the queue for one hash.
#[derive(Debug)]
pub(crate) struct Admission {
    _place: OwnedSemaphorePermit,
}

impl Admission {
    fn new(place: OwnedSemaphorePermit) -> Self {
        gauge!("loljoa_password_queue_depth", "service" => SERVICE).increment(1);
        Self { _place: place }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        gauge!("loljoa_password_queue_depth", "service" => SERVICE).decrement(1);
    }
}

impl Hasher {
    /// A hasher with these parameters.
    pub(crate) fn new(config: &Config) -> anyhow::Result<Self> {
        let params = Params::new(config.memory_kib, config.passes, 1, None)?;
        Ok(Self {
            nobody: argon::nobody(&params)?.into(),
            params,
            admitted: Arc::new(Semaphore::new(config.concurrency + config.waiting)),
            running: Arc::new(Semaphore::new(config.concurrency)),
            computed: Arc::default(),
        })
    }

    /// Takes a place in the queue, or tells the caller to come again when it is full.
    pub(crate) fn admit(&self) -> Result<Admission, Error> {
        let permit = self.admitted.clone().try_acquire_owned();
        permit.map(Admission::new).map_err(|_| {
            refused(SERVICE, "passwords");
            Error::exhausted("too_many_passwords", "too many passwords are being checked", COME_AGAIN_AFTER)
        })
    }

    /// How many hashes were computed so far.
    #[cfg(test)]
    pub(crate) fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    /// Hashes a new password.
    pub(crate) async fn hash(&self, admission: Admission, password: SecretString) -> Result<String, Error> {
        let params = self.params.clone();
        let hash = move || argon::hash(&params, password.expose_secret().as_bytes());
        self.run(admission, hash).await?.map_err(Error::internal)
    }

    /// Whether the password has this hash. Without a hash, does the same work and says no.
    pub(crate) async fn verify(
        &self,
        admission: Admission,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<bool, Error> {
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.as_ref().to_owned());
        let verify = move || argon::verify(password.expose_secret().as_bytes(), &hash);
        Ok(exists & self.run(admission, verify).await?.map_err(Error::internal)?)
    }

    /// The place in the queue goes with the work, so that callers who leave do not let more in than can run.
    async fn run<T: Send + 'static>(
        &self,
        admission: Admission,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let asked = Instant::now();
        let running = self.running.clone().acquire_owned().await.map_err(Error::internal)?;
        histogram!("loljoa_password_wait_seconds", "service" => SERVICE)
            .record(asked.elapsed().as_secs_f64());
        self.computed.fetch_add(1, Ordering::Relaxed);
        let work = move || {
            let _places = (admission, running);
            work()
        };
        task::spawn_blocking(work).await.map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher(waiting: usize) -> Hasher {
        Hasher::new(&Config { memory_kib: 64, passes: 1, concurrency: 1, waiting }).unwrap()
    }

    fn password(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[tokio::test]
    async fn a_password_has_its_hash_and_no_other() {
        let hasher = hasher(0);
        let hash = hasher.hash(hasher.admit().unwrap(), password("correct horse")).await.unwrap();
        let verify = async |text: &str, hash: Option<&str>| {
            let hash = hash.map(str::to_owned);
            hasher.verify(hasher.admit().unwrap(), password(text), hash).await.unwrap()
        };
        assert!(verify("correct horse", Some(&hash)).await);
        assert!(!verify("wrong horse", Some(&hash)).await);
        assert!(!verify("correct horse", None).await);
        assert_eq!(hasher.computed(), 4, "a user who does not exist costs the same work");
    }

    #[tokio::test]
    async fn a_full_queue_turns_away_at_once() {
        let hasher = hasher(1);
        let places = (hasher.admit().unwrap(), hasher.admit().unwrap());
        assert_eq!(hasher.admit().unwrap_err().reason, "too_many_passwords");
        drop(places);
        assert!(hasher.admit().is_ok());
    }
}
