use tonic::{Code, Status};
use tracing::Span;

use super::server::Answer;

/// How a call ended, for its span. Dropped without an answer, the call was given up: by its caller, or at its deadline.
pub(super) struct Outcome(Option<Span>);

impl Outcome {
    /// That of the call whose span has `rpc.grpc.status_code`, `otel.status_code`, `otel.status_description` and
    /// `error.type` to be filled in.
    pub(super) fn of(span: &Span) -> Self {
        Self(Some(span.clone()))
    }

    /// Records the answer's status. A failed call carries it in its head.
    pub(super) fn answered(mut self, answer: &Answer) {
        let Some(span) = self.0.take() else { return };
        let status = Status::from_header_map(answer.headers()).unwrap_or_else(|| Status::ok(""));
        span.record("rpc.grpc.status_code", i32::from(status.code()));
        if is_servers_fault(status.code()) {
            fail(&span, status.message(), &format!("{:?}", status.code()));
        }
    }
}

impl Drop for Outcome {
    fn drop(&mut self) {
        if let Some(span) = &self.0 {
            fail(span, "given up before it was answered", "given_up");
        }
    }
}

fn fail(span: &Span, why: &str, kind: &str) {
    span.record("otel.status_code", "ERROR");
    span.record("otel.status_description", why);
    span.record("error.type", kind);
}

/// As OpenTelemetry has it for servers: what a caller did wrong is no error of the span.
fn is_servers_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}
