//! How the system is, for everybody. Many ask at once, and one look serves them all for a second.

mod merge;
mod rules;

use std::time::Duration;

use bytes::Bytes;
use futures::future::{join_all, join3};
use loljoa_proto::{
    account::v1 as account, betting::v1 as betting, league_schedule::v1::ListTournamentsRequest,
};
use loljoa_service_kit::{Caller, Clock, Error};
use tokio::{
    sync::Mutex,
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;

use self::merge::{Answers, merge};
use crate::{call::repeat, services::Services};

/// How long a look serves.
const FRESH: Duration = Duration::from_secs(1);
/// Who has not answered by then does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The last look, as JSON. While one is taken, whoever comes waits for it.
pub(crate) struct Look {
    patience: Duration,
    last: Mutex<Option<(Instant, Bytes)>>,
}

impl Look {
    /// Of requests that have `timeout` to be answered.
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { patience: PATIENCE.min(timeout / 2), last: Mutex::default() }
    }

    /// The system's status as JSON, at most a second old, and as old as it took to be read.
    ///
    /// # Errors
    ///
    /// Never for what others answer; only when it cannot be written as JSON.
    pub(crate) async fn take(&self, services: &Services, clock: &Clock) -> Result<Bytes, Error> {
        let mut last = self.last.lock().await;
        if let Some((taken, json)) = &*last
            && taken.elapsed() < FRESH
        {
            return Ok(json.clone());
        }
        // For everybody who waits: nothing depends on whether the one who came first still does.
        let caller = Caller::waiting(self.patience, CancellationToken::new());
        let measured_at = clock.now();
        let answers = caller.scope(ask(services, self.patience)).await;
        let json = Bytes::from(serde_json::to_vec(&merge(measured_at, answers)).map_err(Error::internal)?);
        *last = Some((Instant::now(), json.clone()));
        Ok(json)
    }
}

/// Asks every cell of every part at once.
async fn ask(services: &Services, patience: Duration) -> Answers {
    let accounts = services.accounts();
    let accounts = accounts.iter().map(|cell| {
        let answer = async { repeat!(cell, get_status, account::GetStatusRequest {}) };
        in_time("account", patience, answer)
    });
    let bettings = services.bettings();
    let bettings = bettings.iter().map(|cell| {
        let answer = async { repeat!(cell, get_status, betting::GetStatusRequest {}) };
        in_time("betting", patience, answer)
    });
    // It keeps no figures. What it is asked it answers from its database.
    let league = async { repeat!(services.league(), list_tournaments, ListTournamentsRequest {}) };
    let league = in_time("league-schedule", patience, league);
    let (account, betting, league) = join3(join_all(accounts), join_all(bettings), league).await;
    Answers { account, betting, league: league.is_some() }
}

/// An answer, if it comes.
async fn in_time<T>(
    part: &'static str,
    patience: Duration,
    answer: impl Future<Output = Result<T, Error>>,
) -> Option<T> {
    match time::timeout(patience, answer).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(error)) => {
            tracing::debug!(%error, part, "no status");
            None
        }
        Err(_) => {
            tracing::debug!(part, "no status in time");
            None
        }
    }
}
