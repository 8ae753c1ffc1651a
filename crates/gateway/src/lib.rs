//! The public edge of LOL.JOA: REST, server-sent events, the OpenAPI document and the web app, in front of the account,
//! league-schedule and betting services. It authenticates, limits and translates; it decides nothing about points.

mod api;
mod app;
mod auth;
mod betting;
mod call;
mod cells;
pub mod config;
mod http;
mod limits;
pub mod metrics;
#[doc(hidden)]
pub mod micro;
mod rest;
mod services;
mod status;
mod streams;
mod usernames;

use std::{sync::Arc, time::Duration};

use loljoa_service_kit::{
    Clock, admin, edge, health::Health, identity::PublishedAdmins, lifecycle::Parts, metrics::describe,
};
use tokio_util::sync::CancellationToken;

pub use config::Config;
pub use loljoa_service_kit::cli::Listeners;

use app::{App, Workers};
use betting::{coalescer, looks};

/// The service's name, in metrics, logs and traces.
pub const SERVICE: &str = "gateway";

/// Serves the public port and the admin port until `shutdown`, then drains.
///
/// The gateway is ready without its neighbours: a missing one fails only the routes that need it.
///
/// # Errors
///
/// When a part fails, or the web app's files cannot be read.
pub async fn serve(config: Config, listeners: Listeners, shutdown: CancellationToken) -> anyhow::Result<()> {
    describe(metrics::METRICS);
    http::bet_end::begin();
    let inner = config.upstreams.waits();
    loljoa_service_kit::config::warn_of_waits(("http.timeout_ms", config.http.timeout_ms), &inner);
    let health = Health::new(SERVICE);
    let mut parts = Parts::new(health.clone(), shutdown);
    let closing = parts.closing();
    let (app, Workers { coalescers, queues, looker, claimer }) =
        App::new(&config, &health, Clock::system(), closing.clone())?;
    let served = http::served(&app, &config)?;

    let revocations = Arc::clone(&app.revocations);
    let (keys, limits, markets) = (Arc::clone(&app.keys), Arc::clone(&app.limits), Arc::clone(&app.markets));
    let admins =
        PublishedAdmins::new(&config.tokens, Arc::clone(&keys), Arc::clone(&revocations), Clock::system());
    // From here on only requests hold the app; when the last has ended, workers run out of work and end too.
    drop(app);

    for coalescer in coalescers {
        for _ in 0..config.bets.workers {
            parts.spawn_worker("coalescer", Arc::clone(&coalescer).work());
        }
    }
    parts.spawn_worker("queue metrics", coalescer::report_depth(queues, closing.clone()));
    for _ in 0..looks::WORKERS {
        parts.spawn_worker("looks", Arc::clone(&looker).work());
    }
    parts.spawn_worker("daily grants", claimer.run(closing.clone()));
    let refresh_every = config.tokens.refresh_every();
    parts.spawn_worker("keys", keys.keep_fresh(refresh_every, closing.clone()));
    let ask_every = Duration::from_millis(config.tokens.revocations_every_ms);
    parts.spawn_worker("revocations", revocations.follow(ask_every, closing.clone()));
    parts.spawn_worker("markets", markets.follow(closing.clone()));
    let until = closing.clone();
    parts.spawn_worker("limits", async move { limits.forget_idle(until).await });
    parts.spawn_last(
        "admin port",
        admin::serve(listeners.admin, health, Some(Arc::new(admins)), parts.ending()),
    );
    let edge = edge::serve(SERVICE, config.http.edge(), listeners.service, served, closing);
    parts.spawn_worker("http", edge);
    parts.run(&config.runtime.drain, async {}).await
}

/// The OpenAPI document of the API, as JSON.
///
/// # Errors
///
/// Never for a document that compiles; the signature is its writer's.
pub fn openapi() -> anyhow::Result<String> {
    let document = http::api(&[])?.into_openapi();
    Ok(document.to_pretty_json()? + "\n")
}
