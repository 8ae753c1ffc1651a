use tonic::{Code, Status};
use tracing::Span;

use super::server::Answer;

/// How a call ended, for its span. Dropped without an answer, the call was given up: by its caller, or at its deadline.
pub(super) struct Outcome(Option<Span>);

impl Outcome {
    /// That of the call whose span has `rpc.response.status_code`, `otel.status_code`, `otel.status_description` and
    /// `error.type` to be filled in.
    pub(super) fn of(span: &Span) -> Self {
        Self(Some(span.clone()))
    }

    /// Records the answer's status. A failed call carries it in its head.
    pub(super) fn answered(self, answer: &Answer) {
        match Status::from_header_map(answer.headers()) {
            Some(status) => self.ended(status.code(), status.message()),
            None => self.ended(Code::Ok, ""),
        }
    }

    /// Records a status and its message.
    pub(super) fn ended(mut self, code: Code, message: &str) {
        let Some(span) = self.0.take().filter(|span| !span.is_disabled()) else { return };
        let name = name(code).to_ascii_uppercase();
        span.record("rpc.response.status_code", &*name);
        if is_fault(code) {
            fail(&span, message, &name);
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

/// As OpenTelemetry has it for servers: what a caller did wrong is no error of the span. So it is with spans of callers here, for
/// whom OpenTelemetry counts everything, because traces with errors are kept: a storm of refusals is none.
const fn is_fault(code: Code) -> bool {
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

/// The status of an answer. A failed call carries it in its head; a head without one belongs to a call that succeeded.
pub(super) fn code(answer: &Answer) -> Code {
    Status::from_header_map(answer.headers()).map_or(Code::Ok, |status| status.code())
}

/// The name of a status in metrics, in lower case.
pub(super) const fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "ok",
        Code::Cancelled => "cancelled",
        Code::InvalidArgument => "invalid_argument",
        Code::DeadlineExceeded => "deadline_exceeded",
        Code::NotFound => "not_found",
        Code::AlreadyExists => "already_exists",
        Code::PermissionDenied => "permission_denied",
        Code::ResourceExhausted => "resource_exhausted",
        Code::FailedPrecondition => "failed_precondition",
        Code::Aborted => "aborted",
        Code::OutOfRange => "out_of_range",
        Code::Unimplemented => "unimplemented",
        Code::Internal => "internal",
        Code::Unavailable => "unavailable",
        Code::DataLoss => "data_loss",
        Code::Unauthenticated => "unauthenticated",
        Code::Unknown => "unknown",
    }
}
