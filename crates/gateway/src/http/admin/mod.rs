//! `/api/admin`: what admins have done.

mod merge;

use std::sync::Arc;

use axum::extract::State;
use futures::future::try_join_all;
use loljoa_proto::admin::v1::{
    ListAdminActionsRequest, ListAdminActionsResponse, admin_log_service_client::AdminLogServiceClient,
};
use loljoa_service_kit::{Error, page};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::merge::{Log, merge};
use crate::{
    api::{Page, admin_action::AdminAction, all},
    app::App,
    auth::Admin,
    call::repeat,
    http::extract::{Query, Result, json, limit},
    services::WithToken,
};

/// The routes of this part.
pub(crate) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(actions))
}

/// Which page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActionParams {
    /// 1 to 100.
    limit: Option<i32>,
    /// A page's `nextCursor`.
    #[param(min_length = 1)]
    #[serde(default)]
    cursor: String,
}

/// Where to read on in each cell of each service; `None` at its end.
type Places = Vec<Option<String>>;

/// What admins have done to accounts, markets, incidents, matches and seasons, newest first. Written down where it was done, in the same
/// commit.
#[utoipa::path(get, path = "/api/admin/actions",
    operation_id = "listAdminActions", tag = "admin", params(ActionParams),
    responses((status = 200, body = Page<AdminAction>)))]
pub(crate) async fn actions(
    State(app): State<Arc<App>>,
    admin: Admin,
    Query(asked): Query<ActionParams>,
) -> Result {
    let limit = match limit(asked.limit)? {
        0 => page::DEFAULT_LIMIT,
        limit => limit,
    };
    let places: Option<Places> = page::decode_cursor(&asked.cursor)?;
    let logs = app.services.admin_logs(&admin);
    let places = places.unwrap_or_else(|| vec![Some(String::new()); logs.len()]);
    if places.len() != logs.len() {
        return Err(Error::invalid_field("cursor", "cursor_malformed", "must be a page's nextCursor").into());
    }
    let logs = try_join_all(logs.into_iter().zip(places).map(|(log, place)| read(log, place, limit))).await?;
    let (actions, places) = merge(logs, usize::try_from(limit).unwrap_or_default());
    let next = if places.iter().all(Option::is_none) { String::new() } else { page::encode_cursor(&places) };
    Ok(json(Page::<AdminAction>::new(all(actions)?, next)))
}

/// A page of what one service has written down.
async fn read(
    log: AdminLogServiceClient<WithToken>,
    place: Option<String>,
    limit: i32,
) -> Result<Log, Error> {
    let Some(cursor) = place else { return Ok(Log::default()) };
    let request = ListAdminActionsRequest { limit, cursor: cursor.clone() };
    let ListAdminActionsResponse { actions, next_cursor } = repeat!(log, list_admin_actions, request)?;
    let after = Some(next_cursor).filter(|cursor| !cursor.is_empty());
    Ok(Log { actions: actions.into(), place: Some(cursor), after })
}
