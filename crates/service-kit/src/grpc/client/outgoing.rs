//! Spans of calls that go out.

use tonic::{Status, body::Body};
use tracing::{Instrument, Span, field::Empty, info_span};

use super::replica::Names;
use crate::{
    grpc::{contracts, outcome::Outcome},
    telemetry,
};

/// The span of a call of `path`, with every attempt in it. None outside of a trace that is kept, so that a call begins no trace.
pub(super) fn span(names: &Names, path: &str) -> Span {
    if !telemetry::is_within_trace() {
        return Span::none();
    }
    let method = contracts::bare(contracts::method(path));
    info_span!(
        "call",
        otel.name = method,
        otel.kind = "client",
        rpc.system.name = "grpc",
        rpc.method = method,
        server.address = names.neighbour,
        service = names.service,
        rpc.response.status_code = Empty,
        otel.status_code = Empty,
        otel.status_description = Empty,
        "error.type" = Empty,
    )
}

/// Makes a call in its span, and notes there how it ended.
pub(super) async fn watched(
    span: Span,
    call: impl Future<Output = Result<http::Response<Body>, Status>>,
) -> Result<http::Response<Body>, Status> {
    if span.is_disabled() {
        return call.await;
    }
    let outcome = Outcome::of(&span);
    let result = call.instrument(span).await;
    match &result {
        Ok(answer) => outcome.answered(answer),
        Err(status) => outcome.ended(status.code(), status.message()),
    }
    result
}
