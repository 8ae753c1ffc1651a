//! Bodies, with problems that name what is wrong where.

use axum::extract::{FromRequest, Request, rejection::BytesRejection};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use loljoa_service_kit::Error;
use serde::de::DeserializeOwned;

use super::at_fault;
use crate::http::{problem::Problem, reading::Reading};

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "the body must be sent as application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type_unsupported", detail));
        }
        let body = read(request, state).await?;
        parse(&body).map(Self).map_err(Problem::from)
    }
}

/// A body as it came, within the route's limit.
pub(crate) struct Raw(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        read(request, state).await.map(Self)
    }
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    if !is_plain(request.headers()) {
        let detail = "the body must be sent as it is, without Content-Encoding";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "encoding_unsupported", detail));
    }
    let reading = request.extensions().get::<Reading>().cloned();
    let body = Bytes::from_request(request, state).await;
    body.map_err(|rejection| match reading {
        Some(reading) if reading.was_late() => Problem::slow_body(),
        _ => unreadable(&rejection),
    })
}

fn is_plain(headers: &HeaderMap) -> bool {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    encodings.all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

fn unreadable(rejection: &BytesRejection) -> Problem {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            "the body is larger than this path takes",
        ),
        _ => Problem::new(
            StatusCode::BAD_REQUEST,
            "body_unreadable",
            "the body ended early or could not be read",
        ),
    }
}

/// The media type of the body, without parameters, in lower case.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type = media_type(headers);
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

/// Reads a body that is JSON.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let message = format!("is not UTF-8 at byte {}", error.valid_up_to());
        Error::invalid_field("body", "body_not_utf8", message)
    })?;
    if text.trim_ascii_start().starts_with('[') {
        return Err(Error::invalid_field("body", "field_invalid", "must be an object, not a list"));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| json_error(&error))?;
    deserializer.end().map_err(|error| syntax_error(&error))?;
    Ok(value)
}

fn json_error(error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let inner = error.inner();
    if !inner.is_data() {
        return syntax_error(inner);
    }
    at_fault(error.path(), &without_position(inner), "body", "field_invalid")
}

fn syntax_error(error: &serde_json::Error) -> Error {
    let message = format!("{} at line {}, column {}", without_position(error), error.line(), error.column());
    Error::invalid_field("body", "json_malformed", message)
}

fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::betting::Stake;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[expect(dead_code, reason = "only parsed")]
        stake: Stake,
    }

    fn refusal(body: &[u8]) -> String {
        let error = parse::<Body>(body).unwrap_err();
        format!("{} | {error}", error.reason)
    }

    #[test]
    fn a_bad_body_is_told_where_it_is_bad() {
        let deep = format!("{{\"stake\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
        let unknown_and_deep = format!("{{\"x\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
        let bodies: [&[u8]; 12] = [
            b"",
            b"{",
            b"[1]",
            b"{\"stake\":100} x",
            b"{\"stake\":\"100\"}",
            b"{\"stake\":100.5}",
            b"{\"stake\":1e16}",
            b"{\"stake\":9223372036854775808}",
            b"{\"stake\":null}",
            b"{\"stake\":100,\"bonus\":1}",
            deep.as_bytes(),
            unknown_and_deep.as_bytes(),
        ];
        let table = bodies.map(refusal).join("\n");
        insta::assert_snapshot!(table, @r"
        json_malformed | body: EOF while parsing a value at line 1, column 0
        json_malformed | body: EOF while parsing an object at line 1, column 1
        field_invalid | body: must be an object, not a list
        json_malformed | body: trailing characters at line 1, column 15
        field_invalid | stake: must be a number, not text
        field_invalid | stake: must be a whole number of points
        field_invalid | stake: must be a whole number of points
        field_invalid | stake: must be 9223372036854775807 or less
        field_invalid | stake: invalid type: null, expected a whole number of points
        field_invalid | bonus: unknown field `bonus`, expected `stake`
        field_invalid | stake: invalid type: sequence, expected a whole number of points
        field_invalid | x: unknown field `x`, expected `stake`
        ");
        assert_eq!(refusal(b"{\"stake\":\xff}"), "body_not_utf8 | body: is not UTF-8 at byte 9");
    }

    #[test]
    fn a_whole_stake_is_taken_up_to_64_bits() {
        assert!(parse::<Body>(b" {\"stake\": 9223372036854775807} ").is_ok());
        assert!(parse::<Body>(b"{\"stake\":-1}").is_ok(), "what is too small is betting's to refuse");
    }
}
