//! One error for everything that leaves a service, and its way over gRPC.
//!
//! Inside, each module has its own `Error` (thiserror). At the edge of a service it becomes this one, whose `code` maps
//! to a gRPC and an HTTP status here, and whose `reason` stays the same for good.

use std::{collections::HashMap, time::Duration};

use http::StatusCode;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::postgres;

/// Who defines the reasons, as `google.rpc.ErrorInfo` wants it.
const DOMAIN: &str = "loljoa";

/// What went wrong, as a caller can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The thing to be made is there already.
    AlreadyExists,
    /// The request can never succeed as it is.
    Invalid,
    /// The caller is known, and may not.
    Forbidden,
    /// There is no such thing, or none that the caller may know of.
    NotFound,
    /// The request does not fit the present state.
    Conflict,
    /// Too much at once; later it may succeed.
    Exhausted,
    /// The caller is not known.
    Unauthenticated,
    /// A part that is needed does not answer; later it may succeed.
    Unavailable,
    /// Our fault. Details are in the log, never in the answer.
    Internal,
}

impl ErrorCode {
    const fn to_grpc(self) -> Code {
        match self {
            Self::AlreadyExists => Code::AlreadyExists,
            Self::Invalid => Code::InvalidArgument,
            Self::Forbidden => Code::PermissionDenied,
            Self::NotFound => Code::NotFound,
            Self::Conflict => Code::FailedPrecondition,
            Self::Exhausted => Code::ResourceExhausted,
            Self::Unauthenticated => Code::Unauthenticated,
            Self::Unavailable => Code::Unavailable,
            Self::Internal => Code::Internal,
        }
    }

    /// The one place where codes become HTTP statuses.
    #[must_use]
    pub const fn to_http(self) -> StatusCode {
        match self {
            Self::Invalid => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::AlreadyExists | Self::Conflict => StatusCode::CONFLICT,
            Self::Exhausted => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The code behind a `google.rpc.Code`; what no service sends on purpose counts as unavailable or internal.
    #[must_use]
    pub const fn from_grpc(code: Code) -> Self {
        match code {
            Code::AlreadyExists => Self::AlreadyExists,
            Code::InvalidArgument | Code::OutOfRange => Self::Invalid,
            Code::PermissionDenied => Self::Forbidden,
            Code::NotFound => Self::NotFound,
            Code::FailedPrecondition | Code::Aborted => Self::Conflict,
            Code::ResourceExhausted => Self::Exhausted,
            Code::Unauthenticated => Self::Unauthenticated,
            Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => Self::Unavailable,
            Code::Ok | Code::Unknown | Code::Unimplemented | Code::Internal | Code::DataLoss => {
                Self::Internal
            }
        }
    }

    /// The number that stands for this code in a message of ours that carries a `google.rpc.Code`.
    #[must_use]
    pub const fn grpc_number(self) -> i32 {
        self.to_grpc() as i32
    }
}

/// A field at fault, and what is allowed there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field's name as the client wrote it.
    pub field: String,
    /// What is allowed.
    pub message: String,
}

/// An error as the caller gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What the caller can act on.
    pub code: ErrorCode,
    /// Stable and for programs, such as `market_locked`.
    pub reason: String,
    /// For people; lower case, no full stop. Never holds internal detail.
    pub message: String,
    /// The fields at fault; empty when no single field is.
    pub violations: Vec<Violation>,
    /// When trying again makes sense.
    pub retry_after: Option<Duration>,
}

impl Error {
    /// An error without a field at fault.
    #[must_use]
    pub fn new(code: ErrorCode, reason: &str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.to_owned(),
            message: message.into(),
            violations: Vec::new(),
            retry_after: None,
        }
    }

    /// A field that can never be accepted as it is.
    #[must_use]
    pub fn invalid_field(field: &str, reason: &str, message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Invalid, reason, "the request is not valid").with_field(field, message)
    }

    /// There is no such thing, or none that the caller may know of.
    #[must_use]
    pub fn not_found(reason: &str, message: impl Into<String>) -> Self {
        Self::new(ErrorCode::NotFound, reason, message)
    }

    /// The request does not fit the present state.
    #[must_use]
    pub fn conflict(reason: &str, message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Conflict, reason, message)
    }

    /// Too much at once; the caller may come again after `retry_after`.
    #[must_use]
    pub fn exhausted(reason: &str, message: impl Into<String>, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(ErrorCode::Exhausted, reason, message) }
    }

    /// A part that is needed does not answer.
    #[must_use]
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self {
            retry_after: Some(Duration::from_secs(1)),
            ..Self::new(ErrorCode::Unavailable, "unavailable", message)
        }
    }

    /// Our fault: logs `detail` once and tells the caller nothing of it.
    #[must_use]
    pub fn internal(detail: impl std::fmt::Display) -> Self {
        tracing::error!(event = "error.internal", error = %detail, "internal error");
        Self::new(ErrorCode::Internal, "internal", "something went wrong on our side")
    }

    /// Names a field at fault as well.
    #[must_use]
    pub fn with_field(mut self, field: &str, message: impl Into<String>) -> Self {
        self.violations.push(Violation { field: field.to_owned(), message: message.into() });
        self
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.violations.first() {
            Some(violation) => write!(f, "{}: {}", violation.field, violation.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Error {}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let mut details = ErrorDetails::new();
        details.set_error_info(error.reason, DOMAIN, HashMap::new());
        if !error.violations.is_empty() {
            let violations = error.violations.into_iter().map(|v| FieldViolation::new(v.field, v.message));
            details.set_bad_request(violations.collect::<Vec<_>>());
        }
        if let Some(after) = error.retry_after {
            details.set_retry_info(Some(after));
        }
        Self::with_error_details(error.code.to_grpc(), error.message, details)
    }
}

impl From<Status> for Error {
    /// Reads an answer of another service. What carries no reason of ours was made by the transport, and its text is
    /// not for callers.
    fn from(status: Status) -> Self {
        let code = ErrorCode::from_grpc(status.code());
        let details = status.get_error_details();
        let Some(info) = details.error_info().filter(|_| is_ours(&status)) else {
            tracing::warn!(
                event = "call.failed",
                code = ?status.code(), error = status.message(), "a call to another service failed"
            );
            // A call whose end is missing, or an error that was made on this side of the wire: a connection that was lost.
            let is_lost = status.code() == Code::Unknown || std::error::Error::source(&status).is_some();
            return match if is_lost { ErrorCode::Unavailable } else { code } {
                ErrorCode::Exhausted => {
                    Self::exhausted("overloaded", "too many requests at once", Duration::from_secs(1))
                }
                ErrorCode::Unavailable => Self::unavailable("a service that is needed does not answer"),
                _ => Self::new(ErrorCode::Internal, "internal", "something went wrong on our side"),
            };
        };
        let violations = details.bad_request().map_or_else(Vec::new, |bad| {
            let field =
                |v: &FieldViolation| Violation { field: v.field.clone(), message: v.description.clone() };
            bad.field_violations.iter().map(field).collect()
        });
        Self {
            code,
            reason: info.reason.clone(),
            message: status.message().to_owned(),
            violations,
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay).or_else(|| sometime(code)),
        }
    }
}

/// Whether a service of ours has made this status, on purpose. All others come from libraries, proxies and broken connections.
pub(crate) fn is_ours(status: &Status) -> bool {
    status.get_error_details().error_info().is_some_and(|info| info.domain == DOMAIN)
}

/// When to come again where nobody has said.
fn sometime(code: ErrorCode) -> Option<Duration> {
    (code == ErrorCode::Unavailable).then_some(Duration::from_secs(1))
}

impl From<sqlx::Error> for Error {
    /// A database that cannot be reached, has no connection free, or gave up for now is unavailable; all else is our
    /// fault.
    fn from(error: sqlx::Error) -> Self {
        postgres::note(&error);
        if postgres::is_passing(&error) {
            tracing::warn!(event = "database.no_answer", %error, "the database does not answer");
            return Self::unavailable("the database does not answer");
        }
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_survives_the_way_over_grpc() {
        let error = Error::exhausted("queue_full", "too many bets at once", Duration::from_secs(2))
            .with_field("stake", "must be 100 or more");
        assert_eq!(Error::from(Status::from(error.clone())), error);
    }

    #[test]
    fn a_lost_connection_is_not_our_fault() {
        let reset = || std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        let lost = [
            Status::from_error(Box::new(reset())),
            Status::from_error("transport error".into()),
            Status::unknown("missing grpc-status trailer"),
            Status::unavailable("no healthy upstream"),
            Status::cancelled("Timeout expired"),
            Status::deadline_exceeded("no answer within the deadline"),
        ];
        for status in lost {
            let error = Error::from(status);
            assert_eq!((error.code, error.reason.as_str()), (ErrorCode::Unavailable, "unavailable"));
            assert!(error.retry_after.is_some());
        }
    }

    #[test]
    fn what_is_unavailable_always_says_when_to_come_again() {
        let error = Error { retry_after: None, ..Error::unavailable("away") };
        assert!(Error::from(Status::from(error)).retry_after.is_some());
    }

    #[test]
    fn what_the_transport_says_stays_inside() {
        let error = Error::from(Status::internal("connection to 10.0.0.7 reset"));
        assert_eq!(error.message, "something went wrong on our side");
    }
}
