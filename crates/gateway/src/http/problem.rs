//! Every failure as RFC 9457 `application/problem+json`.

use std::time::Duration;

use axum::{
    body::{self, Bytes},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, StatusCode, header};
use loljoa_service_kit::Error;
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of problems.
pub(crate) const CONTENT_TYPE: &str = "application/problem+json";

/// A failure on its way to the client.
#[derive(Debug)]
pub(crate) struct Problem(Box<Body>);

/// The code of a problem, left with its answer for whoever counts it.
#[derive(Clone, Debug)]
pub(crate) struct Code(pub(crate) String);

/// What went wrong, for programs (`code`) and for people (`title`, `detail`).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub(crate) struct Body {
    /// `urn:loljoa:problem:` followed by the code.
    #[serde(rename = "type")]
    kind: String,
    /// What the HTTP status means.
    title: &'static str,
    /// The HTTP status.
    #[serde(serialize_with = "status_number")]
    #[schema(value_type = u16)]
    status: StatusCode,
    /// What went wrong this time.
    detail: String,
    /// Stable and for programs, such as `market_locked`.
    code: String,
    /// The fields at fault; empty when no single field is.
    errors: Vec<FieldProblem>,
    /// Seconds after which trying again makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    #[serde(skip)]
    allow: Option<HeaderValue>,
}

/// A field at fault.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldProblem {
    /// The field's name as the client wrote it.
    field: String,
    /// What is allowed there.
    message: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn status_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem that only HTTP knows of.
    pub(crate) fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(Body {
            kind: format!("urn:loljoa:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status,
            detail: detail.into(),
            code: code.to_owned(),
            errors: Vec::new(),
            retry_after: None,
            allow: None,
        }))
    }

    /// There is nothing under this path.
    pub(crate) fn unknown_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "path_unknown", "there is nothing under this path")
    }

    /// The path is known, its methods are others.
    pub(crate) fn wrong_method(allowed: &[Method]) -> Self {
        let list = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        let detail = format!("this path takes {list}");
        let mut problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail);
        problem.0.allow = HeaderValue::try_from(list).ok();
        problem
    }

    /// The request's body did not come in time.
    pub(crate) fn slow_body() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", "the body did not come in time")
    }

    /// The answer did not begin in time.
    pub(crate) fn timeout() -> Self {
        Error::unavailable("the answer took too long").into()
    }

    /// The whole answer.
    pub(crate) fn render(self) -> http::Response<Bytes> {
        let Self(problem) = self;
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = http::Response::new(body.into());
        *response.status_mut() = problem.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        if let Some(seconds) = problem.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if problem.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(allow) = problem.allow {
            headers.insert(header::ALLOW, allow);
        }
        response.extensions_mut().insert(Code(problem.code));
        response
    }
}

/// Whole seconds, rounded up: who comes back then is not early.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let field =
            |v: loljoa_service_kit::error::Violation| FieldProblem { field: v.field, message: v.message };
        let mut problem = Self::new(error.code.to_http(), &error.reason, error.message);
        problem.0.errors = error.violations.into_iter().map(field).collect();
        problem.0.retry_after = error.retry_after.map(whole_seconds);
        problem
    }
}

impl From<tonic::Status> for Problem {
    fn from(status: tonic::Status) -> Self {
        Error::from(status).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.render().map(body::Body::from)
    }
}

#[cfg(test)]
mod tests {
    use loljoa_service_kit::ErrorCode;

    use super::*;

    fn json(problem: &Problem) -> String {
        serde_json::to_string_pretty(&problem.0).unwrap()
    }

    #[test]
    fn an_error_keeps_its_code_fields_and_time_to_retry() {
        let error = Error::exhausted("queue_full", "too many bets at once", Duration::from_millis(1_200))
            .with_field("stake", "must be 100 or more");
        insta::assert_snapshot!(json(&error.into()), @r#"
        {
          "type": "urn:loljoa:problem:queue_full",
          "title": "Too Many Requests",
          "status": 429,
          "detail": "too many bets at once",
          "code": "queue_full",
          "errors": [
            {
              "field": "stake",
              "message": "must be 100 or more"
            }
          ],
          "retryAfter": 2
        }
        "#);
    }

    #[test]
    fn each_code_has_its_http_status() {
        let codes = [
            (ErrorCode::AlreadyExists, 409),
            (ErrorCode::Invalid, 400),
            (ErrorCode::Forbidden, 403),
            (ErrorCode::NotFound, 404),
            (ErrorCode::Conflict, 409),
            (ErrorCode::Exhausted, 429),
            (ErrorCode::Unauthenticated, 401),
            (ErrorCode::Unavailable, 503),
            (ErrorCode::Internal, 500),
        ];
        for (code, status) in codes {
            assert_eq!(code.to_http().as_u16(), status, "{code:?}");
        }
    }

    #[test]
    fn what_another_service_says_of_itself_stays_inside() {
        let problem = Problem::from(tonic::Status::internal("relation \"bets\" does not exist"));
        assert!(!json(&problem).contains("bets"));
        assert_eq!(problem.0.status, StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[test]
    fn unauthenticated_answers_say_how_to_authenticate() {
        let error = Error::new(ErrorCode::Unauthenticated, "token_missing", "log in first");
        let response = Problem::from(error).into_response();
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
    }
}
