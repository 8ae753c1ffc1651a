//! Looks at markets that many take at once.
//!
//! While a read is under way, whoever comes waits for the next, which begins later than their request and reads each match
//! once for all of them. So nobody sees what was read before they asked, and a match that everybody looks at costs little more
//! than one that nobody does (see [`loljoa_service_kit::gather`]).

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use futures::future::join_all;
use loljoa_proto::betting::v1::{ListMarketsRequest, betting_service_client::BettingServiceClient};
use loljoa_service_kit::{
    Caller, Cells, Error, MatchId, Slot,
    gather::{Batches, Gathering},
    grpc::Channel,
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    api::market::Rendered,
    call::{self, repeat, stopping},
    usernames::Usernames,
};

/// Looks that may wait; there are no more requests than `limits.max_in_flight`, and streams that begin.
const QUEUE: usize = 10_000;
/// Reads under way at once.
pub(crate) const WORKERS: usize = 2;
/// Matches that one read may be about, those that were asked for twice counted twice.
const MAX_BATCH: usize = 2_000;
/// Matches that one call may name.
pub(crate) const MAX_MATCHES: usize = 100;
/// Calls of one read at once.
const CALLS: usize = 2;
/// Markets in one answer.
const PAGE: i32 = 100;

/// What was read of each match.
pub(crate) type Markets = HashMap<MatchId, Vec<Arc<Rendered>>>;
type Found = HashMap<MatchId, Result<Vec<Arc<Rendered>>, Error>>;

struct Look {
    matches: Vec<MatchId>,
    caller: Caller,
    found: oneshot::Sender<Result<Markets, Error>>,
}

/// Takes looks. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Looks(mpsc::Sender<Look>);

/// Reads for those who wait; one for all the workers of a replica.
pub(crate) struct Looker {
    batches: Batches<Look>,
    betting: Cells<BettingServiceClient<Channel>>,
    usernames: Arc<Usernames>,
}

/// Looks, and who reads for them.
pub(crate) fn new(
    betting: Cells<BettingServiceClient<Channel>>,
    usernames: Arc<Usernames>,
) -> (Looks, Arc<Looker>) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let batches = Batches::new(receiver, MAX_BATCH, |look: &Look| look.matches.len(), Gathering::default());
    (Looks(sender), Arc::new(Looker { batches, betting, usernames }))
}

impl Looks {
    /// All markets of each of these matches, those that are over too. Read after this was called.
    pub(crate) async fn at(&self, matches: Vec<MatchId>) -> Result<Markets, Error> {
        let (found, answer) = oneshot::channel();
        let look = Look { matches, caller: Caller::present(), found };
        self.0.try_send(look).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                Error::exhausted("queue_full", "too many looks at once", Duration::from_secs(1))
            }
            mpsc::error::TrySendError::Closed(_) => stopping(),
        })?;
        answer.await.unwrap_or_else(|_| Err(stopping()))
    }
}

impl Looker {
    /// Reads until every [`Looks`] is gone.
    pub(crate) async fn work(self: Arc<Self>) {
        while let Some(batch) = self.batches.next().await {
            let looks = still_waited_for(batch.items);
            // The read may take as long as the most patient of those who wait for it.
            let callers = looks.iter().map(|look| look.caller.clone());
            let Some(caller) = callers.reduce(|one, other| one.or(&other)) else { continue };
            let matches: HashSet<_> = looks.iter().flat_map(|look| &look.matches).copied().collect();
            let found = caller.scope(self.read(matches)).await;
            for look in looks {
                // Whoever has gone meanwhile misses nothing.
                let _ = look.found.send(part(&found, &look.matches));
            }
        }
    }

    async fn read(&self, matches: HashSet<MatchId>) -> Found {
        let matches: Vec<_> = matches.into_iter().collect();
        let places = self.betting.split(&matches, |id| Slot::of_match(*id));
        let cells = self.betting.iter().zip(places).map(|(cell, places)| {
            let of_cell: Vec<_> =
                places.into_iter().filter_map(|place| matches.get(place).copied()).collect();
            async move {
                let calls: Vec<_> = of_cell.chunks(MAX_MATCHES).collect();
                let mut found = Found::new();
                for calls in calls.chunks(CALLS) {
                    let answers = join_all(calls.iter().map(|matches| self.read_some(cell, matches))).await;
                    found.extend(answers.into_iter().flatten());
                }
                found
            }
        });
        join_all(cells).await.into_iter().flatten().collect()
    }

    async fn read_some(&self, cell: &BettingServiceClient<Channel>, matches: &[MatchId]) -> Found {
        match self.list(cell, matches).await {
            Err(error) => matches.iter().map(|match_id| (*match_id, Err(error.clone()))).collect(),
            Ok(markets) => {
                let mut found: HashMap<_, Vec<_>> = matches.iter().map(|id| (*id, Vec::new())).collect();
                for market in markets {
                    found.entry(market.match_id).or_default().push(market);
                }
                found.into_iter().map(|(match_id, markets)| (match_id, Ok(markets))).collect()
            }
        }
    }

    async fn list(
        &self,
        cell: &BettingServiceClient<Channel>,
        matches: &[MatchId],
    ) -> Result<Vec<Arc<Rendered>>, Error> {
        let match_ids: Vec<String> = matches.iter().map(ToString::to_string).collect();
        let (mut markets, mut cursor) = (Vec::new(), String::new());
        loop {
            let request = ListMarketsRequest { match_ids: match_ids.clone(), limit: PAGE, cursor };
            let page = repeat!(cell, list_markets, request)?;
            markets.extend(page.markets);
            cursor = page.next_cursor;
            if cursor.is_empty() {
                return self.usernames.name(markets).await;
            }
        }
    }
}

/// What was found of these matches.
fn part(found: &Found, matches: &[MatchId]) -> Result<Markets, Error> {
    let unread = || Err(Error::internal("a match was not read"));
    let of_match = |id: &MatchId| Ok((*id, found.get(id).cloned().unwrap_or_else(unread)?));
    matches.iter().map(of_match).collect()
}

/// Whoever has gone away meanwhile, or has no time left, is not read for.
fn still_waited_for(looks: Vec<Look>) -> Vec<Look> {
    let waits = |look: &Look| look.caller.waits() && !look.found.is_closed();
    call::still_waited_for("looks", looks, waits, |look, gone| drop(look.found.send(Err(gone))))
}
