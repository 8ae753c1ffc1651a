//! Hashing passwords on threads of their own, a few at a time, so that a storm of log-ins leaves all else alone.

mod argon;
mod threads;

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
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{SERVICE, config::Passwords as Config};
use threads::Threads;

const COME_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Hashes and verifies passwords. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Hasher {
    params: Params,
    /// Who computes or waits. It bounds the queue of the threads.
    admitted: Arc<Semaphore>,
    threads: Threads,
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
            threads: Threads::start(config.concurrency)?,
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

    /// Takes every place, and every thread, until the handle is dropped.
    #[cfg(test)]
    pub(crate) fn occupy(&self) -> std::sync::mpsc::Sender<()> {
        let (release, gate) = std::sync::mpsc::channel::<()>();
        let gate = Arc::new(std::sync::Mutex::new(gate));
        while let Ok(admission) = self.admit() {
            let gate = Arc::clone(&gate);
            self.threads.give(move || {
                let _ = gate.lock().unwrap().recv();
                drop(admission);
            });
        }
        release
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

    /// The place in the queue goes with the work, so that callers who leave do not let more in than can run. Work that
    /// nobody waits for any more when its turn comes is not done.
    async fn run<T: Send + 'static>(
        &self,
        admission: Admission,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, computed) = oneshot::channel();
        let asked = Instant::now();
        let counter = Arc::clone(&self.computed);
        self.threads.give(move || {
            if answer.is_closed() {
                return;
            }
            histogram!("loljoa_password_wait_seconds", "service" => SERVICE)
                .record(asked.elapsed().as_secs_f64());
            counter.fetch_add(1, Ordering::Relaxed);
            let result = work();
            // Whoever gets the answer finds the place free.
            drop(admission);
            let _ = answer.send(result);
        });
        computed.await.map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

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
    async fn no_more_hashes_run_at_once_than_there_are_threads_and_none_for_who_has_left() {
        let hasher = hasher(2);
        let (began, running) = mpsc::channel();
        let (let_go, gate) = mpsc::channel::<()>();
        let (busy, place) = (hasher.clone(), hasher.admit().unwrap());
        let held = tokio::spawn(async move {
            let work = move || {
                began.send(()).unwrap();
                gate.recv()
            };
            busy.run(place, work).await
        });
        // Only once it runs does anybody else come.
        let running = tokio::task::spawn_blocking(move || running.recv());
        running.await.unwrap().unwrap();
        let mut left = Box::pin(hasher.run(hasher.admit().unwrap(), || ()));
        assert!(futures::poll!(&mut left).is_pending());
        let mut waits = Box::pin(hasher.run(hasher.admit().unwrap(), || ()));
        assert!(futures::poll!(&mut waits).is_pending());
        drop(left);
        assert_eq!(hasher.admit().unwrap_err().reason, "too_many_passwords");
        assert_eq!(hasher.computed(), 1);
        let_go.send(()).unwrap();
        waits.await.unwrap();
        held.await.unwrap().unwrap().unwrap();
        assert_eq!(hasher.computed(), 2);
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
