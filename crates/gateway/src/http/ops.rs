//! The experiments of 2022: which replica answers, take one out of traffic, break one.

use std::sync::Arc;

use axum::extract::State;
use loljoa_proto::ops::v1::{
    BlockRequest, HelloRequest, TurnOffRequest, ops_service_client::OpsServiceClient,
};
use loljoa_service_kit::grpc::{Channel, client::sent_once};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    api::ops::{BlockParams, Blocked, Hello, TurnedOff},
    app::App,
    auth::Admin,
    call::repeat,
    http::{
        extract::{Query, Result, json},
        problem::Problem,
    },
};

/// A service, as paths call it.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Service {
    Account,
    League,
    Betting,
    Gateway,
}

type Named = std::result::Result<axum::extract::Path<Service>, axum::extract::rejection::PathRejection>;

/// The routes of this part.
pub(crate) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(hello)).routes(routes!(block)).routes(routes!(turn_off))
}

/// Which replica of a service answers, and how it feels.
#[utoipa::path(get, path = "/api/{service}/hello",
    operation_id = "hello", tag = "ops", params(("service" = inline(Service), Path)),
    responses((status = 200, body = Hello)))]
pub(crate) async fn hello(State(app): State<Arc<App>>, service: Named) -> Result {
    let hello = match behind(&app, service)? {
        Some(ops) => repeat!(ops, hello, HelloRequest {})?,
        None => app.ops.state(),
    };
    Ok(json(Hello::from(hello)))
}

/// Lets the replica that answers refuse traffic for a while.
#[utoipa::path(post, path = "/api/{service}/block", operation_id = "block", tag = "ops",
    params(("service" = inline(Service), Path), BlockParams), responses((status = 200, body = Blocked)))]
pub(crate) async fn block(
    State(app): State<Arc<App>>,
    _: Admin,
    service: Named,
    Query(params): Query<BlockParams>,
) -> Result {
    let Some(mut ops) = behind(&app, service)? else {
        let seconds = app.ops.block_for(params.seconds)?;
        return Ok(json(Blocked { instance: app.ops.state().instance, seconds }));
    };
    let request = BlockRequest { seconds: params.seconds };
    Ok(json(Blocked::from(ops.block(sent_once(request)).await?.into_inner())))
}

/// Breaks the liveness of the replica that answers.
#[utoipa::path(post, path = "/api/{service}/turnoff",
    operation_id = "turnOff", tag = "ops", params(("service" = inline(Service), Path)),
    responses((status = 200, body = TurnedOff)))]
pub(crate) async fn turn_off(State(app): State<Arc<App>>, _: Admin, service: Named) -> Result {
    let Some(mut ops) = behind(&app, service)? else {
        app.ops.break_liveness()?;
        return Ok(json(TurnedOff { instance: app.ops.state().instance }));
    };
    Ok(json(TurnedOff::from(ops.turn_off(sent_once(TurnOffRequest {})).await?.into_inner())))
}

/// The service behind the gateway that is meant; none when it is the gateway itself.
fn behind(app: &App, service: Named) -> Result<Option<OpsServiceClient<Channel>>> {
    match service.map_err(|_| Problem::unknown_path())?.0 {
        Service::Account => Ok(Some(app.services.account_ops())),
        Service::League => Ok(Some(app.services.league_ops())),
        Service::Betting => Ok(Some(app.services.betting_ops())),
        Service::Gateway => Ok(None),
    }
}
