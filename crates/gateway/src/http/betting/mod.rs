//! `/api/betting`: markets, bets, the event stream.

pub(crate) mod admin;
pub(crate) mod bets;
pub(crate) mod incidents;
pub(crate) mod markets;
mod mine;
pub(crate) mod stream;

use std::sync::Arc;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The routes of this part.
pub(crate) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(markets::list, admin::create))
        .routes(routes!(markets::one))
        .routes(routes!(admin::lock))
        .routes(routes!(admin::settle))
        .routes(routes!(admin::void))
        .routes(routes!(admin::correct))
        .routes(routes!(incidents::list))
        .routes(routes!(incidents::retry_owed))
        .routes(routes!(incidents::resolve))
        .routes(routes!(bets::list, bets::place))
        .routes(routes!(bets::one, bets::cancel))
        .routes(routes!(stream::events))
}
