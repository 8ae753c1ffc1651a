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
use loljoa_service_kit::{grpc::Channel, identity::Keys};
use tokio::time;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use uuid::Uuid;

/// What account tells of, asked for again and again. While account does not answer, what is known stands.
pub(crate) struct Revocations {
    account: AccountServiceClient<Channel>,
    keys: Arc<Keys>,
    /// Until when each ended session has to be remembered.
    ended: RwLock<HashMap<Uuid, Instant>>,
}

impl Revocations {
    pub(crate) fn new(account: AccountServiceClient<Channel>, keys: Arc<Keys>) -> Self {
        Self { account, keys, ended: RwLock::default() }
    }

    /// Whether a session was ended, as far as is known here.
    pub(crate) fn has_ended(&self, session: Uuid) -> bool {
        self.ended.read().unwrap_or_else(PoisonError::into_inner).contains_key(&session)
    }

    /// Asks so often until `shutdown`.
    pub(crate) async fn follow(self: Arc<Self>, every: Duration, shutdown: CancellationToken) {
        let (mut since, mut answered) = (None, true);
        loop {
            match self.ask(since).await {
                Ok(until) => (since, answered) = (until.or(since), true),
                Err(error) => {
                    if answered {
                        tracing::warn!(%error, "which access tokens were revoked is not known for now");
                    }
                    answered = false;
                }
            }
            if shutdown.run_until_cancelled(time::sleep(every)).await.is_none() {
                return;
            }
        }
    }

    async fn ask(
        &self,
        since: Option<prost_types::Timestamp>,
    ) -> Result<Option<prost_types::Timestamp>, Status> {
        // A key that comes while account answers may be missing in the answer and is none that was removed.
        let known = self.keys.ids();
        let answer =
            self.account.clone().list_revocations(ListRevocationsRequest { since }).await?.into_inner();
        let removed: Vec<_> = known.into_iter().filter(|kid| !answer.key_ids.contains(kid)).collect();
        if !removed.is_empty() {
            tracing::info!(?removed, "signing keys are published no more");
            self.keys.remove(&removed);
        }
        self.remember(&answer);
        Ok(answer.until)
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
