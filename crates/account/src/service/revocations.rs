//! Which access tokens are good no more before their time.

use chrono::{DateTime, TimeDelta, Utc};
use loljoa_service_kit::{Error, postgres};
use uuid::Uuid;

use super::Service;
use crate::{domain::session::access_session, store::sessions};

/// What is read again: an end is stamped before it is committed, by replicas whose clocks differ a little.
const OVERLAP: TimeDelta = TimeDelta::seconds(60);
/// The most sessions of one answer. What is beyond is in the next.
const MOST: i64 = 20_000;

/// What whoever checks access tokens has to know besides the keys.
#[derive(Debug)]
pub(crate) struct Revocations {
    pub(crate) key_ids: Vec<String>,
    /// As access tokens name them.
    pub(crate) sessions: Vec<Uuid>,
    pub(crate) until: DateTime<Utc>,
    pub(crate) keep: TimeDelta,
}

impl Service {
    /// The keys of this moment, and the sessions that were ended since `since`, or within the life of a token.
    pub(crate) async fn revocations(&self, since: Option<DateTime<Utc>>) -> Result<Revocations, Error> {
        let keep = TimeDelta::from_std(self.keyring.token_lives()).unwrap_or(TimeDelta::MAX / 4);
        let oldest = self.clock.now() - keep;
        let after = since.map_or(oldest, |since| (since - OVERLAP).max(oldest));
        let key_ids = self.keyring.key_ids().await?;
        let ended = sessions::ended_after(&mut *postgres::reading(&self.pool).await?, after, MOST).await?;
        let last = ended.last().map_or(after, |(_, at)| *at);
        // Of a full page nothing is read again, lest it be the same page for ever.
        let read_on =
            if i64::try_from(ended.len()).is_ok_and(|length| length < MOST) { last } else { last + OVERLAP };
        // An end that a clock ahead has stamped is read again until it is past, and hides none that come before it.
        let until = read_on.max(since.unwrap_or(oldest)).min(self.clock.now());
        let sessions = ended.iter().map(|(session, _)| access_session(*session)).collect();
        Ok(Revocations { key_ids, sessions, until, keep })
    }
}
