use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::Error;

/// A failure of the admin port, as RFC 9457 `application/problem+json`: in the shape that the gateway's have.
pub(super) struct Problem(pub(super) Error);

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self(error) = self;
        let status = error.code.to_http();
        let fields = error.violations.iter();
        let errors: Vec<_> = fields.map(|at| json!({ "field": at.field, "message": at.message })).collect();
        let body = json!({
            "type": format!("urn:loljoa:problem:{}", error.reason),
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "detail": error.message,
            "code": error.reason,
            "errors": errors,
        });
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
