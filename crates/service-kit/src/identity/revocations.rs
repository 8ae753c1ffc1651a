//! Access tokens that are good no more before their time: those of sessions that were ended, and those of keys that were
//! removed.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use loljoa_proto::account::v1::{
    ListRevocationsRequest, ListRevocationsResponse, account_service_client::AccountServiceClient,
};
use prost_types::Timestamp;
use tokio::{sync::Mutex, time};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use uuid::Uuid;

use super::Keys;
use crate::{
    Error,
    grpc::{Channel, client::repeatable},
};

/// What account tells of, asked for again and again. While account does not answer, what is known stands, and gets older.
pub struct Revocations {
    account: AccountServiceClient<Channel>,
    keys: Arc<Keys>,
    /// Until when each ended session has to be remembered.
    ended: RwLock<HashMap<Uuid, Instant>>,
    /// Up to when everything is known.
    known: RwLock<Option<Instant>>,
    asking: Mutex<Asking>,
}

/// One question at a time is under way.
struct Asking {
    since: Option<Timestamp>,
    tried: Option<Instant>,
    answered: bool,
}

impl Revocations {
    /// What account tells of sessions, and of `keys`, which are kept to those that are still there.
    #[must_use]
    pub fn new(account: Channel, keys: Arc<Keys>) -> Self {
        Self {
            account: AccountServiceClient::new(account),
            keys,
            ended: RwLock::default(),
            known: RwLock::default(),
            asking: Mutex::new(Asking { since: None, tried: None, answered: true }),
        }
    }

    /// Whether a session was ended, as far as is known here.
    #[must_use]
    pub fn has_ended(&self, session: Uuid) -> bool {
        self.ended.read().unwrap_or_else(PoisonError::into_inner).contains_key(&session)
    }

    /// Asks so often until `shutdown`.
    pub async fn follow(self: Arc<Self>, every: Duration, shutdown: CancellationToken) {
        loop {
            // Whoever waits for an answer at the end need not.
            let asked = async { self.ask(&mut *self.asking.lock().await).await };
            let _ = shutdown.run_until_cancelled(asked).await;
            if shutdown.run_until_cancelled(time::sleep(every)).await.is_none() {
                return;
            }
        }
    }

    /// Sees to it that what is known is no older than `age`, and asks if need be.
    ///
    /// # Errors
    ///
    /// `revocations_unknown` (code `unavailable`) when account does not answer. Those who ask meanwhile share that one attempt.
    pub async fn known_within(&self, age: Duration) -> Result<(), Error> {
        let began = Instant::now();
        let earliest = began.checked_sub(age);
        if self.is_known_since(earliest) {
            return Ok(());
        }
        let mut asking = self.asking.lock().await;
        if asking.tried.is_none_or(|tried| tried < began) && !self.is_known_since(earliest) {
            self.ask(&mut asking).await.map_err(|_| not_known())?;
        }
        if self.is_known_since(earliest) { Ok(()) } else { Err(not_known()) }
    }

    fn is_known_since(&self, earliest: Option<Instant>) -> bool {
        let known = *self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.is_some_and(|known| earliest.is_none_or(|earliest| earliest <= known))
    }

    async fn ask(&self, asking: &mut Asking) -> Result<(), Status> {
        let asked = Instant::now();
        asking.tried = Some(asked);
        let result = self.read_on(asking).await;
        if let Err(error) = &result
            && asking.answered
        {
            tracing::warn!(%error, "which access tokens were revoked is not known for now");
        }
        asking.answered = result.is_ok();
        if result.is_ok() {
            *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(asked);
        }
        result
    }

    /// Reads all that there is to tell at this moment.
    async fn read_on(&self, asking: &mut Asking) -> Result<(), Status> {
        loop {
            // A key that comes while account answers may be missing in the answer and is none that was removed.
            let known = self.keys.ids();
            let request = repeatable(ListRevocationsRequest { since: asking.since });
            let answer = self.account.clone().list_revocations(request).await?.into_inner();
            let removed: Vec<_> = known.into_iter().filter(|kid| !answer.key_ids.contains(kid)).collect();
            if !removed.is_empty() {
                tracing::info!(?removed, "signing keys are published no more");
                self.keys.remove(&removed);
            }
            self.remember(&answer);
            asking.since = answer.until.or(asking.since);
            if !answer.more {
                return Ok(());
            }
        }
    }

    fn remember(&self, answer: &ListRevocationsResponse) {
        let now = Instant::now();
        let until = now + Duration::from_secs(answer.keep_seconds.unsigned_abs());
        let mut ended = self.ended.write().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|_, until| now < *until);
        for session in answer.access_session_ids.iter().filter_map(|id| Uuid::parse_str(id).ok()) {
            ended.entry(session).or_insert(until);
        }
    }
}

fn not_known() -> Error {
    let message = "whether the session goes on cannot be told for now";
    Error { reason: "revocations_unknown".to_owned(), ..Error::unavailable(message) }
}
