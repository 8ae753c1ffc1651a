//! `/api/league`: tournaments, teams, matches, standings, questions.

pub(crate) mod admin;
mod preview;
pub(crate) mod read;
pub(crate) mod repair;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// A season's file may be larger than other bodies.
const MAX_IMPORT: usize = 1024 * 1024;

/// The routes of this part.
pub(crate) fn routes() -> OpenApiRouter<Arc<App>> {
    let import = OpenApiRouter::new().routes(routes!(admin::import)).layer(DefaultBodyLimit::max(MAX_IMPORT));
    OpenApiRouter::new()
        .routes(routes!(read::tournaments))
        .routes(routes!(read::teams))
        .routes(routes!(read::matches))
        .routes(routes!(read::one_match, admin::update_match, repair::remove_match))
        .routes(routes!(read::standings))
        .routes(routes!(read::questions))
        .routes(routes!(admin::record_result))
        .routes(routes!(repair::suspects))
        .merge(import)
}
