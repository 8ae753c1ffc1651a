//! The admin port: `/livez`, `/readyz` and `/metrics`, for Kubernetes and Prometheus, and `/log-level`, for admins.

mod log_level;
mod problem;

use std::{io, sync::Arc, time::Duration};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use tokio::{net::TcpListener, time};
use tokio_util::sync::CancellationToken;

use crate::{health::Health, identity::Admins, metrics};

const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Serves the admin port until `shutdown`. Where nobody can say who is an admin, what only admins may do is not served.
///
/// # Errors
///
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    health: Health,
    admins: Option<Arc<dyn Admins>>,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let recorder = metrics::install();
    let upkeep = tokio::spawn(async move {
        let mut ticks = time::interval(UPKEEP_EVERY);
        loop {
            ticks.tick().await;
            recorder.run_upkeep();
        }
    });
    let for_admins = admins.map(|admins| log_level::routes(admins, health.clone()));
    let router = Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(|| async { recorder.render() }))
        .with_state(health)
        .merge(for_admins.unwrap_or_default());
    let result = axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned()).await;
    upkeep.abort();
    result
}

async fn livez(State(health): State<Health>) -> (StatusCode, &'static str) {
    if health.is_live() {
        (StatusCode::OK, "live\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "turned off\n")
    }
}

/// Names what is missing.
async fn readyz(State(health): State<Health>) -> (StatusCode, String) {
    match health.not_ready_because().as_slice() {
        [] => (StatusCode::OK, "ready\n".to_owned()),
        why => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {}\n", why.join("; "))),
    }
}
