//! Calls of one message and one answer, read whole, so that a call can be sent again and an answer that is cut off is no answer.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use tonic::{Code, Request, Status, body::Body};
use tonic_types::StatusExt;

use super::lost;
use crate::error::is_ours;

/// Marks a request of one message that is answered by one message, and says when it may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Also when nobody knows whether it was done.
    Repeatable,
    /// Only when it never left.
    SentOnce,
}

/// A call that does no harm when it is made again: a read, or a write that carries a key.
pub fn repeatable<T>(message: T) -> Request<T> {
    marked(message, Mark::Repeatable)
}

/// A [`repeatable`] call that carries what many callers wait for, and goes where such calls meet.
pub fn batch<T>(message: T) -> Request<T> {
    let mut request = repeatable(message);
    request.extensions_mut().insert(Batch);
    request
}

/// Marks a [`batch`].
#[derive(Clone, Copy, Debug)]
struct Batch;

/// Whether a call is a [`batch`].
pub(super) fn is_batch(request: &http::Request<Body>) -> bool {
    request.extensions().get::<Batch>().is_some()
}

/// A call that is sent again only when it never left. One that is not marked at all is not sent again, and its answer, which
/// may be a stream, is not read before it is handed on.
pub fn sent_once<T>(message: T) -> Request<T> {
    marked(message, Mark::SentOnce)
}

fn marked<T>(message: T, mark: Mark) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(mark);
    request
}

/// A call that can be sent as often as need be.
pub(super) struct Call {
    head: http::request::Parts,
    body: Bytes,
}

impl Call {
    pub(super) async fn read(request: http::Request<Body>) -> Result<Self, Status> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Self { head, body })
    }

    pub(super) fn request(&self) -> http::Request<Body> {
        http::Request::from_parts(self.head.clone(), Body::new(Full::new(self.body.clone())))
    }
}

/// An answer that was read to its end.
pub(super) struct Answer {
    head: http::response::Parts,
    body: Bytes,
    trailers: Option<http::HeaderMap>,
}

impl Answer {
    pub(super) async fn read(response: http::Response<Body>) -> Result<Self, Status> {
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|status| lost::status(&status.into()))?;
        let trailers = body.trailers().cloned();
        let answer = Self { head, trailers, body: body.to_bytes() };
        // A connection that ends politely in the middle looks like an end; the status, which comes last, is missing then.
        if answer.head.status == http::StatusCode::OK && answer.status().is_none() {
            return Err(lost::Lost::Unknown.status("an answer without its end"));
        }
        Ok(answer)
    }

    /// What the callee says of the call.
    pub(super) fn status(&self) -> Option<Status> {
        let end = self.trailers.as_ref().and_then(Status::from_header_map);
        end.or_else(|| Status::from_header_map(&self.head.headers))
    }

    /// When the callee wants the same call again: at once (none), then, or not at all.
    pub(super) fn asks_again(&self) -> Again {
        let Some(status) = self.status() else {
            // Not gRPC at all: a proxy, which says by the HTTP status that it found nobody.
            let away = matches!(self.head.status.as_u16(), 429 | 502..=504);
            return if away { Again::Soon } else { Again::Never };
        };
        if status.code() == Code::Ok {
            return Again::Never;
        }
        if is_ours(&status) {
            let details = status.get_error_details();
            let after = details.retry_info().and_then(|retry| retry.retry_delay);
            return after.map_or(Again::Never, Again::After);
        }
        if status.code() == Code::Unavailable { Again::Soon } else { Again::Never }
    }

    pub(super) fn into_response(self) -> http::Response<Body> {
        let trailers = self.trailers.map(Ok);
        let body = Full::new(self.body).with_trailers(std::future::ready(trailers));
        http::Response::from_parts(self.head, Body::new(body))
    }
}

/// Whether the same call again makes sense, by the answer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    Never,
    /// Nobody has looked at it; somebody else may.
    Soon,
    /// The service has looked at it, and says when.
    After(std::time::Duration),
}
