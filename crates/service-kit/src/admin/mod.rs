//! The admin port: `/livez`, `/readyz` and `/metrics`, for Kubernetes and Prometheus, and `/log-level`, for admins.

mod log_level;
mod problem;

use std::{io, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, header},
    routing::get,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{health::Health, identity::Admins, metrics};

const OPEN_METRICS: &str = "application/openmetrics-text";

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
    metrics::install();
    let for_admins = admins.map(|admins| log_level::routes(admins, health.clone()));
    let router = Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(told))
        .with_state(health)
        .merge(for_admins.unwrap_or_default());
    axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned()).await
}

/// As `OpenMetrics`, with exemplars, to whoever accepts that; in the text format of Prometheus to everybody else.
async fn told(request: HeaderMap) -> ([(HeaderName, &'static str); 1], String) {
    let recorder = metrics::install();
    let mut accepted = request.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    if accepted.any(|kinds| kinds.contains(OPEN_METRICS)) {
        let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        return ([(header::CONTENT_TYPE, kind)], recorder.open_metrics());
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], recorder.text())
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
