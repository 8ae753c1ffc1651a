//! Which access tokens are good no more before their time.

use chrono::{DateTime, TimeDelta, Utc};
use loljoa_service_kit::Error;
use uuid::Uuid;

use super::Service;
use crate::{domain::session::access_session, store::sessions};

/// What is read again: an end is stamped before it is committed, by replicas whose clocks differ a little.
const OVERLAP: TimeDelta = TimeDelta::seconds(60);
/// The most sessions of one answer. What is beyond is in the next.
const MOST: i64 = 20_000;
/// The most sessions that are told of one instant. With those before it, an answer stays well below the largest message.
const MOST_AT_ONCE: i64 = 60_000;

/// What whoever checks access tokens has to know besides the keys.
#[derive(Debug)]
pub(crate) struct Revocations {
    pub(crate) key_ids: Vec<String>,
    /// As access tokens name them.
    pub(crate) sessions: Vec<Uuid>,
    pub(crate) until: DateTime<Utc>,
    pub(crate) keep: TimeDelta,
    /// Whether there are more ended sessions than these.
    pub(crate) more: bool,
}

impl Service {
    /// The keys of this moment, and the sessions that were ended since `since`, or within the life of a token.
    pub(crate) async fn revocations(&self, since: Option<DateTime<Utc>>) -> Result<Revocations, Error> {
        let keep = TimeDelta::from_std(self.keyring.token_lives()).unwrap_or(TimeDelta::MAX / 4);
        let oldest = self.clock.now() - keep;
        let after = since.map_or(oldest, |since| (since - OVERLAP).max(oldest));
        let key_ids = self.keyring.key_ids().await?;
        let mut ended = sessions::ended_after(&self.pool, after, MOST).await?;
        let last = ended.last().map_or(after, |(_, at)| *at);
        // Of a full page nothing is read again, lest it be the same page for ever.
        let more = i64::try_from(ended.len()).is_ok_and(|length| length >= MOST);
        if more {
            // The next answer begins after this instant; whoever ends them all at once does so in one.
            let with_the_last = sessions::ended_at(&self.pool, last, MOST_AT_ONCE).await?;
            ended.extend(with_the_last.into_iter().map(|session| (session, last)));
        }
        let until = if more {
            last + OVERLAP
        } else {
            // An end that a clock ahead has stamped is read again until it is past, and hides none that come before it.
            last.max(since.unwrap_or(oldest)).min(self.clock.now())
        };
        let sessions = ended.iter().map(|(session, _)| access_session(*session)).collect();
        Ok(Revocations { key_ids, sessions, until, keep, more })
    }
}
