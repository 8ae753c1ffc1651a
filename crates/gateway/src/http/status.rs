//! `/api/status`: how the system is, for everybody.

use std::sync::Arc;

use axum::{extract::State, response::IntoResponse};
use http::header;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{api::status::SystemStatus, app::App, http::extract::Result};

/// As long as a look serves.
const CACHED: &str = "public, max-age=1";

/// The routes of this part.
pub(crate) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(status))
}

/// How the system is: bets, settlement and audits of all cells, and which parts answer. Some seconds old at most. A part that does not
/// answer is told as such, not as an error.
#[utoipa::path(get, path = "/api/status", operation_id = "getStatus", tag = "status",
    responses((status = 200, body = SystemStatus)))]
pub(crate) async fn status(State(app): State<Arc<App>>) -> Result {
    let json = app.status.take(&app.services, &app.clock).await?;
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, CACHED)];
    Ok((headers, json).into_response())
}
