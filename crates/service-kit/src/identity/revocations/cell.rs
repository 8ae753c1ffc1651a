//! What one cell of account tells of tokens that are good no more.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use loljoa_proto::account::v1::{ListRevocationsRequest, account_service_client::AccountServiceClient};
use prost_types::Timestamp;
use tokio::{sync::Mutex, time};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::Ended;
use crate::{
    Error,
    grpc::{Channel, client::repeatable},
    identity::Keys,
};

/// What a cell tells of, asked for again and again. While it does not answer, what is known stands, and gets older.
pub(super) struct CellRevocations {
    account: AccountServiceClient<Channel>,
    /// Which cell it is.
    place: usize,
    keys: Arc<Keys>,
    ended: Arc<Ended>,
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

impl CellRevocations {
    /// What the cell at this place tells of sessions, and of its `keys`, which are kept to those that are still there.
    #[must_use]
    pub(super) fn new(account: Channel, place: usize, keys: Arc<Keys>, ended: Arc<Ended>) -> Self {
        Self {
            account: AccountServiceClient::new(account),
            place,
            keys,
            ended,
            known: RwLock::default(),
            asking: Mutex::new(Asking { since: None, tried: None, answered: true }),
        }
    }

    /// Asks so often until `shutdown`.
    pub(super) async fn follow(&self, every: Duration, shutdown: CancellationToken) {
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
    pub(super) async fn known_within(&self, age: Duration) -> Result<(), Error> {
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
            tracing::warn!(
                event = "tokens.revocations_unknown",
                %error, "which access tokens were revoked is not known for now"
            );
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
            let known = self.keys.ids_of(self.place);
            let request = repeatable(ListRevocationsRequest { since: asking.since });
            let answer = self.account.clone().list_revocations(request).await?.into_inner();
            let removed: Vec<_> = known.into_iter().filter(|kid| !answer.key_ids.contains(kid)).collect();
            if !removed.is_empty() {
                tracing::info!(event = "tokens.keys_removed", ?removed, "signing keys are published no more");
                self.keys.remove_of(self.place, &removed);
            }
            self.ended.remember(&answer);
            asking.since = answer.until.or(asking.since);
            if !answer.more {
                return Ok(());
            }
        }
    }
}

fn not_known() -> Error {
    let message = "whether the session goes on cannot be told for now";
    Error { reason: "revocations_unknown".to_owned(), ..Error::unavailable(message) }
}
