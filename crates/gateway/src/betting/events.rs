//! What one client's stream tells: snapshots of the markets it watches, and what happens to its own bets.
//!
//! A slow client gets the latest state when it is ready for it; nothing queues for it here.

use std::{collections::HashMap, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use loljoa_proto::betting::v1::{self as pb, WatchBetsRequest, betting_service_client::BettingServiceClient};
use loljoa_service_kit::{AccountId, Cells, Error, MarketId, MatchId, grpc::Channel};
use tokio::{sync::mpsc, time};
use tokio_util::task::AbortOnDropHandle;

use super::markets::{Hub, Snapshot, pauses};
use crate::api::betting::{Bet, BetState};

/// Events of own bets that wait for a reader who is busy.
const MAX_WAITING: usize = 64;
/// At most four snapshots of a market in a second.
const ROUND: Duration = Duration::from_millis(250);

/// What a stream tells.
#[derive(Debug)]
pub(crate) enum Event {
    /// A market as it is when the stream begins.
    Present(Arc<Snapshot>),
    /// A market as it has become.
    Changed(Arc<Snapshot>),
    /// What happened to one of the client's own bets.
    Bet(Box<Bet>),
    /// Nothing, now and then.
    Alive,
    /// The reader has left so many events that one had to be dropped.
    Behind,
    /// Betting does not answer; what comes next may be late.
    Reconnecting,
    /// Betting answers again; events of own bets may have been missed, so read them anew.
    Resync,
}

/// The present state of the markets of `matches`, then their changes.
pub(crate) fn of_markets(hub: Arc<Hub>, matches: Vec<MatchId>) -> impl Stream<Item = Event> {
    async_stream::stream! {
        let mut connected = hub.subscribe();
        let mut seen = HashMap::new();
        let mut pauses = pauses();
        let present = loop {
            match hub.present(&matches).await {
                Ok(present) => break present,
                Err(_) => yield Event::Reconnecting,
            }
            time::sleep(pauses.next().unwrap_or_default()).await;
        };
        for snapshot in newer(&mut seen, present) {
            yield Event::Present(snapshot);
        }
        loop {
            for snapshot in newer(&mut seen, hub.latest(&matches)) {
                yield Event::Changed(snapshot);
            }
            time::sleep(ROUND).await;
            if connected.changed().await.is_err() {
                break;
            }
            if !*connected.borrow_and_update() {
                yield Event::Reconnecting;
            }
        }
    }
}

fn newer(seen: &mut HashMap<MarketId, i64>, snapshots: Vec<Arc<Snapshot>>) -> Vec<Arc<Snapshot>> {
    let mut newer = snapshots;
    newer.retain(|snapshot| {
        let (id, revision) = (snapshot.market.market_id, snapshot.market.revision);
        let is_newer = seen.get(&id).is_none_or(|seen| *seen < revision);
        if is_newer {
            seen.insert(id, revision);
        }
        is_newer
    });
    newer
}

/// What happens to the bets of `account_id` from now on, in every cell of betting.
pub(crate) fn of_bets(
    hub: &Arc<Hub>,
    betting: &Cells<BettingServiceClient<Channel>>,
    account_id: AccountId,
) -> impl Stream<Item = Event> + use<> {
    let cells = betting.iter().map(|cell| of_bets_in(Arc::clone(hub), cell.clone(), account_id));
    stream::select_all(cells.map(Box::pin).collect::<Vec<_>>())
}

fn of_bets_in(
    hub: Arc<Hub>,
    mut betting: BettingServiceClient<Channel>,
    account_id: AccountId,
) -> impl Stream<Item = Event> {
    ahead(async_stream::stream! {
        let mut pauses = pauses();
        let mut missed = false;
        loop {
            let request = WatchBetsRequest { account_id: account_id.to_string() };
            if let Ok(watch) = betting.watch_bets(request).await {
                pauses = self::pauses();
                if missed {
                    yield Event::Resync;
                }
                let mut changes = watch.into_inner();
                while let Ok(Some(change)) = changes.message().await {
                    // What cannot be read has been logged.
                    if let Some(Ok(bet)) = change.bet.map(|bet| render(&hub, &bet)) {
                        yield Event::Bet(Box::new(bet));
                    }
                }
            }
            missed = true;
            yield Event::Reconnecting;
            time::sleep(pauses.next().unwrap_or_default()).await;
        }
    })
}

/// Takes `events` as they come, whether the reader has time or not: what is left with betting's connection holds up
/// everybody's. One that finds [`MAX_WAITING`] before it ends them.
fn ahead(events: impl Stream<Item = Event> + Send + 'static) -> impl Stream<Item = Event> {
    let (sender, mut waiting) = mpsc::channel(MAX_WAITING);
    let taking = async move {
        let mut events = pin!(events);
        while let Some(event) = events.next().await {
            if sender.try_send(event).is_err() {
                return;
            }
        }
    };
    let task = AbortOnDropHandle::new(tokio::spawn(taking));
    async_stream::stream! {
        let _taken_meanwhile = task;
        while let Some(event) = waiting.recv().await {
            yield event;
        }
        yield Event::Behind;
    }
}

fn render(hub: &Hub, bet: &pb::Bet) -> Result<Bet, Error> {
    let market = MatchId::parse(&bet.match_id).ok().zip(MarketId::parse(&bet.market_id).ok());
    let market = market.and_then(|(match_id, market_id)| hub.market(match_id, market_id));
    Bet::new(bet, market.as_deref())
}

/// An event as it is sent. `data` is JSON, which has no line breaks.
pub(crate) fn frame(name: &str, data: &str) -> Bytes {
    Bytes::from(["event: ", name, "\ndata: ", data, "\n\n"].concat())
}

/// What the event of a bet in this state is called.
pub(crate) const fn name(state: BetState) -> &'static str {
    match state {
        BetState::Accepted => "accepted",
        BetState::Cancelled => "cancelled",
        BetState::Refunded => "refunded",
        BetState::Won | BetState::Lost => "settled",
        BetState::Void => "voided",
    }
}
