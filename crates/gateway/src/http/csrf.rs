//! Other sites' pages may not use the refresh cookie.

use axum::response::{IntoResponse, Response};
use loljoa_service_kit::{Error, ErrorCode};
use tower_http::csrf::{CsrfLayer, ProtectionError};

use super::problem::Problem;

/// The layer before routes that use the cookie.
pub(crate) type Csrf = CsrfLayer<fn(ProtectionError) -> Response>;

/// Refuses what a browser marks as sent by another site. What is no browser sends neither `Origin` nor
/// `Sec-Fetch-Site` and has no cookie that could be abused.
pub(crate) fn layer(trusted_origins: &[String]) -> anyhow::Result<Csrf> {
    let mut layer = CsrfLayer::new();
    for origin in trusted_origins {
        layer = layer.add_trusted_origin(origin)?;
    }
    Ok(layer.with_rejection_response(refuse as fn(ProtectionError) -> Response))
}

/// Whether `text` can stand in a browser's `Origin` header.
pub(crate) fn is_origin(text: &str) -> bool {
    CsrfLayer::new().add_trusted_origin(text).is_ok()
}

fn refuse(_: ProtectionError) -> Response {
    let message = "another site's page may not use this path";
    Problem::from(Error::new(ErrorCode::Forbidden, "cross_site_request", message)).into_response()
}
