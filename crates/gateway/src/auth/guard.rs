//! The one gate before every route of the API.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, header};
use loljoa_service_kit::{
    Error,
    identity::{Bearer, admin_required, login_required},
};

use super::{
    Identity, Role,
    access::{self, Access},
    session_over, unauthenticated,
};
use crate::{
    app::App,
    http::{extract::Result, problem::Problem},
};

/// The routes where one sees one's points, and so the grant of the day.
const SHOW_POINTS: [&str; 3] = ["/api/account/me", "/api/account/me/transfers", "/api/account/leaderboard"];

/// Lets a request through when the table of routes says so, with its [`Identity`] left in its extensions.
pub(crate) async fn guard(
    State(app): State<Arc<App>>,
    path: MatchedPath,
    mut request: Request,
    next: Next,
) -> Result<Response> {
    let Some(access) = access::rule(request.method(), path.as_str()) else {
        return Err(Problem::wrong_method(&access::methods(path.as_str())));
    };
    let opened = app.http.public_hello && path.as_str() == access::HELLO;
    let access = if opened { Access::Public } else { access };
    if let Some(identity) = identify(&app, access, request.headers()).await? {
        app.limits.check_account(identity.account_id)?;
        let grant = app.daily_grants.claim(identity.account_id);
        if SHOW_POINTS.contains(&path.as_str()) {
            grant.settled().await;
        }
        request.extensions_mut().insert(identity);
    }
    if matches!(access, Access::User | Access::Admin)
        && let Some(token) = bearer(request.headers())?
    {
        let bearer = Bearer::new(token)?;
        request.extensions_mut().insert(bearer);
    }
    Ok(next.run(request).await)
}

async fn identify(app: &App, access: Access, headers: &HeaderMap) -> Result<Option<Identity>, Error> {
    let token = if access == Access::Public { None } else { bearer(headers)? };
    let identity = match token {
        Some(token) => Some(app.tokens.verify(token).await?),
        None => None,
    };
    let session = identity.as_ref().and_then(|identity| identity.session);
    if session.is_some_and(|session| app.revocations.has_ended(session)) {
        return Err(session_over());
    }
    match (access, &identity) {
        (Access::User | Access::Admin, None) => Err(login_required()),
        (Access::Admin, Some(identity)) if identity.role != Role::Admin => Err(admin_required()),
        _ => Ok(identity),
    }
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let malformed = || unauthenticated("token_malformed", "must be sent as Authorization: Bearer <token>");
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(malformed)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(Some(token.trim())) } else { Err(malformed()) }
}
