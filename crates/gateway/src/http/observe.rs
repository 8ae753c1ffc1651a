//! One span, one request id and the RED metrics for each request.

use std::{
    borrow::Cow,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request},
    response::Response,
};
use futures::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use loljoa_service_kit::{
    ids, metrics,
    telemetry::{self, Trace},
};
use tracing::{Level, Span, debug, enabled, field, info_span};

use super::{bet_end::End, client_address::ClientAddress};
use crate::{SERVICE, app::App, auth::access};

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const PLACE_BET: &str = "POST /api/betting/bets";
const MAX_REQUEST_ID: usize = 64;
/// So much of a path that nobody has to have made up is in traces.
const MAX_PATH: usize = 256;
/// Those that traces name; others are `_OTHER` there.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// A request that is being answered: whose it is, its trace, and what it counts as.
pub(super) struct Observed {
    pub(super) address: IpAddr,
    started: Instant,
    route: Cow<'static, str>,
    id: HeaderValue,
    trace: Trace,
    span: Span,
}

impl Observed {
    /// Continues the trace of `request`, or begins one, and leaves the client's address with it.
    pub(super) fn begin(app: &App, peer: SocketAddr, request: &mut Request) -> Self {
        let started = Instant::now();
        let address = app.proxies.client(request.headers(), peer);
        request.extensions_mut().insert(ClientAddress(address));
        let route = route(request);
        let (id, id_text) = request_id(request.headers());
        // A stranger's trace id would choose by itself whether it is sampled, so it is not kept either.
        let trace = if app.http.trust_traceparent { Trace::of(request.headers()) } else { Trace::begin() };
        let span = trace.span(|| {
            info_span!(
                "http",
                otel.name = &*route,
                otel.kind = "server",
                service = SERVICE,
                request_id = id_text,
                http.response.status_code = field::Empty,
                otel.status_code = field::Empty,
                trace_id = field::Empty,
            )
        });
        describe(&span, request);
        Self { address, started, route, id, trace, span }
    }

    /// Does `work` within the request's span.
    pub(super) fn during<T>(&self, work: impl Future<Output = T>) -> impl Future<Output = T> {
        self.trace.clone().scope(self.span.clone(), work)
    }

    /// Counts the answer, and gives it the request's id.
    pub(super) fn end(self, response: &mut Response) {
        let status = response.status();
        self.span.record("http.response.status_code", status.as_u16());
        if status.is_server_error() {
            self.span.record("otel.status_code", "ERROR");
            telemetry::describe(&self.span, &[("error.type", &status.as_u16())]);
        }
        let took = self.started.elapsed();
        // Within the span, so that what is recorded leads to its trace.
        self.span.in_scope(|| {
            metrics::record_request(SERVICE, "http", &self.route, status.as_str(), took);
            if self.route == PLACE_BET {
                End::of(response).record(took);
            }
        });
        if enabled!(Level::DEBUG) {
            self.tell(status, took);
        }
        response.headers_mut().insert(REQUEST_ID, self.id);
    }

    /// Writes the answer into the log, with the request's trace. A line for each request is what is asked for when somebody looks.
    fn tell(&self, status: StatusCode, took: Duration) {
        let line = async {
            debug!(
                event = "request.answered",
                route = &*self.route,
                status = status.as_u16(),
                took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                "answered"
            );
        };
        self.during(line).now_or_never();
    }
}

/// What OpenTelemetry has of a request beside its route and its status; nothing that says who asks. Where its trace is kept.
fn describe(span: &Span, request: &Request) {
    let method = request.method().as_str();
    let method = if METHODS.contains(&method) { method } else { "_OTHER" };
    let path = request.uri().path();
    let path = path.get(..MAX_PATH).unwrap_or(path);
    telemetry::describe(
        span,
        &[
            ("http.request.method", &method),
            ("url.scheme", &"http"),
            ("url.path", &path),
            ("network.protocol.version", &version(request.version())),
        ],
    );
    if let Some(path) = request.extensions().get::<MatchedPath>() {
        telemetry::describe(span, &[("http.route", &path.as_str())]);
    }
}

const fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "2",
        Version::HTTP_10 => "1.0",
        _ => "1.1",
    }
}

/// What the request counts as. Nothing that a client can make up gets in, so the number of routes is bounded.
fn route(request: &Request) -> Cow<'static, str> {
    let Some(path) = request.extensions().get::<MatchedPath>() else { return Cow::Borrowed("unmatched") };
    let name = access::name(request.method(), path.as_str());
    name.map_or_else(|| Cow::Owned(path.as_str().to_owned()), Cow::Borrowed)
}

/// The id that the client or a proxy gave, when it is fit for a log, or a fresh one.
pub(super) fn request_id(headers: &HeaderMap) -> (HeaderValue, String) {
    let fit = |text: &&str| {
        (1..=MAX_REQUEST_ID).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
    };
    let sent = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(fit);
    let text = sent.map_or_else(|| ids::fresh().to_string(), ToOwned::to_owned);
    let value = HeaderValue::try_from(&text).unwrap_or_else(|_| HeaderValue::from_static("unknown"));
    (value, text)
}
