//! The public edge: routes, and the layers around every one of them.

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod bet_end;
pub(crate) mod betting;
pub(crate) mod client_address;
mod compress;
pub(crate) mod csrf;
pub(crate) mod docs;
pub(crate) mod extract;
mod gate;
mod heads;
mod layers;
pub(crate) mod league;
mod observe;
pub(crate) mod ops;
mod page;
pub(crate) mod problem;
pub(crate) mod reading;
mod security;
pub(crate) mod status;

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, middleware};
use loljoa_service_kit::edge::Served;
use tower::ServiceBuilder;
use utoipa_axum::router::OpenApiRouter;

use crate::{app::App, auth::guard::guard, config::Config};

const MAX_BODY: usize = 64 * 1024;

/// Everything that the public port serves, while there is room.
pub(crate) fn served(app: &Arc<App>, config: &Config) -> anyhow::Result<Served> {
    let gate = gate::of(Arc::clone(&app.limits), app.http.hsts());
    Ok(Served { router: router(app, config)?, gate: Some(gate) })
}

fn router(app: &Arc<App>, config: &Config) -> anyhow::Result<Router> {
    let (api, document) = api(&config.cookies.trusted_origins)?.split_for_parts();
    let guarded = api.route_layer(middleware::from_fn_with_state(Arc::clone(app), guard));
    let page = page::routes(config)?;
    // One layer to the router, which boxes each that it gets.
    let layers = ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(Arc::clone(app), layers::around))
        .layer(DefaultBodyLimit::max(MAX_BODY));
    Ok(guarded
        .merge(docs::routes(document))
        .fallback_service(page)
        .method_not_allowed_fallback(layers::wrong_method)
        .layer(layers)
        .with_state(Arc::clone(app)))
}

/// The API's routes and the document that describes them.
pub(crate) fn api(trusted_origins: &[String]) -> anyhow::Result<OpenApiRouter<Arc<App>>> {
    let routes = OpenApiRouter::with_openapi(docs::header())
        .merge(account::routes(csrf::layer(trusted_origins)?))
        .merge(league::routes())
        .merge(betting::routes())
        .merge(admin::routes())
        .merge(status::routes())
        .merge(ops::routes());
    Ok(docs::complete(routes))
}
