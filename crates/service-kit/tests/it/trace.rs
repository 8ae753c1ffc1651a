//! Trace context comes in as W3C or B3 and goes out as both.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, Once},
};

use http::{HeaderMap, HeaderValue};
use loljoa_proto::ops::v1::{HelloRequest, ops_service_client::OpsServiceClient};
use loljoa_service_kit::{
    config::{Telemetry, Upstream},
    grpc::client,
    telemetry::{self, Trace},
};
use tracing::{Span, info_span};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn start_telemetry() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let config = Telemetry { log: "info".into(), sample_ratio: 1.0, ..Telemetry::default() };
        std::mem::forget(telemetry::init("test", &config).unwrap());
    });
}

fn request() -> Span {
    info_span!("request", trace_id = tracing::field::Empty)
}

/// Calls a service from within a trace that came with `incoming`, and tells what headers the callee saw.
async fn headers_behind(incoming: HeaderMap) -> HeaderMap {
    start_telemetry();
    let seen = Arc::new(Mutex::new(HeaderMap::new()));
    let record = seen.clone();
    let service = tower::service_fn(move |request: http::Request<axum::body::Body>| {
        *record.lock().unwrap() = request.headers().clone();
        async {
            Ok::<_, Infallible>(
                tonic::Status::not_found("only headers matter").into_http::<axum::body::Body>(),
            )
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, tower::make::Shared::new(service)).await });
    let trace = Trace::of(&incoming);
    let span = trace.span(request);
    let mut client = OpsServiceClient::new(client::connect(&Upstream::at(url)).unwrap());
    trace.scope(span, client.hello(HelloRequest {})).await.unwrap_err();
    server.abort();
    seen.lock().unwrap().clone()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_w3c_trace_goes_on_as_w3c_and_b3() {
    let mut incoming = HeaderMap::new();
    let value = format!("00-{TRACE}-00f067aa0ba902b7-01");
    incoming.insert("traceparent", HeaderValue::from_str(&value).unwrap());
    let seen = headers_behind(incoming).await;
    assert!(text(&seen, "traceparent").starts_with(&format!("00-{TRACE}-")));
    assert_eq!(text(&seen, "x-b3-traceid"), TRACE);
    assert_ne!(text(&seen, "x-b3-spanid"), "00f067aa0ba902b7", "the caller's own span is the parent");
}

#[tokio::test]
async fn a_trace_that_is_not_sampled_goes_on_as_one_that_is_not() {
    let mut incoming = HeaderMap::new();
    let value = format!("00-{TRACE}-00f067aa0ba902b7-00");
    incoming.insert("traceparent", HeaderValue::from_str(&value).unwrap());
    let seen = headers_behind(incoming).await;
    assert_eq!(text(&seen, "traceparent"), value, "nothing of it is told, so its parent is the caller's");
    assert_eq!(text(&seen, "x-b3-sampled"), "0");
}

#[tokio::test]
async fn a_b3_trace_goes_on_as_w3c_and_b3() {
    let mut incoming = HeaderMap::new();
    incoming.insert("x-b3-traceid", HeaderValue::from_static(TRACE));
    incoming.insert("x-b3-spanid", HeaderValue::from_static("00f067aa0ba902b7"));
    incoming.insert("x-b3-sampled", HeaderValue::from_static("1"));
    let seen = headers_behind(incoming).await;
    assert!(text(&seen, "traceparent").starts_with(&format!("00-{TRACE}-")), "{seen:?}");
    assert!(text(&seen, "b3").starts_with(TRACE));
}

#[tokio::test]
async fn a_traceparent_in_a_message_continues_and_a_malformed_one_starts_anew() {
    start_telemetry();
    let span = Trace::of_traceparent(&format!("00-{TRACE}-00f067aa0ba902b7-01")).span(request);
    let inside = span.in_scope(telemetry::traceparent);
    assert!(inside.starts_with(&format!("00-{TRACE}-")), "{inside}");

    let other = Trace::of_traceparent("00-zz-yy-01").span(request);
    let inside = other.in_scope(telemetry::traceparent);
    assert!(!inside.is_empty() && !inside.contains(TRACE));
}
