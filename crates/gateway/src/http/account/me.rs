//! The account that asks, its statement, and the leaderboard.

use std::sync::Arc;

use axum::{extract::State, response::IntoResponse};
use http::header;
use loljoa_proto::account::v1::{
    self as pb, GetAccountRequest, ListLeaderboardRequest, ListTransfersRequest,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ranking;
use crate::{
    api::{
        Page,
        account::{Account, Leaderboard, Place, StatementLine, Tier},
        all, required,
    },
    app::App,
    auth::User,
    call::repeat,
    http::extract::{Query, Result, json, limit},
};

/// Which page of a list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i32>,
    /// A page's `nextCursor`.
    #[param(min_length = 1)]
    #[serde(default)]
    cursor: String,
}

/// Which page of the leaderboard.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LeaderboardParams {
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i32>,
    /// A page's `nextCursor`.
    #[param(min_length = 1)]
    #[serde(default)]
    cursor: String,
    /// Only accounts of this tier.
    #[param(inline)]
    tier: Option<Tier>,
}

/// One's own account.
#[utoipa::path(get, path = "/api/account/me",
    operation_id = "getMe", tag = "account", responses((status = 200, body = Account)))]
pub(crate) async fn account(State(app): State<Arc<App>>, User(user): User) -> Result {
    let request = GetAccountRequest { account_id: user.account_id.to_string() };
    let response = repeat!(app.services.account(user.account_id), get_account, request)?;
    let mut account = required(response.account)?;
    ranking::over_all_cells(&app, &mut account).await;
    Ok(json(Account::try_from(account)?))
}

/// One's own statement, newest first.
#[utoipa::path(get, path = "/api/account/me/transfers",
    operation_id = "listMyTransfers", tag = "account", params(PageParams),
    responses((status = 200, body = Page<StatementLine>)))]
pub(crate) async fn transfers(
    State(app): State<Arc<App>>,
    User(user): User,
    Query(page): Query<PageParams>,
) -> Result {
    let account_id = user.account_id.to_string();
    let request = ListTransfersRequest { account_id, limit: limit(page.limit)?, cursor: page.cursor };
    let response = repeat!(app.services.account(user.account_id), list_transfers, request)?;
    Ok(json(Page::<StatementLine>::new(all(response.lines)?, response.next_cursor)))
}

/// Accounts by profit, best first, with one's own place.
#[utoipa::path(get, path = "/api/account/leaderboard",
    operation_id = "listLeaderboard", tag = "account", params(LeaderboardParams),
    responses((status = 200, body = Leaderboard)))]
pub(crate) async fn leaderboard(
    State(app): State<Arc<App>>,
    user: Option<User>,
    Query(page): Query<LeaderboardParams>,
) -> Result {
    let request = ListLeaderboardRequest {
        limit: limit(page.limit)?,
        cursor: page.cursor,
        tier: page.tier.map_or(pb::Tier::Unspecified, pb::Tier::from).into(),
        account_id: user.map(|User(user)| user.account_id.to_string()).unwrap_or_default(),
        better_than: None,
    };
    let response = ranking::leaderboard(&app, request).await?;
    let Page { items, next_cursor } = Page::<Place>::new(all(response.accounts)?, response.next_cursor);
    let own = response.own.map(Account::try_from).transpose()?;
    Ok(json(Leaderboard { items, next_cursor, own }))
}

/// The keys that access tokens can be checked with.
#[utoipa::path(get, path = "/.well-known/jwks.json", operation_id = "getJwks", tag = "account",
    responses((status = 200, content_type = "application/json", description = "an RFC 7517 key set")))]
pub(crate) async fn jwks(State(app): State<Arc<App>>) -> Result {
    let document = app.keys.document().await?;
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=60")];
    Ok((headers, document.to_string()).into_response())
}
