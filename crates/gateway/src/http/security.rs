//! Headers that tell browsers what our pages may do.

use http::{HeaderValue, Response, header};
use loljoa_web::{
    headers::{Hsts, PAGE_POLICY, add},
    is_api,
};

use super::docs;

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// Answers of the API are no pages: they may do nothing.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// The documentation's viewer writes styles into its elements and draws with data URLs.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// What browsers are told about the answer to a request.
pub(super) struct Protection {
    policy: &'static str,
    is_api: bool,
}

impl Protection {
    /// That of the API, whatever the path.
    pub(super) const API: Self = Self { policy: API_POLICY, is_api: true };

    /// That of a request for `path`.
    pub(super) fn of(path: &str) -> Self {
        let is_api = is_api(path);
        let policy = match is_api {
            _ if path.starts_with(docs::PATH) => DOCS_POLICY,
            true => API_POLICY,
            false => PAGE_POLICY,
        };
        Self { policy, is_api }
    }

    /// Adds the headers.
    pub(super) fn add<B>(&self, response: &mut Response<B>, hsts: Hsts) {
        let status = response.status();
        let headers = response.headers_mut();
        add(headers, self.policy, hsts);
        // Of a page, what is not there now may be there after a roll-out.
        if self.is_api || status.is_client_error() || status.is_server_error() {
            headers.entry(header::CACHE_CONTROL).or_insert(NO_STORE);
        }
    }
}
