//! `/api/account`: sessions and the account behind them.

pub(crate) mod admin;
pub(crate) mod me;
mod ranking;
pub(crate) mod sessions;
mod turns;

use std::sync::Arc;

use utoipa_axum::{router::OpenApiRouter, routes};

use super::csrf::Csrf;
use crate::app::App;

/// The routes of this part. Those that set or read the cookie are closed to other sites' pages.
pub(crate) fn routes(csrf: Csrf) -> OpenApiRouter<Arc<App>> {
    let with_cookie = OpenApiRouter::new()
        .routes(routes!(sessions::sign_up))
        .routes(routes!(sessions::log_in))
        .routes(routes!(sessions::refresh))
        .routes(routes!(sessions::log_out))
        .routes(routes!(sessions::change_password))
        .route_layer(csrf);
    OpenApiRouter::new()
        .routes(routes!(sessions::log_out_all))
        .routes(routes!(sessions::end_others))
        .routes(routes!(admin::find))
        .routes(routes!(admin::disable))
        .routes(routes!(admin::enable))
        .routes(routes!(admin::end_sessions))
        .routes(routes!(me::account))
        .routes(routes!(me::transfers))
        .routes(routes!(me::leaderboard))
        .routes(routes!(me::jwks))
        .merge(with_cookie)
}
