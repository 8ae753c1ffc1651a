//! Calls that go on when their caller hangs up.
//!
//! The transport drops what it waits for when a client goes away or its deadline passes. Database work must not be dropped
//! half-way, so it runs on a task of its own: whoever hangs up loses the answer and nothing else.

use std::{convert::Infallible, time::Duration};

use http_body_util::{BodyExt, Full, Limited};
use tokio::{sync::OwnedSemaphorePermit, time};
use tokio_util::sync::CancellationToken;
use tonic::{Status, body::Body};
use tower::Service;

use super::{deadline, server::Answer};
use crate::{Caller, telemetry};

/// The largest request: what tonic decodes at most, and its frame's head.
const MAX_BYTES: usize = 4 * 1024 * 1024 + 5;
/// How much longer than its caller's deadline a call may go on.
const MARGIN: Duration = Duration::from_secs(5);

/// Whether calls of this path are answered by one message to one message, so that the request can be read whole first.
/// Health and reflection talk both ways, and touch no database.
pub(super) fn applies_to(path: &str) -> bool {
    path.starts_with("/loljoa.")
}

/// Reads the request on the caller's time, then answers it whether the caller stays or not. `slot` is kept to the end. What
/// waits in a queue for it can tell by the [`Caller`] whether it is still worth beginning.
pub(super) async fn call<S>(
    mut inner: S,
    request: http::Request<Body>,
    slot: OwnedSemaphorePermit,
    timeout: Duration,
) -> Answer
where
    S: Service<http::Request<Body>, Response = Answer, Error = Infallible> + Send + 'static,
    S::Future: Send,
{
    let request = match read(request).await {
        Ok(request) => request,
        Err(refusal) => return refusal.into_http(),
    };
    let gone = CancellationToken::new();
    let patience = deadline::announced(request.headers()).map_or(timeout, |announced| announced.min(timeout));
    let caller = Caller::waiting(patience, gone.clone());
    // Dropped with this future, which lives as long as somebody waits for it.
    let _waiting = gone.drop_guard();
    let work = async move {
        let _slot = slot;
        time::timeout(timeout + MARGIN, inner.call(request)).await
    };
    match tokio::spawn(caller.scope(telemetry::carried_along(work))).await {
        Ok(Ok(Ok(answer))) => answer,
        Ok(Err(_)) => Status::deadline_exceeded("no answer within the deadline").into_http(),
        Err(ended) if ended.is_cancelled() => {
            Status::from(crate::Error::unavailable("the service is stopping")).into_http()
        }
        Err(panic) => Status::from(crate::Error::internal(panic)).into_http(),
    }
}

async fn read(request: http::Request<Body>) -> Result<http::Request<Body>, Status> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BYTES).collect().await;
    let body = body.map_err(|error| Status::out_of_range(format!("the request cannot be read: {error}")))?;
    Ok(http::Request::from_parts(head, Body::new(Full::new(body.to_bytes()))))
}
