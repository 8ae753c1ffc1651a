//! The public port's one route, and the layers around it.

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, StatusCode, header};
use loljoa_service_kit::metrics;
use tower::ServiceBuilder;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};

use crate::{
    Files, SERVICE,
    headers::{self, Hsts, PAGE_POLICY},
};

/// What every path is answered by.
pub(crate) fn router(files: Files, hsts: Hsts) -> Router {
    // The first layer is the outermost.
    let layers = ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(hsts, observe))
        .layer(CompressionLayer::new().br(true).gzip(true))
        .layer(CatchPanicLayer::new());
    Router::new().fallback(file).with_state(Arc::new(files)).layer(layers)
}

async fn file(State(files): State<Arc<Files>>, request: Request) -> Response {
    match files.find(request.uri().path()) {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(_) if !matches!(*request.method(), Method::GET | Method::HEAD) => {
            (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response()
        }
        Some(found) => found.answer(request.headers()),
    }
}

/// Adds the headers of every answer, and counts it. All paths count as one, lest clients make up what stands in the metrics.
/// What is not there now may be there after a roll-out, so no cache keeps that it is not.
async fn observe(State(hsts): State<Hsts>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let mut response = next.run(request).await;
    let status = response.status();
    headers::add(response.headers_mut(), PAGE_POLICY, hsts);
    if status.is_client_error() || status.is_server_error() {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    metrics::record_request(SERVICE, "http", "file", status.as_str(), started.elapsed());
    response
}
