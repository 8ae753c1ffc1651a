//! What admins do to accounts.

use std::sync::Arc;

use axum::extract::State;
use loljoa_proto::account::v1::{
    DisableAccountRequest, EnableAccountRequest, EndSessionsRequest, FindAccountRequest,
};
use loljoa_service_kit::{AccountId, Slot};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    api::{
        account::{Ended, ManagedAccount},
        required,
    },
    app::App,
    auth::{Admin, Identity, User},
    call::{once, repeat},
    http::extract::{Path, Query, Result, json},
};

/// Which account.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ByName {
    /// Its name, in whatever case.
    #[param(min_length = 3, max_length = 20, pattern = "^[a-zA-Z0-9_가-힣]+$")]
    username: String,
}

/// The account of a name.
#[utoipa::path(get, path = "/api/account/users", operation_id = "findAccount", tag = "account", params(ByName),
    responses((status = 200, body = ManagedAccount)))]
pub(crate) async fn find(
    State(app): State<Arc<App>>,
    admin: Admin,
    Query(ByName { username }): Query<ByName>,
) -> Result {
    let slot = Slot::of_name(&username);
    let request = FindAccountRequest { username };
    let found = repeat!(app.services.account_admin(slot, &admin), find_account, request)?;
    Ok(json(ManagedAccount::try_from(required(found.account)?)?))
}

/// Keeps an account out: its sessions end, their access tokens within seconds, and it cannot log in. Points and bets stay.
#[utoipa::path(post, path = "/api/account/users/{accountId}/disable", operation_id = "disableAccount", tag = "account",
    params(("accountId" = Uuid, Path)), responses((status = 200, body = ManagedAccount)))]
pub(crate) async fn disable(
    State(app): State<Arc<App>>,
    admin: Admin,
    User(by): User,
    Path(account): Path<AccountId>,
) -> Result {
    let (account_id, acting_account_id) = ids(account, &by);
    let request = DisableAccountRequest { account_id, acting_account_id };
    let disabled =
        repeat!(app.services.account_admin(Slot::of_account(account), &admin), disable_account, request)?;
    Ok(json(ManagedAccount::try_from(required(disabled.account)?)?))
}

/// Lets an account in again; it has to log in.
#[utoipa::path(post, path = "/api/account/users/{accountId}/enable", operation_id = "enableAccount", tag = "account",
    params(("accountId" = Uuid, Path)), responses((status = 200, body = ManagedAccount)))]
pub(crate) async fn enable(
    State(app): State<Arc<App>>,
    admin: Admin,
    User(by): User,
    Path(account): Path<AccountId>,
) -> Result {
    let (account_id, acting_account_id) = ids(account, &by);
    let request = EnableAccountRequest { account_id, acting_account_id };
    let enabled =
        repeat!(app.services.account_admin(Slot::of_account(account), &admin), enable_account, request)?;
    Ok(json(ManagedAccount::try_from(required(enabled.account)?)?))
}

/// Ends all sessions of an account; it may log in again.
#[utoipa::path(post, path = "/api/account/users/{accountId}/sessions/end", operation_id = "endSessions", tag = "account",
    params(("accountId" = Uuid, Path)), responses((status = 200, body = Ended)))]
pub(crate) async fn end_sessions(
    State(app): State<Arc<App>>,
    admin: Admin,
    User(by): User,
    Path(account): Path<AccountId>,
) -> Result {
    let (account_id, acting_account_id) = ids(account, &by);
    let request = EndSessionsRequest { account_id, acting_account_id };
    let ended = once!(app.services.account_admin(Slot::of_account(account), &admin), end_sessions, request)?;
    Ok(json(Ended { ended: ended.ended }))
}

/// On whom an admin acts, and who that is. Account takes that from the token; the release before wants to be told.
fn ids(account: AccountId, admin: &Identity) -> (String, String) {
    (account.to_string(), admin.account_id.to_string())
}
