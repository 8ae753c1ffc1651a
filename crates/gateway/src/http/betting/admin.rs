//! Markets in the hands of admins.

use std::sync::Arc;

use axum::{extract::State, response::IntoResponse};
use http::StatusCode;
use loljoa_proto::betting::v1::{
    CorrectMarketRequest, CreateMarketRequest, CustomOutcome, ListIncidentsRequest, LockMarketRequest,
    RetryOwedRequest, SettleMarketRequest, VoidMarketRequest,
};
use loljoa_service_kit::{IdempotencyKey, MarketId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::markets::answer;
use crate::{
    api::{
        Page, all,
        market::Market,
        market_admin::{ChooseOutcome, Correction, CreateMarket, Incident, RetriedPayments},
    },
    app::App,
    auth::Admin,
    call::repeat,
    http::extract::{Json, OptionalKey, Path, Query, Result, json, limit},
};

/// Asks a question of one's own about a match.
#[utoipa::path(post, path = "/api/betting/markets",
    operation_id = "createMarket", tag = "betting", request_body = CreateMarket,
    params(("Idempotency-Key" = Option<Uuid>, Header, description = "the same key again answers with the same market")),
    responses((status = 201, body = Market)))]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    _: Admin,
    OptionalKey(key): OptionalKey,
    Json(market): Json<CreateMarket>,
) -> Result {
    let outcomes =
        market.outcomes.into_iter().map(|label| CustomOutcome { label_en: label.en, label_ko: label.ko });
    let request = CreateMarketRequest {
        idempotency_key: key.unwrap_or_else(IdempotencyKey::fresh).to_string(),
        match_id: market.match_id.to_string(),
        question_en: market.question.en,
        question_ko: market.question.ko,
        outcomes: outcomes.collect(),
    };
    let response = repeat!(app.services.market_admin(), create_market, request)?;
    Ok((StatusCode::CREATED, answer(&app, response.market).await?).into_response())
}

/// Locks a market at once. Locking a locked one succeeds.
#[utoipa::path(post, path = "/api/betting/markets/{marketId}/lock",
    operation_id = "lockMarket", tag = "betting",
    params(("marketId" = Uuid, Path)), responses((status = 200, body = Market)))]
pub(crate) async fn lock(State(app): State<Arc<App>>, _: Admin, Path(market_id): Path<MarketId>) -> Result {
    let request = LockMarketRequest { market_id: market_id.to_string() };
    let response = repeat!(app.services.market_admin(), lock_market, request)?;
    answer(&app, response.market).await
}

/// Settles a locked market; payment follows. The same outcome again succeeds, another one is a conflict.
#[utoipa::path(post, path = "/api/betting/markets/{marketId}/settle",
    operation_id = "settleMarket", tag = "betting",
    params(("marketId" = Uuid, Path)), request_body = ChooseOutcome, responses((status = 200, body = Market)))]
pub(crate) async fn settle(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(market_id): Path<MarketId>,
    Json(choice): Json<ChooseOutcome>,
) -> Result {
    let (market_id, outcome_id) = (market_id.to_string(), choice.outcome_id.to_string());
    let request = SettleMarketRequest { market_id, outcome_id };
    let response = repeat!(app.services.market_admin(), settle_market, request)?;
    answer(&app, response.market).await
}

/// Gives every stake back. Voiding a void market succeeds.
#[utoipa::path(post, path = "/api/betting/markets/{marketId}/void",
    operation_id = "voidMarket", tag = "betting",
    params(("marketId" = Uuid, Path)), responses((status = 200, body = Market)))]
pub(crate) async fn void(State(app): State<Arc<App>>, _: Admin, Path(market_id): Path<MarketId>) -> Result {
    let request = VoidMarketRequest { market_id: market_id.to_string() };
    let response = repeat!(app.services.market_admin(), void_market, request)?;
    answer(&app, response.market).await
}

/// Pays, from the house, what a settled market would have paid on another outcome. Nobody is clawed back.
#[utoipa::path(post, path = "/api/betting/markets/{marketId}/correct",
    operation_id = "correctMarket", tag = "betting",
    params(("marketId" = Uuid, Path)), request_body = ChooseOutcome, responses((status = 200, body = Correction)))]
pub(crate) async fn correct(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(market_id): Path<MarketId>,
    Json(choice): Json<ChooseOutcome>,
) -> Result {
    let (market_id, outcome_id) = (market_id.to_string(), choice.outcome_id.to_string());
    let request = CorrectMarketRequest { market_id, outcome_id };
    let response = repeat!(app.services.market_admin(), correct_market, request)?;
    Ok(json(Correction::from(response)))
}

/// Has every payment that was refused, and set aside, tried again. What is refused again is set aside again.
#[utoipa::path(post, path = "/api/betting/incidents/retry-owed",
    operation_id = "retryOwed", tag = "betting", responses((status = 200, body = RetriedPayments)))]
pub(crate) async fn retry_owed(State(app): State<Arc<App>>, _: Admin) -> Result {
    let response = repeat!(app.services.market_admin(), retry_owed, RetryOwedRequest {})?;
    Ok(json(RetriedPayments::from(response)))
}

/// Which page of the incidents.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct IncidentParams {
    /// 1 to 100.
    limit: Option<i32>,
    /// A page's `nextCursor`.
    #[serde(default)]
    cursor: String,
}

/// What needs a person: results that changed after settlement, payments that were refused.
#[utoipa::path(get, path = "/api/betting/incidents",
    operation_id = "listIncidents", tag = "betting", params(IncidentParams),
    responses((status = 200, body = Page<Incident>)))]
pub(crate) async fn incidents(
    State(app): State<Arc<App>>,
    _: Admin,
    Query(page): Query<IncidentParams>,
) -> Result {
    let request = ListIncidentsRequest { limit: limit(page.limit)?, cursor: page.cursor };
    let response = repeat!(app.services.market_admin(), list_incidents, request)?;
    Ok(json(Page::<Incident>::new(all(response.incidents)?, response.next_cursor)))
}
