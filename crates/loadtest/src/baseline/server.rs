//! `BettingService`, as far as a gateway that places bets needs it.

use std::{collections::HashMap, pin::Pin};

use futures::{StreamExt, future::join_all, stream};
use loljoa_proto::betting::v1::{
    self as proto,
    betting_service_server::{BettingService, BettingServiceServer},
    place_bet_result,
};
use loljoa_service_kit::{Error, ids};
use prost_types::Timestamp;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_stream::{Stream, wrappers::TcpListenerStream};
use tonic::{Request, Response, Status, async_trait, transport::Server};
use uuid::Uuid;

use super::{Design, Placed, Wanted};

/// In a year nobody runs the lab any more. Seconds.
const LOCKS_IN: i64 = 365 * 86_400;

struct Baseline {
    design: Design,
    pool: PgPool,
}

type Watching<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Serves `design` on the tables behind `pool`, for ever.
///
/// # Errors
///
/// When the port is lost.
pub async fn serve(design: Design, pool: PgPool, listener: TcpListener) -> anyhow::Result<()> {
    let service = BettingServiceServer::new(Baseline { design, pool });
    let incoming = TcpListenerStream::new(listener);
    Server::builder().tcp_nodelay(true).add_service(service).serve_with_incoming(incoming).await?;
    Ok(())
}

impl Baseline {
    async fn place(&self, bet: &proto::PlaceBet) -> Result<proto::PlacedBet, Error> {
        let id = |text: &str| Uuid::parse_str(text).map_err(|_| Error::not_found("id", "this is no id"));
        let wanted = Wanted {
            account_id: id(&bet.account_id)?,
            key: id(&bet.idempotency_key)?,
            game_id: id(&bet.market_id)?,
            choice_id: id(&bet.outcome_id)?,
            stake: bet.stake,
        };
        let placed = self.design.place(&self.pool, wanted).await?;
        let bet_id = ids::derived(&[wanted.account_id.as_bytes(), wanted.key.as_bytes()]);
        let bet = proto::Bet {
            bet_id: bet_id.to_string(),
            account_id: bet.account_id.clone(),
            market_id: bet.market_id.clone(),
            match_id: bet.market_id.clone(),
            outcome_id: bet.outcome_id.clone(),
            state: proto::BetState::Accepted.into(),
            stake: bet.stake,
            placed_odds_hundredths: 100,
            placed_at: Some(Timestamp::default()),
            ..proto::Bet::default()
        };
        Ok(proto::PlacedBet { bet: Some(bet), replayed: placed == Placed::Before })
    }

    /// The markets of the bets that were placed, each read once for the call.
    async fn markets(&self, bets: &[proto::PlaceBet]) -> Result<Vec<proto::Market>, Status> {
        let ids: Vec<Uuid> = bets.iter().filter_map(|bet| Uuid::parse_str(&bet.market_id).ok()).collect();
        let rows: Vec<(Uuid, Uuid, i64, Uuid, i64)> = sqlx::query_as(
            "SELECT game_id, match_id, games.pool, choice_id, choices.pool FROM games JOIN choices USING (game_id)
            WHERE game_id = ANY ($1)",
        )
        .bind(&ids)
        .fetch_all(&self.pool)
        .await
        .map_err(|error| Status::unavailable(error.to_string()))?;
        let mut markets = HashMap::new();
        for (game_id, match_id, pool, choice_id, staked) in rows {
            let market = markets.entry(game_id).or_insert_with(|| market(game_id, match_id, pool));
            market.outcomes.push(outcome(choice_id, staked));
        }
        Ok(markets.into_values().collect())
    }
}

fn market(game_id: Uuid, match_id: Uuid, pool: i64) -> proto::Market {
    let seconds = LOCKS_IN + loljoa_service_kit::Clock::system().now().timestamp();
    proto::Market {
        market_id: game_id.to_string(),
        match_id: match_id.to_string(),
        template: proto::Template::MatchWinner.into(),
        question_en: "Who wins?".to_owned(),
        question_ko: "승부예측".to_owned(),
        state: proto::MarketState::Open.into(),
        lock_at: Some(Timestamp { seconds, nanos: 0 }),
        cancel_until: Some(Timestamp { seconds, nanos: 0 }),
        pool,
        ..proto::Market::default()
    }
}

fn outcome(choice_id: Uuid, pool: i64) -> proto::Outcome {
    let key = choice_id.to_string();
    proto::Outcome {
        outcome_id: key.clone(),
        label_en: key.clone(),
        label_ko: key.clone(),
        key,
        pool,
        ..proto::Outcome::default()
    }
}

fn refusal(error: Error) -> proto::Refusal {
    proto::Refusal {
        code: error.code.grpc_number(),
        reason: error.reason,
        message: error.message,
        field: String::new(),
    }
}

#[async_trait]
impl BettingService for Baseline {
    async fn place_bets(
        &self,
        request: Request<proto::PlaceBetsRequest>,
    ) -> Result<Response<proto::PlaceBetsResponse>, Status> {
        let bets = request.into_inner().bets;
        // Each for itself and all at once, as they came to the old service; the pool is what holds them up.
        let placed = join_all(bets.iter().map(|bet| self.place(bet))).await;
        let results = placed.into_iter().map(|placed| {
            let result = match placed {
                Ok(placed) => place_bet_result::Result::Placed(placed),
                Err(error) => place_bet_result::Result::Refusal(refusal(error)),
            };
            proto::PlaceBetResult { result: Some(result) }
        });
        let results = results.collect();
        Ok(Response::new(proto::PlaceBetsResponse { results, markets: self.markets(&bets).await? }))
    }

    async fn list_markets(
        &self,
        _: Request<proto::ListMarketsRequest>,
    ) -> Result<Response<proto::ListMarketsResponse>, Status> {
        Ok(Response::new(proto::ListMarketsResponse::default()))
    }

    type WatchMarketsStream = Watching<proto::WatchMarketsResponse>;

    async fn watch_markets(
        &self,
        _: Request<proto::WatchMarketsRequest>,
    ) -> Result<Response<Self::WatchMarketsStream>, Status> {
        Ok(Response::new(stream::pending().boxed()))
    }

    type WatchBetsStream = Watching<proto::WatchBetsResponse>;

    async fn watch_bets(
        &self,
        _: Request<proto::WatchBetsRequest>,
    ) -> Result<Response<Self::WatchBetsStream>, Status> {
        Ok(Response::new(stream::pending().boxed()))
    }

    async fn cancel_bet(
        &self,
        _: Request<proto::CancelBetRequest>,
    ) -> Result<Response<proto::CancelBetResponse>, Status> {
        Err(only_bets())
    }

    async fn get_bet(
        &self,
        _: Request<proto::GetBetRequest>,
    ) -> Result<Response<proto::GetBetResponse>, Status> {
        Err(only_bets())
    }

    async fn list_bets(
        &self,
        _: Request<proto::ListBetsRequest>,
    ) -> Result<Response<proto::ListBetsResponse>, Status> {
        Err(only_bets())
    }

    async fn get_market(
        &self,
        _: Request<proto::GetMarketRequest>,
    ) -> Result<Response<proto::GetMarketResponse>, Status> {
        Err(only_bets())
    }

    async fn get_status(
        &self,
        _: Request<proto::GetStatusRequest>,
    ) -> Result<Response<proto::GetStatusResponse>, Status> {
        Err(only_bets())
    }
}

fn only_bets() -> Status {
    Status::unimplemented("a baseline only takes bets")
}
