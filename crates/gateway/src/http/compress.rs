//! Compressing answers, for those who can read that.

use std::{convert::Infallible, future::ready};

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, header};
use tower::{Layer, ServiceExt, service_fn};
use tower_http::compression::CompressionLayer;

/// Whether, and how, the answer to a request is compressed.
///
/// What is looked at is. Answers to bets are short, and events have to leave at once: neither pays for a compressor, whose state is several
/// kilobytes for each answer, used or not.
pub(super) enum Compression {
    /// The request is no look.
    Never,
    /// In one of these ways, if in any.
    As(Vec<HeaderValue>),
}

impl Compression {
    /// That of a request.
    pub(super) fn of(request: &Request) -> Self {
        match *request.method() {
            Method::GET | Method::HEAD => {
                Self::As(request.headers().get_all(header::ACCEPT_ENCODING).iter().cloned().collect())
            }
            _ => Self::Never,
        }
    }

    /// The answer as it leaves.
    pub(super) async fn apply(self, mut response: Response) -> Response {
        let Self::As(accepted) = self else { return response };
        if is_event_stream(&response) {
            return response;
        }
        if !accepted.is_empty() {
            // In a box, lest every answer's future has room for it.
            return Box::pin(compressed(response, accepted)).await;
        }
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
        response
    }
}

fn is_event_stream(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream")
}

/// `response` as whoever accepts that wants it.
async fn compressed(response: Response, accepted: Vec<HeaderValue>) -> Response {
    let mut response = Some(response);
    let answer = service_fn(|_| ready(Ok::<_, Infallible>(response.take().unwrap_or_default())));
    let mut request = http::Request::<Body>::default();
    for accepted in accepted {
        request.headers_mut().append(header::ACCEPT_ENCODING, accepted);
    }
    let compressor = CompressionLayer::new().br(true).gzip(true).layer(answer);
    match compressor.oneshot(request).await {
        Ok(response) => response.into_response(),
        Err(never) => match never {},
    }
}
