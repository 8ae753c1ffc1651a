//! One's own bets.

use std::{collections::HashMap, sync::Arc};

use axum::{extract::State, response::IntoResponse};
use http::{HeaderName, StatusCode};
use loljoa_proto::betting::v1::{self as pb, ListBetsRequest};
use loljoa_service_kit::{BetId, Caller, Error, MarketId, Slot};
use serde::Deserialize;
use utoipa::IntoParams;

use super::mine;
use crate::{
    api::{
        Page,
        betting::{Bet, BetOnMarket, BetState, PlaceBet},
        market::Rendered,
        required,
    },
    app::App,
    auth::User,
    http::extract::{Json, Key, Path, Query, Result, json, limit},
};

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Places a bet. The same key with the same bet again answers with that bet as it is now.
#[utoipa::path(post, path = "/api/betting/bets",
    operation_id = "placeBet", tag = "betting", request_body = PlaceBet,
    params(("Idempotency-Key" = Uuid, Header, description = "new for each new bet, the same for a repeated one")),
    responses((status = 201, body = BetOnMarket, description = "the bet stands",
        headers(("Idempotent-Replayed" = Option<String>, description = "`true` when the bet was there before")))))]
pub(crate) async fn place(
    State(app): State<Arc<App>>,
    User(user): User,
    Key(key): Key,
    Json(bet): Json<PlaceBet>,
) -> Result {
    let slot = Slot::of_market(bet.market_id);
    let bet = pb::PlaceBet {
        account_id: user.account_id.to_string(),
        idempotency_key: key.to_string(),
        market_id: bet.market_id.to_string(),
        outcome_id: bet.outcome_id.to_string(),
        stake: bet.stake.0.0,
        traceparent: String::new(),
    };
    let caller = Caller::present().for_at_most(app.timeout);
    let placed = caller.scope(app.bets.at(slot).place(bet)).await?;
    let answer = (StatusCode::CREATED, json(BetOnMarket::new(&placed.bet, placed.market)?));
    if placed.replayed {
        return Ok(([(REPLAYED, "true")], answer).into_response());
    }
    Ok(answer.into_response())
}

/// Which bets.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BetParams {
    /// Only bets in this state.
    #[param(inline)]
    state: Option<BetState>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i32>,
    /// A page's `nextCursor`.
    #[param(min_length = 1)]
    #[serde(default)]
    cursor: String,
}

/// One's own bets, newest first.
#[utoipa::path(get, path = "/api/betting/bets", operation_id = "listBets", tag = "betting", params(BetParams),
    responses((status = 200, body = Page<BetOnMarket>)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    User(user): User,
    Query(filter): Query<BetParams>,
) -> Result {
    let request = ListBetsRequest {
        account_id: user.account_id.to_string(),
        state: filter.state.map_or(pb::BetState::Unspecified, pb::BetState::from).into(),
        limit: limit(filter.limit)?,
        cursor: filter.cursor,
    };
    let response = mine::list(&app, request).await?;
    let markets = app.usernames.name(response.markets).await?;
    let markets: HashMap<_, _> = markets.into_iter().map(|market| (market.market_id, market)).collect();
    let bets =
        response.bets.into_iter().map(|bet| on_market(&bet, &markets)).collect::<Result<_, Error>>()?;
    Ok(json(Page::new(bets, response.next_cursor)))
}

fn on_market(bet: &pb::Bet, markets: &HashMap<MarketId, Arc<Rendered>>) -> Result<BetOnMarket, Error> {
    let market = MarketId::parse(&bet.market_id).ok().and_then(|id| markets.get(&id).cloned());
    BetOnMarket::new(bet, required(market)?)
}

/// One of one's own bets.
#[utoipa::path(get, path = "/api/betting/bets/{betId}",
    operation_id = "getBet", tag = "betting", params(("betId" = Uuid, Path)),
    responses((status = 200, body = BetOnMarket)))]
pub(crate) async fn one(State(app): State<Arc<App>>, User(user): User, Path(bet_id): Path<BetId>) -> Result {
    let (_, response) = mine::find(&app, user.account_id, bet_id).await?;
    let market = app.usernames.name(vec![required(response.market)?]).await?.pop();
    Ok(json(BetOnMarket::new(&required(response.bet)?, required(market)?)?))
}

/// Takes a bet back, until some minutes before the lock. Cancelling twice succeeds.
#[utoipa::path(delete, path = "/api/betting/bets/{betId}",
    operation_id = "cancelBet", tag = "betting", params(("betId" = Uuid, Path)),
    responses((status = 200, body = Bet, description = "cancelled; the stake comes back")))]
pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    User(user): User,
    Path(bet_id): Path<BetId>,
) -> Result {
    let response = mine::cancel(&app, user.account_id, bet_id).await?;
    app.markets.note(&app.usernames.name(response.market.into_iter().collect()).await?);
    Ok(json(Bet::new(&required(response.bet)?, None)?))
}
