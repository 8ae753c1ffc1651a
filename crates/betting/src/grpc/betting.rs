//! `BettingService`, for the edge.

use std::{collections::HashMap, iter, pin::Pin, sync::Arc};

use chrono::TimeDelta;
use futures::{Stream, StreamExt};
use loljoa_proto::betting::v1::{self as proto, betting_service_server::BettingService};
use loljoa_service_kit::{
    AccountId, BetId, Error, IdempotencyKey, MarketId, MatchId, OutcomeId, Points, telemetry::Trace,
};
use sqlx::PgPool;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, async_trait};
use tracing::{Span, info_span};

use super::message;
use crate::{
    domain::{Bet, Market, NewBet},
    service::{
        MarketCache,
        bets::Bets,
        markets,
        placement::{Answer, Placement},
        status,
        watch::{BetWatch, MarketWatch},
    },
};

/// The most bets in one call.
const MAX_BETS: usize = 1_000;

/// Serves `BettingService`.
pub(crate) struct Betting {
    /// Reads of markets.
    pub(crate) pool: PgPool,
    /// Markets as they were a moment ago.
    pub(crate) market_cache: MarketCache,
    /// Places bets.
    pub(crate) placement: Placement,
    /// Reads and cancels bets.
    pub(crate) bets: Bets,
    /// Watches markets.
    pub(crate) market_watch: MarketWatch,
    /// Watches bets.
    pub(crate) bet_watch: BetWatch,
    /// How long before the lock cancelling ends.
    pub(crate) cancel_window: TimeDelta,
    /// Ends streams.
    pub(crate) closing: CancellationToken,
}

type Watching<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Betting {
    /// Places the bets that can be read, and puts each answer in its place.
    async fn place(&self, requests: &[proto::PlaceBet]) -> Vec<Answer> {
        let read: Vec<_> = requests.iter().map(read_bet).collect();
        let refused: Vec<_> = read.iter().map(|bet| bet.as_ref().err().cloned()).collect();
        let bets = read.into_iter().filter_map(Result::ok).collect();
        let mut placed = self.placement.place(bets).await.into_iter();
        let undecided = || Err(Error::internal("a bet was left without an answer"));
        refused
            .into_iter()
            .map(|refusal| refusal.map_or_else(|| placed.next().unwrap_or_else(undecided), Err))
            .collect()
    }

    async fn with_market(&self, bet: &Bet) -> Result<(proto::Bet, Option<proto::Market>), Error> {
        let market = markets::find(&self.pool, bet.market_id).await?;
        Ok((message::bet(bet, market.as_ref()), market.map(|market| self.market(&market))))
    }

    fn market(&self, market: &Market) -> proto::Market {
        message::market(market, self.cancel_window)
    }
}

fn read_bet(request: &proto::PlaceBet) -> Result<(NewBet, Span), Error> {
    let bet = NewBet::new(
        AccountId::parse(&request.account_id)?,
        IdempotencyKey::parse(&request.idempotency_key)?,
        MarketId::parse(&request.market_id)?,
        OutcomeId::parse(&request.outcome_id)?,
        Points(request.stake),
    )?;
    let span = span(bet.bet_id, &request.traceparent);
    Ok((bet, span))
}

/// A span of the bet's own trace; none where the trace is not sampled.
fn span(bet_id: BetId, traceparent: &str) -> Span {
    if !traceparent.ends_with("-01") {
        return Span::none();
    }
    Trace::of_traceparent(traceparent)
        .span(|| info_span!(parent: None, "bet", %bet_id, trace_id = tracing::field::Empty))
}

fn match_ids(ids: &[String]) -> Result<Vec<MatchId>, Error> {
    ids.iter().map(|id| MatchId::parse(id)).collect()
}

/// Writes each refusal into the log, for whoever looks: each bet has its own trace, so it is not the batch's.
fn tell_refused(requests: &[proto::PlaceBet], answers: &[Answer]) {
    for (request, answer) in requests.iter().zip(answers) {
        if let Err(refusal) = answer {
            tracing::debug!(
                event = "bet.refused",
                account_id = request.account_id,
                market_id = request.market_id,
                reason = refusal.reason,
                traceparent = request.traceparent,
                "a bet was refused"
            );
        }
    }
}

/// The markets that answers speak of, each in its latest revision.
fn latest_markets(answers: &[Answer]) -> Vec<Arc<Market>> {
    let mut latest: HashMap<MarketId, Arc<Market>> = HashMap::new();
    for market in answers.iter().flatten().filter_map(|placed| placed.market.as_ref()) {
        let newest = latest.entry(market.market_id).or_insert_with(|| Arc::clone(market));
        if newest.revision < market.revision {
            *newest = Arc::clone(market);
        }
    }
    latest.into_values().collect()
}

#[async_trait]
impl BettingService for Betting {
    async fn place_bets(
        &self,
        request: Request<proto::PlaceBetsRequest>,
    ) -> Result<Response<proto::PlaceBetsResponse>, Status> {
        let requests = request.into_inner().bets;
        if requests.len() > MAX_BETS {
            let allowed = format!("must be {MAX_BETS} or fewer");
            return Err(Error::invalid_field("bets", "too_many_bets", allowed).into());
        }
        let answers = self.place(&requests).await;
        tell_refused(&requests, &answers);
        let markets = latest_markets(&answers).iter().map(|market| self.market(market)).collect();
        let results = answers.into_iter().map(message::placed).collect();
        Ok(Response::new(proto::PlaceBetsResponse { results, markets }))
    }

    async fn cancel_bet(
        &self,
        request: Request<proto::CancelBetRequest>,
    ) -> Result<Response<proto::CancelBetResponse>, Status> {
        let request = request.into_inner();
        let (account, bet) = (AccountId::parse(&request.account_id)?, BetId::parse(&request.bet_id)?);
        let bet = self.bets.cancel(account, bet).await?;
        let (bet, market) = self.with_market(&bet).await?;
        Ok(Response::new(proto::CancelBetResponse { bet: Some(bet), market }))
    }

    async fn get_bet(
        &self,
        request: Request<proto::GetBetRequest>,
    ) -> Result<Response<proto::GetBetResponse>, Status> {
        let request = request.into_inner();
        let (account, bet) = (AccountId::parse(&request.account_id)?, BetId::parse(&request.bet_id)?);
        let bet = self.bets.get(account, bet).await?;
        let (bet, market) = self.with_market(&bet).await?;
        Ok(Response::new(proto::GetBetResponse { bet: Some(bet), market }))
    }

    async fn list_bets(
        &self,
        request: Request<proto::ListBetsRequest>,
    ) -> Result<Response<proto::ListBetsResponse>, Status> {
        let request = request.into_inner();
        let account = AccountId::parse(&request.account_id)?;
        let state = message::state_filter(request.state());
        let page = self.bets.list(account, state, request.limit, &request.cursor).await?;
        let by_id: HashMap<_, _> = page.markets.iter().map(|market| (market.market_id, market)).collect();
        let bets = page.bets.iter().map(|bet| message::bet(bet, by_id.get(&bet.market_id).copied()));
        Ok(Response::new(proto::ListBetsResponse {
            bets: bets.collect(),
            markets: page.markets.iter().map(|market| self.market(market)).collect(),
            next_cursor: page.next_cursor,
        }))
    }

    async fn list_markets(
        &self,
        request: Request<proto::ListMarketsRequest>,
    ) -> Result<Response<proto::ListMarketsResponse>, Status> {
        let request = request.into_inner();
        let matches = match_ids(&request.match_ids)?;
        let (markets, next_cursor) =
            markets::list(&self.pool, &matches, request.limit, &request.cursor).await?;
        let markets = markets.iter().map(|market| self.market(market)).collect();
        Ok(Response::new(proto::ListMarketsResponse { markets, next_cursor }))
    }

    async fn get_market(
        &self,
        request: Request<proto::GetMarketRequest>,
    ) -> Result<Response<proto::GetMarketResponse>, Status> {
        let id = MarketId::parse(&request.get_ref().market_id)?;
        let market = self.market(&markets::get(&self.pool, id).await?);
        Ok(Response::new(proto::GetMarketResponse { market: Some(market) }))
    }

    type WatchMarketsStream = Watching<proto::WatchMarketsResponse>;

    async fn watch_markets(
        &self,
        request: Request<proto::WatchMarketsRequest>,
    ) -> Result<Response<Self::WatchMarketsStream>, Status> {
        let matches = match_ids(&request.get_ref().match_ids)?;
        let markets = self.market_watch.watch(matches).await?;
        let cancel_window = self.cancel_window;
        let changes = markets.map(move |market| {
            Ok(proto::WatchMarketsResponse { market: Some(message::market(&market, cancel_window)) })
        });
        let closing = self.closing.clone().cancelled_owned();
        Ok(Response::new(Box::pin(changes.take_until(closing))))
    }

    type WatchBetsStream = Watching<proto::WatchBetsResponse>;

    async fn watch_bets(
        &self,
        request: Request<proto::WatchBetsRequest>,
    ) -> Result<Response<Self::WatchBetsStream>, Status> {
        let account = AccountId::parse(&request.get_ref().account_id)?;
        let bets = ReceiverStream::new(self.bet_watch.watch(account).await?);
        let cache = self.market_cache.clone();
        let changes = bets.then(move |bet| {
            let cache = cache.clone();
            async move {
                let known = cache.get(iter::once(bet.market_id)).await?;
                let market = known.get(&bet.market_id).map(|cached| &*cached.market);
                Ok(proto::WatchBetsResponse { bet: Some(message::bet(&bet, market)) })
            }
        });
        let closing = self.closing.clone().cancelled_owned();
        Ok(Response::new(Box::pin(changes.take_until(closing))))
    }

    async fn get_status(
        &self,
        _: Request<proto::GetStatusRequest>,
    ) -> Result<Response<proto::GetStatusResponse>, Status> {
        Ok(Response::new(message::status(&status::read(&self.pool).await?)))
    }
}
