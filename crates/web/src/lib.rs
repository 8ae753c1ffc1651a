//! The web app: its files, the headers that browsers go by, and the service that serves them alone, behind a proxy that sends
//! the API's paths to the gateway. (The gateway serves them, too, where there is no such proxy.)

mod config;
mod encoding;
mod files;
pub mod headers;
mod routes;

use loljoa_service_kit::{admin, cli::Listeners, edge, health::Health, lifecycle::Parts, metrics};
use tokio_util::sync::CancellationToken;

pub use config::{Config, Http};
pub use files::{File, Files, Found, is_api};

/// The service's name, in metrics, logs and traces.
pub const SERVICE: &str = "web";

/// Serves the files and the admin port until `shutdown`, then drains.
///
/// It calls nobody, so it is ready as soon as it listens.
///
/// # Errors
///
/// When a part fails, or the files cannot be read.
pub async fn serve(config: Config, listeners: Listeners, shutdown: CancellationToken) -> anyhow::Result<()> {
    metrics::install();
    let health = Health::new(SERVICE);
    let mut parts = Parts::new(health.clone(), shutdown);
    let router = routes::router(Files::read(config.web_root.as_deref())?, config.http.hsts());
    parts.spawn_last("admin port", admin::serve(listeners.admin, health, None, parts.ending()));
    let edge = edge::serve(SERVICE, config.http.edge(), listeners.service, router.into(), parts.closing());
    parts.spawn_worker("http", edge);
    parts.run(&config.runtime.drain, async {}).await
}
