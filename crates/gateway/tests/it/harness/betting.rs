//! Betting's half of the backend.

use std::{pin::Pin, sync::Arc};

use async_stream::stream;
use futures::Stream;
use loljoa_proto::betting::v1::{betting_service_server::BettingService, place_bet_result, *};
use loljoa_service_kit::ids;
use prost_types::Timestamp;
use tokio::sync::{broadcast, watch};
use tonic::{Code, Request, Response, Status, async_trait};

pub(crate) const MATCH: &str = "018f0000-0000-7000-8000-0000000000aa";
/// A match with two markets.
pub(crate) const LONG_MATCH: &str = "018f0000-0000-7000-8000-0000000000ee";
pub(crate) const MARKET: &str = "018f0000-0000-7000-8000-0000000000bb";
pub(crate) const OUTCOME: &str = "018f0000-0000-7000-8000-0000000000cc";
const OTHER_OUTCOME: &str = "018f0000-0000-7000-8000-0000000000dd";
/// A stake that this backend takes for one that it has seen before.
pub(crate) const SEEN_BEFORE: i64 = 777;
/// A stake after which the market is in revision [`UNTOLD_REVISION`], of which only the answer to the bet tells.
pub(crate) const UNTOLD: i64 = 888;
pub(crate) const UNTOLD_REVISION: i64 = 888;

/// Betting with one market.
#[derive(Clone)]
pub(crate) struct Betting(Arc<State>);

struct State {
    market: watch::Sender<Market>,
    bets: broadcast::Sender<Bet>,
    calls: watch::Sender<Vec<Vec<PlaceBet>>>,
    looks: watch::Sender<Vec<Vec<String>>>,
    watchers: watch::Sender<usize>,
    held: watch::Sender<bool>,
    looks_held: watch::Sender<bool>,
    away: watch::Sender<bool>,
    statuses: watch::Sender<usize>,
    statuses_held: watch::Sender<bool>,
}

impl Default for Betting {
    fn default() -> Self {
        Self(Arc::new(State {
            market: watch::Sender::new(market(1, 1_000)),
            bets: broadcast::Sender::new(1_024),
            calls: watch::Sender::default(),
            looks: watch::Sender::default(),
            watchers: watch::Sender::default(),
            held: watch::Sender::default(),
            looks_held: watch::Sender::default(),
            away: watch::Sender::default(),
            statuses: watch::Sender::default(),
            statuses_held: watch::Sender::default(),
        }))
    }
}

impl Betting {
    /// From now on looks are taken but not answered, until [`Self::release`].
    pub(crate) fn hold_looks(&self) {
        self.0.looks_held.send_replace(true);
    }

    /// From now on bets are taken but not answered, until [`Self::release`].
    pub(crate) fn hold(&self) {
        self.0.held.send_replace(true);
    }

    /// From now on its status is asked for in vain, until [`Self::release`].
    pub(crate) fn hold_statuses(&self) {
        self.0.statuses_held.send_replace(true);
    }

    /// How often its status was asked for, once that was so often.
    pub(crate) async fn statuses(&self, number: usize) -> usize {
        *self.0.statuses.subscribe().wait_for(|statuses| *statuses >= number).await.unwrap()
    }

    /// Answers what was held.
    pub(crate) fn release(&self) {
        self.0.statuses_held.send_replace(false);
        self.0.held.send_replace(false);
        self.0.looks_held.send_replace(false);
    }

    /// From now on nothing is answered, and watches break.
    pub(crate) fn leave(&self) {
        self.0.away.send_replace(true);
    }

    /// Answers again.
    pub(crate) fn come_back(&self) {
        self.0.away.send_replace(false);
    }

    /// The bets of each call, once there were `number` calls.
    pub(crate) async fn calls(&self, number: usize) -> Vec<Vec<PlaceBet>> {
        self.0.calls.subscribe().wait_for(|calls| calls.len() >= number).await.unwrap().clone()
    }

    /// The matches of each look at markets, once there were `number` looks.
    pub(crate) async fn looks(&self, number: usize) -> Vec<Vec<String>> {
        self.0.looks.subscribe().wait_for(|looks| looks.len() >= number).await.unwrap().clone()
    }

    /// The market changes.
    pub(crate) fn change(&self, market: Market) {
        self.0.market.send_replace(market);
    }

    /// Something happens to a bet, once somebody watches for it.
    pub(crate) async fn tell(&self, bet: Bet) {
        self.0.watchers.subscribe().wait_for(|watchers| *watchers > 0).await.unwrap();
        self.0.bets.send(bet).unwrap();
    }

    /// Once so many watch for what happens to bets.
    pub(crate) async fn watched_by(&self, number: usize) {
        self.0.watchers.subscribe().wait_for(|watchers| *watchers >= number).await.unwrap();
    }

    fn here(&self) -> Result<(), Status> {
        if *self.0.away.borrow() { Err(Status::unavailable("away")) } else { Ok(()) }
    }
}

/// The market, so old and with so much on its first outcome.
pub(crate) fn market(revision: i64, pool: i64) -> Market {
    let time = Some(Timestamp { seconds: 1_900_000_000, nanos: 0 });
    let outcome = |outcome_id: &str, key: &str, pool, odds_hundredths| Outcome {
        outcome_id: outcome_id.into(),
        key: key.into(),
        label_en: key.into(),
        label_ko: key.into(),
        pool,
        odds_hundredths,
        bettors: i64::from(pool > 0),
        top_account_id: if pool > 0 { MATCH.into() } else { String::new() },
        top_stake: pool,
    };
    Market {
        market_id: MARKET.into(),
        match_id: MATCH.into(),
        template: Template::MatchWinner.into(),
        question_en: "Who wins?".into(),
        question_ko: "승부예측".into(),
        state: MarketState::Open.into(),
        lock_at: time,
        cancel_until: time,
        pool,
        outcomes: vec![outcome(OUTCOME, "T1", pool, Some(100)), outcome(OTHER_OUTCOME, "GEN", 0, None)],
        settled_outcome_id: String::new(),
        revision,
        void_reason: String::new(),
    }
}

/// A page of the markets of [`LONG_MATCH`].
fn page(limit: i32) -> ListMarketsResponse {
    let of_match = |market_id: &str| Market {
        match_id: LONG_MATCH.into(),
        market_id: market_id.into(),
        ..market(1, 1_000)
    };
    if limit == 1 {
        return ListMarketsResponse { markets: vec![of_match(MARKET)], next_cursor: "further".into() };
    }
    ListMarketsResponse { markets: vec![of_match(MARKET), of_match(OUTCOME)], next_cursor: String::new() }
}

/// A bet in this state.
pub(crate) fn bet(account_id: &str, state: BetState, points: i64) -> Bet {
    Bet {
        bet_id: ids::fresh().to_string(),
        account_id: account_id.into(),
        market_id: MARKET.into(),
        match_id: MATCH.into(),
        outcome_id: OUTCOME.into(),
        state: state.into(),
        stake: points,
        placed_odds_hundredths: 100,
        returned: 0,
        placed_at: Some(Timestamp { seconds: 1_800_000_000, nanos: 0 }),
        closed_at: None,
    }
}

fn result(placed: &PlaceBet) -> PlaceBetResult {
    let result = if placed.stake < 100 {
        let message = "must be 100 or more".to_owned();
        let reason = "stake_too_small".to_owned();
        place_bet_result::Result::Refusal(Refusal {
            code: Code::InvalidArgument.into(),
            reason,
            message,
            field: "stake".into(),
        })
    } else {
        let bet = Some(bet(&placed.account_id, BetState::Accepted, placed.stake));
        place_bet_result::Result::Placed(PlacedBet { bet, replayed: placed.stake == SEEN_BEFORE })
    };
    PlaceBetResult { result: Some(result) }
}

type Answer<T> = Result<Response<T>, Status>;
type Events<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[async_trait]
impl BettingService for Betting {
    type WatchMarketsStream = Events<WatchMarketsResponse>;
    type WatchBetsStream = Events<WatchBetsResponse>;

    async fn place_bets(&self, request: Request<PlaceBetsRequest>) -> Answer<PlaceBetsResponse> {
        let bets = request.into_inner().bets;
        self.0.calls.send_modify(|calls| calls.push(bets.clone()));
        self.here()?;
        self.0.held.subscribe().wait_for(|held| !held).await.unwrap();
        let untold = bets.iter().any(|bet| bet.stake == UNTOLD);
        let markets =
            vec![if untold { market(UNTOLD_REVISION, UNTOLD) } else { self.0.market.borrow().clone() }];
        Ok(Response::new(PlaceBetsResponse { results: bets.iter().map(result).collect(), markets }))
    }

    async fn list_markets(&self, request: Request<ListMarketsRequest>) -> Answer<ListMarketsResponse> {
        let request = request.into_inner();
        self.0.looks.send_modify(|looks| looks.push(request.match_ids.clone()));
        self.here()?;
        self.0.looks_held.subscribe().wait_for(|held| !held).await.unwrap();
        if request.match_ids == [LONG_MATCH] {
            return Ok(Response::new(page(request.limit)));
        }
        let markets = vec![self.0.market.borrow().clone()];
        Ok(Response::new(ListMarketsResponse { markets, next_cursor: String::new() }))
    }

    async fn watch_markets(&self, _: Request<WatchMarketsRequest>) -> Answer<Self::WatchMarketsStream> {
        self.here()?;
        let (mut market, mut away) = (self.0.market.subscribe(), self.0.away.subscribe());
        market.mark_changed();
        Ok(Response::new(Box::pin(stream! {
            loop {
                tokio::select! {
                    _ = away.wait_for(|away| *away) => break,
                    changed = market.changed() => changed.unwrap(),
                }
                let market = Some(market.borrow_and_update().clone());
                yield Ok(WatchMarketsResponse { market });
            }
        })))
    }

    async fn watch_bets(&self, request: Request<WatchBetsRequest>) -> Answer<Self::WatchBetsStream> {
        self.here()?;
        let account_id = request.into_inner().account_id;
        let (mut bets, mut away) = (self.0.bets.subscribe(), self.0.away.subscribe());
        self.0.watchers.send_modify(|watchers| *watchers += 1);
        let watchers = self.0.watchers.clone();
        Ok(Response::new(Box::pin(stream! {
            loop {
                let bet = tokio::select! {
                    _ = away.wait_for(|away| *away) => break,
                    bet = bets.recv() => bet.unwrap(),
                };
                if bet.account_id == account_id {
                    yield Ok(WatchBetsResponse { bet: Some(bet) });
                }
            }
            watchers.send_modify(|watchers| *watchers -= 1);
        })))
    }

    async fn get_market(&self, _: Request<GetMarketRequest>) -> Answer<GetMarketResponse> {
        self.here()?;
        Ok(Response::new(GetMarketResponse { market: Some(self.0.market.borrow().clone()) }))
    }

    async fn get_bet(&self, _: Request<GetBetRequest>) -> Answer<GetBetResponse> {
        Err(loljoa_service_kit::Error::not_found("bet_unknown", "there is no such bet of yours").into())
    }

    async fn cancel_bet(&self, _: Request<CancelBetRequest>) -> Answer<CancelBetResponse> {
        Err(loljoa_service_kit::Error::conflict("cancel_window_over", "it is too late to cancel").into())
    }

    async fn list_bets(&self, _: Request<ListBetsRequest>) -> Answer<ListBetsResponse> {
        Ok(Response::new(ListBetsResponse::default()))
    }

    async fn get_status(&self, _: Request<GetStatusRequest>) -> Answer<GetStatusResponse> {
        self.0.statuses.send_modify(|statuses| *statuses += 1);
        self.here()?;
        self.0.statuses_held.subscribe().wait_for(|held| !held).await.unwrap();
        let time = |seconds| Some(Timestamp { seconds, nanos: 0 });
        Ok(Response::new(GetStatusResponse {
            accepted_last_minute: 90,
            accepted: 12_345,
            accepted_since: time(1_799_950_000),
            settling_markets: 2,
            settling_ms: 3_200,
            audited_at: time(1_800_000_000),
            audit_age_ms: 2_000,
            differences: 0,
        }))
    }
}
