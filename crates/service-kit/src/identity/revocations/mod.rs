//! Access tokens that are good no more before their time: those of sessions that were ended, and those of keys that were
//! removed.

mod cell;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use futures::future;
use loljoa_proto::account::v1::ListRevocationsResponse;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::cell::CellRevocations;
use super::Keys;
use crate::{AccountId, Cells, Error, Slot, grpc::Channel};

/// What all cells of account tell of, each asked again and again.
pub struct Revocations {
    cells: Cells<CellRevocations>,
    ended: Arc<Ended>,
}

impl Revocations {
    /// What account tells of sessions, and of `keys`, which are kept to those that are still there.
    #[must_use]
    pub fn new(account: impl Into<Cells<Channel>>, keys: &Arc<Keys>) -> Self {
        let ended = Arc::new(Ended::default());
        let mut places = 0..;
        let cells = account.into().map(|cell| {
            let (keys, ended) = (Arc::clone(keys), Arc::clone(&ended));
            CellRevocations::new(cell.clone(), places.next().unwrap_or_default(), keys, ended)
        });
        Self { cells, ended }
    }

    /// Whether a session was ended, as far as is known here.
    #[must_use]
    pub fn has_ended(&self, session: Uuid) -> bool {
        self.ended.read().contains_key(&session)
    }

    /// Asks so often until `shutdown`.
    pub async fn follow(self: Arc<Self>, every: Duration, shutdown: CancellationToken) {
        future::join_all(self.cells.iter().map(|cell| cell.follow(every, shutdown.clone()))).await;
    }

    /// Sees to it that what is known of an account's sessions is no older than `age`, and asks its cell if need be.
    ///
    /// # Errors
    ///
    /// `revocations_unknown` (code `unavailable`) when account does not answer. Those who ask meanwhile share that one attempt.
    pub async fn known_within(&self, account: AccountId, age: Duration) -> Result<(), Error> {
        self.cells.at(Slot::of_account(account)).known_within(age).await
    }
}

/// Until when each ended session has to be remembered.
#[derive(Default)]
struct Ended(RwLock<HashMap<Uuid, Instant>>);

impl Ended {
    fn read(&self) -> std::sync::RwLockReadGuard<'_, HashMap<Uuid, Instant>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, answer: &ListRevocationsResponse) {
        let now = Instant::now();
        let until = now + Duration::from_secs(answer.keep_seconds.unsigned_abs());
        let mut ended = self.0.write().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|_, until| now < *until);
        for session in answer.access_session_ids.iter().filter_map(|id| Uuid::parse_str(id).ok()) {
            ended.entry(session).or_insert(until);
        }
    }
}
