//! What stands between a connection and the routes.

use std::{
    any::Any,
    net::{IpAddr, SocketAddr},
    panic::{self, AssertUnwindSafe},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use http::Method;
use loljoa_service_kit::{Caller, Error, telemetry};
use tokio_util::sync::CancellationToken;

use super::{
    client_address::limit_key, compress::Compression, extract::Result, heads, observe::Observed,
    problem::Problem, reading::Reading, security::Protection,
};
use crate::{app::App, auth::access};

/// All that stands around every route. It is one future: as a layer for each, every part would be a box of its own, with a copy of
/// all that is inside it.
pub(crate) async fn around(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let observed = Observed::begin(&app, peer, &mut request);
    let protection = Protection::of(request.uri().path());
    let compression = Compression::of(&request);
    let answer = AssertUnwindSafe(within_limits(&app, observed.address, request, next)).catch_unwind();
    let response = match observed.during(answer).await {
        Ok(answer) => answer.into_response(),
        Err(panic) => panicked(panic),
    };
    let mut response = compression.apply(response).await;
    protection.add(&mut response, app.http.hsts());
    observed.end(&mut response);
    response
}

/// Lets a request pass when its address may and there is room, and waits for its answer only so long.
///
/// An answer that has begun, such as an event stream, takes no room any more. A request whose client hangs up is carried to
/// its end all the same, and keeps its room until then: the services behind need not guess how far it came, and one client's
/// hanging up resets no stream of the connections that everybody's calls share.
async fn within_limits(app: &App, address: IpAddr, request: Request, next: Next) -> Result<Response> {
    heads::check(&request)?;
    let place = app.limits.enter(limit_key(address))?;
    app.limits.check_address(limit_key(address))?;
    let (reading, request) = Reading::begin(app.pace, request);
    let (gone, timeout) = (CancellationToken::new(), app.timeout);
    // The time for an answer begins when the body is whole; until then the body may take its own.
    let caller = Caller::waiting(app.pace.whole() + timeout, gone.clone());
    // Dropped with this future, which lives as long as the client waits.
    let _waiting = gone.drop_guard();
    let answer = async move {
        let _place = place;
        tokio::select! {
            answer = next.run(request) => Ok(answer),
            () = reading.answer_due(timeout) => Err(Problem::timeout()),
        }
    };
    match tokio::spawn(caller.scope(telemetry::carried_along(answer))).await {
        Ok(answer) => answer,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => panic::resume_unwind(panic),
            Err(ended) => Err(Error::internal(ended).into()),
        },
    }
}

/// The answer for a method that a path does not take. What is not in the table of routes is documentation.
pub(crate) async fn wrong_method(path: MatchedPath) -> Problem {
    match access::methods(path.as_str()) {
        methods if methods.is_empty() => Problem::wrong_method(&[Method::GET, Method::HEAD]),
        methods => Problem::wrong_method(&methods),
    }
}

/// The answer of a handler that panicked.
#[expect(clippy::needless_pass_by_value, reason = "it is handed over where it is caught")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without a text");
    Problem::from(Error::internal(text)).into_response()
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_problem_that_tells_nothing() {
        let response = panicked(Box::new("index 7 out of bounds".to_owned()));
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 1_024).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains("\"code\":\"internal\"") && !body.contains("bounds"), "{body}");
    }
}
