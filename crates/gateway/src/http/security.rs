//! Headers that tell browsers what our pages may do.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderValue, header};
use loljoa_web::{
    headers::{Hsts, PAGE_POLICY, add},
    is_api,
};

use super::docs;
use crate::app::App;

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// Answers of the API are no pages: they may do nothing.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// The documentation's viewer writes styles into its elements and draws with data URLs.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// Adds what the API's answers have that nobody may keep.
pub(super) fn of_api(headers: &mut HeaderMap, hsts: Hsts) {
    add(headers, API_POLICY, hsts);
    headers.insert(header::CACHE_CONTROL, NO_STORE);
}

/// Adds the headers to every answer, also to those of layers further in.
pub(crate) async fn headers(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let (is_docs, is_api) = (path.starts_with(docs::PATH), is_api(path));
    let mut response = next.run(request).await;
    let status = response.status();
    let headers = response.headers_mut();
    let policy = if is_docs {
        DOCS_POLICY
    } else if is_api {
        API_POLICY
    } else {
        PAGE_POLICY
    };
    add(headers, policy, app.http.hsts());
    // Of a page, what is not there now may be there after a roll-out.
    if is_api || status.is_client_error() || status.is_server_error() {
        headers.entry(header::CACHE_CONTROL).or_insert(NO_STORE);
    }
    response
}
