//! Gathers waiting bets into one call.
//!
//! While a call is under way, arrivals queue; the next call takes all of them, up to what one call may hold. An idle system
//! bets at once, a busy one shares each call among hundreds (see [`loljoa_service_kit::gather`]).

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::FutureExt;
use loljoa_proto::betting::v1::{
    Bet, PlaceBet, PlaceBetResult, PlaceBetsRequest, PlaceBetsResponse, Refusal,
    betting_service_client::BettingServiceClient, place_bet_result,
};
use loljoa_service_kit::{
    Caller, Error, ErrorCode, MarketId,
    gather::Batches,
    grpc::{Channel, client::batch},
    telemetry,
};
use metrics::{counter, gauge, histogram};
use tokio::{
    sync::{mpsc, oneshot},
    time,
};
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tracing::{Instrument, Span, info_span};

use super::markets::Hub;
use crate::{
    SERVICE,
    api::market::Rendered,
    call::{self, stopping},
    config::Bets,
    usernames::Usernames,
};

/// What one `PlaceBets` call may hold.
const MAX_BATCH: usize = 1_000;
/// How often is told how many bets wait.
const METRICS_EVERY: Duration = Duration::from_secs(1);

/// A bet that stands.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) bet: Bet,
    /// The bet's market after the batch.
    pub(crate) market: Arc<Rendered>,
    /// Whether the bet was there before.
    pub(crate) replayed: bool,
}

type Answer = Result<Placed, Error>;

struct Item {
    bet: PlaceBet,
    span: Span,
    caller: Caller,
    answer: oneshot::Sender<Answer>,
}

/// Places bets. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Handle(mpsc::Sender<Item>);

/// Tells how many bets wait, without keeping the queue open.
pub(crate) struct Depth(mpsc::WeakSender<Item>);

/// Makes the calls; one for all the workers of a replica.
pub(crate) struct Coalescer {
    batches: Batches<Item>,
    betting: BettingServiceClient<Channel>,
    usernames: Arc<Usernames>,
    markets: Arc<Hub>,
}

/// What goes into one call, and who waits for it.
struct Call {
    span: Span,
    caller: Caller,
    bets: Vec<PlaceBet>,
    answers: Vec<oneshot::Sender<Answer>>,
}

/// A coalescer with a queue as configured.
pub(crate) fn new(
    betting: BettingServiceClient<Channel>,
    usernames: Arc<Usernames>,
    markets: Arc<Hub>,
    config: &Bets,
) -> (Handle, Arc<Coalescer>) {
    let (handle, batches) = bounded(config);
    (handle, Arc::new(Coalescer { batches, betting, usernames, markets }))
}

fn bounded(config: &Bets) -> (Handle, Batches<Item>) {
    let (sender, receiver) = mpsc::channel(config.queue);
    (Handle(sender), Batches::new(receiver, MAX_BATCH, |_| 1, config.gather))
}

/// Bets on their way from requests to a call, without a worker: what benchmarks measure of a call.
pub(crate) fn gathered(bets: Vec<PlaceBet>) -> PlaceBetsRequest {
    let (handle, batches) = bounded(&Bets { queue: bets.len(), ..Bets::default() });
    let mut requests: Vec<_> = bets.into_iter().map(|bet| Box::pin(handle.place(bet))).collect();
    for request in &mut requests {
        // It has put its bet into the queue, and waits.
        let _ = request.now_or_never();
    }
    let items = next(&batches).now_or_never().flatten().unwrap_or_default();
    PlaceBetsRequest { bets: Call::of(still_waited_for(items)).bets }
}

impl Handle {
    /// Waits until `bet` is placed or refused. A full queue refuses at once.
    pub(crate) async fn place(&self, mut bet: PlaceBet) -> Answer {
        bet.traceparent = telemetry::traceparent();
        let (answer, answered) = oneshot::channel();
        let item = Item { bet, span: Span::current(), caller: Caller::present(), answer };
        self.0.try_send(item).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                counter!("loljoa_bet_queue_refusals_total", "service" => SERVICE).increment(1);
                Error::exhausted("queue_full", "too many bets at once", Duration::from_secs(1))
            }
            mpsc::error::TrySendError::Closed(_) => stopping(),
        })?;
        answered.await.unwrap_or_else(|_| Err(stopping()))
    }

    /// What tells how many bets wait.
    pub(crate) fn depth(&self) -> Depth {
        Depth(self.0.downgrade())
    }
}

impl Depth {
    fn get(&self) -> usize {
        self.0.upgrade().map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }
}

/// Tells over and over how many bets wait in all of these queues. A batch takes all that waits at its begin, so what was left by
/// the last one says nothing.
pub(crate) async fn report_depth(queues: Vec<Depth>, closing: CancellationToken) {
    let mut ticks = time::interval(METRICS_EVERY);
    while closing.run_until_cancelled(ticks.tick()).await.is_some() {
        let waiting = queues.iter().map(Depth::get).sum();
        gauge!("loljoa_bet_queue_depth", "service" => SERVICE).set(count(waiting));
    }
}

async fn next(batches: &Batches<Item>) -> Option<Vec<Item>> {
    Some(batches.next().await?.items)
}

impl Call {
    fn of(items: Vec<Item>) -> Self {
        histogram!("loljoa_bet_batch_size", "service" => SERVICE).record(count(items.len()));
        let span = telemetry::shared(
            items.iter().map(|item| &item.span),
            |first| info_span!(parent: first, "place_bets", service = SERVICE, size = items.len()),
        );
        // The call may take as long as the most patient of those who wait for it.
        let callers = items.iter().map(|item| item.caller.clone());
        let caller = callers.reduce(|one, other| one.or(&other)).unwrap_or_default();
        let (bets, answers) = items.into_iter().map(|item| (item.bet, item.answer)).unzip();
        Self { span, caller, bets, answers }
    }
}

impl Coalescer {
    /// Makes calls until every [`Handle`] is gone and the queue is empty.
    pub(crate) async fn work(self: Arc<Self>) {
        while let Some(items) = next(&self.batches).await {
            let items = still_waited_for(items);
            if !items.is_empty() {
                self.place(items).await;
            }
        }
    }

    async fn place(&self, items: Vec<Item>) {
        let Call { span, caller, bets, answers } = Call::of(items);
        let results = caller.scope(self.call(bets).instrument(span)).await;
        for (answer, result) in answers.into_iter().zip(results) {
            // The client may be gone; the bet stands, and the same request again finds it.
            let _ = answer.send(result);
        }
    }

    /// One answer for each bet. Repeating the call is safe: each bet has its key.
    async fn call(&self, bets: Vec<PlaceBet>) -> Vec<Answer> {
        let size = bets.len();
        let answers = match self.betting.clone().place_bets(batch(PlaceBetsRequest { bets })).await {
            Ok(response) => self.answers(response.into_inner(), size).await,
            Err(status) => Err(Error::from(status)),
        };
        answers.unwrap_or_else(|error| vec![Err(error); size])
    }

    async fn answers(&self, response: PlaceBetsResponse, size: usize) -> Result<Vec<Answer>, Error> {
        let found = response.results.len();
        if found != size {
            return Err(Error::internal(format_args!("{size} bets got {found} answers")));
        }
        let markets = self.usernames.name(response.markets).await?;
        self.markets.note(&markets);
        let markets = markets.into_iter().map(|market| (market.market_id, market)).collect();
        Ok(response.results.into_iter().map(|result| answer(result, &markets)).collect())
    }
}

fn answer(result: PlaceBetResult, markets: &HashMap<MarketId, Arc<Rendered>>) -> Answer {
    use place_bet_result::Result::{Placed as Stands, Refusal as Refused};
    match result.result {
        Some(Stands(placed)) => {
            let bet = placed.bet.ok_or_else(|| Error::internal("a placed bet came without the bet"))?;
            let market = MarketId::parse(&bet.market_id).ok().and_then(|id| markets.get(&id).cloned());
            let market = market.ok_or_else(|| Error::internal("a placed bet came without its market"))?;
            Ok(Placed { bet, market, replayed: placed.replayed })
        }
        Some(Refused(refusal)) => Err(refused(refusal)),
        None => Err(Error::internal("a bet came back neither placed nor refused")),
    }
}

/// Whoever has gone away meanwhile, or has no time left, has no bet yet, and need not get one.
fn still_waited_for(items: Vec<Item>) -> Vec<Item> {
    let waits = |item: &Item| item.caller.waits() && !item.answer.is_closed();
    call::still_waited_for("bets", items, waits, |item, gone| drop(item.answer.send(Err(gone))))
}

/// A number for a metric.
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn refused(refusal: Refusal) -> Error {
    let code = ErrorCode::from_grpc(Code::from_i32(refusal.code));
    let error = Error::new(code, &refusal.reason, refusal.message.clone());
    let later = matches!(code, ErrorCode::Exhausted | ErrorCode::Unavailable);
    let error = Error { retry_after: later.then_some(Duration::from_secs(1)), ..error };
    if refusal.field.is_empty() {
        error
    } else {
        Error { message: "the request is not valid".into(), ..error }
            .with_field(&refusal.field, refusal.message)
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;

    fn item(caller: Caller) -> (Item, oneshot::Receiver<Answer>) {
        let (answer, answered) = oneshot::channel();
        (Item { bet: PlaceBet::default(), span: Span::none(), caller, answer }, answered)
    }

    #[tokio::test]
    async fn a_bet_that_nobody_waits_for_is_not_sent() {
        let (gone, long) = (CancellationToken::new(), Duration::from_mins(1));
        let (left, left_answer) = item(Caller::waiting(long, gone.clone()));
        let (late, late_answer) = item(Caller::waiting(Duration::ZERO, CancellationToken::new()));
        let (deaf, _) = item(Caller::waiting(long, CancellationToken::new()));
        let (waiting, _answer) = item(Caller::waiting(long, CancellationToken::new()));
        gone.cancel();
        assert_eq!(still_waited_for(vec![left, late, deaf, waiting]).len(), 1);
        for answer in [left_answer, late_answer] {
            assert_eq!(answer.await.unwrap().unwrap_err().code, ErrorCode::Unavailable);
        }
    }

    #[tokio::test]
    async fn what_waits_is_told_until_a_batch_takes_it_and_does_not_keep_the_queue_open() {
        let (handle, batches) = bounded(&Bets::default());
        let depth = handle.depth();
        let mut bets: Vec<_> = (0..3).map(|_| Box::pin(handle.place(PlaceBet::default()))).collect();
        for bet in &mut bets {
            assert!(bet.now_or_never().is_none());
        }
        assert_eq!(depth.get(), 3);
        assert_eq!(next(&batches).await.unwrap().len(), 3);
        assert_eq!(depth.get(), 0);
        drop(bets);
        drop(handle);
        assert!(next(&batches).await.is_none());
    }
}
