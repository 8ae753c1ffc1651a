//! Markets in the hands of admins.

use std::sync::Arc;

use axum::{extract::State, response::IntoResponse};
use http::StatusCode;
use loljoa_proto::betting::v1::{
    CorrectMarketRequest, CreateMarketRequest, CustomOutcome, LockMarketRequest, SettleMarketRequest,
    VoidMarketRequest,
};
use loljoa_service_kit::{IdempotencyKey, MarketId, Slot};

use super::markets::answer;
use crate::{
    api::{
        market::Market,
        market_admin::{ChooseOutcome, Correction, CreateMarket},
    },
    app::App,
    auth::Admin,
    call::repeat,
    http::extract::{Json, OptionalKey, Path, Result, json},
};

/// Asks a question of one's own about a match.
#[utoipa::path(post, path = "/api/betting/markets",
    operation_id = "createMarket", tag = "betting", request_body = CreateMarket,
    params(("Idempotency-Key" = Option<Uuid>, Header, description = "the same key again answers with the same market")),
    responses((status = 201, body = Market)))]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    admin: Admin,
    OptionalKey(key): OptionalKey,
    Json(market): Json<CreateMarket>,
) -> Result {
    let outcomes =
        market.outcomes.into_iter().map(|label| CustomOutcome { label_en: label.en, label_ko: label.ko });
    let slot = Slot::of_match(market.match_id);
    let request = CreateMarketRequest {
        idempotency_key: key.unwrap_or_else(IdempotencyKey::fresh).to_string(),
        match_id: market.match_id.to_string(),
        question_en: market.question.en,
        question_ko: market.question.ko,
        outcomes: outcomes.collect(),
    };
    let response = repeat!(app.services.market_admin(slot, &admin), create_market, request)?;
    Ok((StatusCode::CREATED, answer(&app, response.market).await?).into_response())
}

/// Locks a market at once. Locking a locked one succeeds.
#[utoipa::path(post, path = "/api/betting/markets/{marketId}/lock",
    operation_id = "lockMarket", tag = "betting",
    params(("marketId" = Uuid, Path)), responses((status = 200, body = Market)))]
pub(crate) async fn lock(
    State(app): State<Arc<App>>,
    admin: Admin,
    Path(market_id): Path<MarketId>,
) -> Result {
    let request = LockMarketRequest { market_id: market_id.to_string() };
    let response =
        repeat!(app.services.market_admin(Slot::of_market(market_id), &admin), lock_market, request)?;
    answer(&app, response.market).await
}

/// Settles a locked market; payment follows. The same outcome again succeeds, another one is a conflict.
#[utoipa::path(post, path = "/api/betting/markets/{marketId}/settle",
    operation_id = "settleMarket", tag = "betting",
    params(("marketId" = Uuid, Path)), request_body = ChooseOutcome, responses((status = 200, body = Market)))]
pub(crate) async fn settle(
    State(app): State<Arc<App>>,
    admin: Admin,
    Path(market_id): Path<MarketId>,
    Json(choice): Json<ChooseOutcome>,
) -> Result {
    let slot = Slot::of_market(market_id);
    let (market_id, outcome_id) = (market_id.to_string(), choice.outcome_id.to_string());
    let request = SettleMarketRequest { market_id, outcome_id };
    let response = repeat!(app.services.market_admin(slot, &admin), settle_market, request)?;
    answer(&app, response.market).await
}

/// Gives every stake back. Voiding a void market succeeds.
#[utoipa::path(post, path = "/api/betting/markets/{marketId}/void",
    operation_id = "voidMarket", tag = "betting",
    params(("marketId" = Uuid, Path)), responses((status = 200, body = Market)))]
pub(crate) async fn void(
    State(app): State<Arc<App>>,
    admin: Admin,
    Path(market_id): Path<MarketId>,
) -> Result {
    let request = VoidMarketRequest { market_id: market_id.to_string() };
    let response =
        repeat!(app.services.market_admin(Slot::of_market(market_id), &admin), void_market, request)?;
    answer(&app, response.market).await
}

/// Pays, from the house, what a settled or void market would have paid on another outcome: the whole payout where the bet
/// lost, what goes beyond the stake where it was given back. Nobody is clawed back.
#[utoipa::path(post, path = "/api/betting/markets/{marketId}/correct",
    operation_id = "correctMarket", tag = "betting",
    params(("marketId" = Uuid, Path)), request_body = ChooseOutcome, responses((status = 200, body = Correction)))]
pub(crate) async fn correct(
    State(app): State<Arc<App>>,
    admin: Admin,
    Path(market_id): Path<MarketId>,
    Json(choice): Json<ChooseOutcome>,
) -> Result {
    let slot = Slot::of_market(market_id);
    let (market_id, outcome_id) = (market_id.to_string(), choice.outcome_id.to_string());
    let request = CorrectMarketRequest { market_id, outcome_id };
    let response = repeat!(app.services.market_admin(slot, &admin), correct_market, request)?;
    Ok(json(Correction::from(response)))
}
