//! Signing up, logging in and out.

use std::sync::Arc;

use axum::{extract::State, response::IntoResponse};
use axum_extra::extract::cookie::CookieJar;
use http::{HeaderValue, StatusCode, header};
use loljoa_proto::account::v1::{
    self as pb, ChangePasswordRequest, EndOtherSessionsRequest, LogInRequest, LogOutAllRequest,
    LogOutRequest, RefreshRequest, SignUpRequest,
};
use loljoa_service_kit::{
    Error, Slot,
    grpc::client::{repeatable, sent_once},
};

use super::{
    ranking,
    turns::{LogInTurn, SignUpTurn},
};
use crate::{
    api::{
        account::{ChangePassword, Credentials, Ended, Session},
        required,
    },
    app::App,
    auth::{Token, User, unauthenticated},
    call::{once, repeat},
    http::extract::{Json, OptionalKey, Result, json},
};

const COOKIE: &str = "loljoa_refresh";
/// The only paths that need the cookie.
const COOKIE_PATH: &str = "/api/account";

/// Makes an account with 1,000 points and logs it in.
#[utoipa::path(post, path = "/api/account/signup",
    operation_id = "signUp", tag = "account", request_body = Credentials,
    params(("Idempotency-Key" = Option<Uuid>, Header, description = "the same key again logs in to the account made")),
    responses((status = 201, body = Session, description = "made; the refresh token is in a cookie")))]
pub(crate) async fn sign_up(
    State(app): State<Arc<App>>,
    SignUpTurn(address): SignUpTurn,
    OptionalKey(key): OptionalKey,
    Json(credentials): Json<Credentials>,
) -> Result {
    let (is_keyed, slot) = (key.is_some(), Slot::of_name(&credentials.username));
    let request = SignUpRequest {
        username: credentials.username,
        password: credentials.password,
        client_address: address.to_string(),
        idempotency_key: key.map(|key| key.to_string()).unwrap_or_default(),
    };
    let request = if is_keyed { repeatable(request) } else { sent_once(request) };
    let response = app.services.account_at(slot).sign_up(request).await?.into_inner();
    open(&app, StatusCode::CREATED, response.session).await
}

/// Logs in.
#[utoipa::path(post, path = "/api/account/login",
    operation_id = "logIn", tag = "account", request_body = Credentials,
    responses((status = 200, body = Session, description = "logged in; the refresh token is in a cookie")))]
pub(crate) async fn log_in(
    State(app): State<Arc<App>>,
    LogInTurn(address): LogInTurn,
    Json(Credentials { username, password }): Json<Credentials>,
) -> Result {
    let slot = Slot::of_name(&username);
    let request = LogInRequest { username, password, client_address: address.to_string() };
    let response = app.services.account_at(slot).log_in(sent_once(request)).await?.into_inner();
    open(&app, StatusCode::OK, response.session).await
}

/// Trades the cookie for a new one and a new access token.
#[utoipa::path(post, path = "/api/account/refresh", operation_id = "refresh", tag = "account",
    responses((status = 200, body = Session, description = "goes on; the cookie is a new one")))]
pub(crate) async fn refresh(State(app): State<Arc<App>>, cookies: CookieJar) -> Result {
    let missing = || unauthenticated("refresh_token_missing", "log in first: there is no refresh cookie");
    let refresh_token = cookies.get(COOKIE).ok_or_else(missing)?.value().to_owned();
    let slot = Slot::of_refresh_token(&refresh_token);
    let response = repeat!(app.services.account_at(slot), refresh, RefreshRequest { refresh_token })?;
    open(&app, StatusCode::OK, response.session).await
}

/// Logs out. Succeeds for whoever is logged out already.
#[utoipa::path(post, path = "/api/account/logout", operation_id = "logOut", tag = "account",
    responses((status = 204, description = "logged out; the cookie is gone")))]
pub(crate) async fn log_out(State(app): State<Arc<App>>, cookies: CookieJar) -> Result {
    if let Some(cookie) = cookies.get(COOKIE) {
        let refresh_token = cookie.value().to_owned();
        let slot = Slot::of_refresh_token(&refresh_token);
        repeat!(app.services.account_at(slot), log_out, LogOutRequest { refresh_token })?;
    }
    let gone = [(header::SET_COOKIE, cookie("", 0, app.secure_cookies)?)];
    Ok((StatusCode::NO_CONTENT, gone).into_response())
}

/// Ends all sessions of the account, on every device.
#[utoipa::path(post, path = "/api/account/logout-all", operation_id = "logOutAll", tag = "account",
    responses((status = 200, body = Ended, description = "logged out everywhere; access tokens end within seconds")))]
pub(crate) async fn log_out_all(State(app): State<Arc<App>>, User(user): User, token: Token) -> Result {
    let request = LogOutAllRequest { account_id: user.account_id.to_string() };
    let response = once!(app.services.own_account(user.account_id, &token), log_out_all, request)?;
    let gone = [(header::SET_COOKIE, cookie("", 0, app.secure_cookies)?)];
    Ok((gone, json(Ended { ended: response.ended })).into_response())
}

/// Ends all sessions of the account but the one that asks.
#[utoipa::path(post, path = "/api/account/sessions/end", operation_id = "endOtherSessions", tag = "account",
    responses((status = 200, body = Ended, description = "logged out everywhere else; access tokens of these sessions end within seconds")))]
pub(crate) async fn end_others(State(app): State<Arc<App>>, User(user): User, token: Token) -> Result {
    let request = EndOtherSessionsRequest {
        account_id: user.account_id.to_string(),
        access_session_id: user.session.map(|session| session.to_string()).unwrap_or_default(),
    };
    let response = once!(app.services.own_account(user.account_id, &token), end_other_sessions, request)?;
    Ok(json(Ended { ended: response.ended }))
}

/// Sets another password, ends all sessions of the account and opens a new one for who asks.
#[utoipa::path(post, path = "/api/account/password", operation_id = "changePassword", tag = "account",
    request_body = ChangePassword,
    responses((status = 200, body = Session, description = "changed; the cookie is a new one, all others are worth nothing")))]
pub(crate) async fn change_password(
    State(app): State<Arc<App>>,
    User(user): User,
    token: Token,
    LogInTurn(address): LogInTurn,
    Json(ChangePassword { current_password, new_password }): Json<ChangePassword>,
) -> Result {
    let account_id = user.account_id.to_string();
    let client_address = address.to_string();
    let request = ChangePasswordRequest { account_id, current_password, new_password, client_address };
    let mut account = app.services.own_account(user.account_id, &token);
    let response = account.change_password(request).await?.into_inner();
    open(&app, StatusCode::OK, response.session).await
}

async fn open(app: &App, status: StatusCode, session: Option<pb::Session>) -> Result {
    let mut session = required(session)?;
    if let Some(account) = &mut session.account {
        ranking::over_all_cells(app, account).await;
    }
    let until = required(session.refresh_expires_at)?.seconds;
    let seconds = until.saturating_sub(app.clock.now().timestamp());
    let cookie = [(header::SET_COOKIE, cookie(&session.refresh_token, seconds, app.secure_cookies)?)];
    let body = Session {
        account: required(session.account)?.try_into()?,
        access_token: session.access_token,
        expires_in: session.expires_in,
    };
    Ok((status, cookie, json(body)).into_response())
}

/// The cookie that holds a refresh token for so many seconds; for none, a cookie that is gone at once.
fn cookie(token: &str, seconds: i64, secure: bool) -> Result<HeaderValue, Error> {
    let secure = if secure { "; Secure" } else { "" };
    let seconds = seconds.max(0);
    let text =
        format!("{COOKIE}={token}; Path={COOKIE_PATH}; Max-Age={seconds}; HttpOnly{secure}; SameSite=Strict");
    HeaderValue::try_from(text).map_err(Error::internal)
}
