//! The web app beside the API, for whoever runs the gateway without a proxy that sends the two apart.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::Method;
use loljoa_web::Files;

use super::problem::Problem;
use crate::config::Config;

/// What is served where no route of the API is: the web app, or nothing.
///
/// # Errors
///
/// When the web app's files cannot be read.
pub(crate) fn routes(config: &Config) -> anyhow::Result<Router> {
    if !config.serve_web {
        return Ok(Router::new().fallback(async || Problem::unknown_path()));
    }
    let files = Files::read(config.web_root.as_deref())?;
    Ok(Router::new().fallback(page).with_state(Arc::new(files)))
}

/// A file or the app; never a page where a program expects the API.
async fn page(State(files): State<Arc<Files>>, request: Request) -> Response {
    match files.find(request.uri().path()) {
        None => Problem::unknown_path().into_response(),
        Some(_) if !matches!(*request.method(), Method::GET | Method::HEAD) => {
            Problem::wrong_method(&[Method::GET, Method::HEAD]).into_response()
        }
        Some(found) => found.answer(request.headers()),
    }
}
