//! Headers that tell browsers what our pages may do.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::docs;
use crate::{app::App, config::Http};

/// Answers of the API are no pages: they may do nothing.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// The web app: everything from here, nothing inline.
const WEB_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";
/// The documentation's viewer writes styles into its elements and draws with data URLs.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const ALWAYS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Adds the headers to every answer, also to those of layers further in.
pub(crate) async fn headers(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let (is_docs, is_api) = (path.starts_with(docs::PATH), is_api(path));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let policy = if is_docs {
        DOCS_POLICY
    } else if is_api {
        API_POLICY
    } else {
        WEB_POLICY
    };
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    if is_api {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    add_hsts(headers, &app.http);
    response
}

/// Whether `path` is the API's, so that no page stands under it.
pub(crate) fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/") || path.starts_with("/.well-known/")
}

fn add_hsts(headers: &mut HeaderMap, config: &Http) {
    let seconds = config.hsts_seconds;
    if seconds == 0 {
        return;
    }
    let subdomains = if config.hsts_include_subdomains { "; includeSubDomains" } else { "" };
    if let Ok(value) = HeaderValue::try_from(format!("max-age={seconds}{subdomains}")) {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
}
