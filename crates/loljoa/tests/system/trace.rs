//! One trace per bet, from the HTTP request to its own span in the batch, which is linked to the batch's trace.

use std::sync::{Arc, Mutex};

use loljoa::system::Service;
use loljoa_service_kit::ids;
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::any_value::Value,
    trace::v1::{ResourceSpans, Span},
};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};

use crate::support::{App, Cup, Reply, api::Bet};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// A collector that keeps what it is sent.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<(String, Span)>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let spans = request.into_inner().resource_spans.into_iter().flat_map(|resource| {
            let service = service_name(&resource);
            let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            spans.map(move |span| (service.clone(), span))
        });
        self.0.lock().unwrap().extend(spans);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn service_name(resource: &ResourceSpans) -> String {
    let attributes = resource.resource.iter().flat_map(|resource| &resource.attributes);
    let name =
        attributes.filter(|attribute| attribute.key == "service.name").find_map(|attribute| match attribute
            .value
            .clone()?
            .value?
        {
            Value::StringValue(name) => Some(name),
            _ => None,
        });
    name.unwrap_or_default()
}

impl Collector {
    async fn listen() -> (Self, url::Url, AbortOnDropHandle<()>) {
        let collector = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let server = Server::builder().add_service(TraceServiceServer::new(collector.clone()));
        let serving = tokio::spawn(async move {
            server.serve_with_incoming(TcpIncoming::from(listener)).await.unwrap();
        });
        (collector, url, AbortOnDropHandle::new(serving))
    }

    /// The spans of a trace, each with its service.
    fn trace(&self, id: &[u8]) -> Vec<(String, Span)> {
        self.0.lock().unwrap().iter().filter(|(_, span)| span.trace_id == id).cloned().collect()
    }
}

#[tokio::test]
async fn a_bet_is_one_trace_linked_to_its_batch() {
    let (collector, url, _server) = Collector::listen().await;
    let app = App::start_as_processes(|options| {
        // What is logged, little here, says nothing of what is traced.
        options.otlp = Some(url);
    })
    .await;
    let game = Cup::of(&app).await.game().await;
    let faker = app.sign_up("faker").await;
    let request = faker.bet_request(ids::fresh(), &game.winner, "T1", 500);
    let request = request.header("traceparent", format!("00-{TRACE}-{CALLER}-01"));
    Reply::to(request).await.ok::<Bet>();
    let admin = app.system.addresses()[&Service::Gateway].admin;
    let metrics = reqwest::Client::new().get(format!("http://{admin}/metrics"));
    let metrics = metrics.header("accept", "application/openmetrics-text; version=1.0.0");
    let metrics = metrics.send().await.unwrap().text().await.unwrap();
    // Stopping sends what has not been sent yet.
    app.stop().await;

    for family in ["loljoa_bet_duration_seconds_bucket{", "loljoa_http_request_duration_seconds_bucket{"] {
        let exemplar = format!("# {{trace_id=\"{TRACE}\"}}");
        let mut buckets = metrics.lines().filter(|line| line.starts_with(family));
        assert!(buckets.any(|bucket| bucket.contains(&exemplar)), "{family}\n{metrics}");
    }
    let trace = collector.trace(&bytes(TRACE));
    let root = trace.iter().find(|(_, span)| span.parent_span_id == bytes(CALLER));
    let (service, root) = root.expect("the request continues its caller's trace");
    assert_eq!(service, "gateway");
    let own: Vec<_> =
        trace.iter().filter(|(service, span)| service == "betting" && span.name == "bet").collect();
    let [(_, own)] = &own[..] else { panic!("the bet has one span of its own: {trace:#?}") };
    assert!(is_below(own, root, &trace), "the bet's span descends from its request");

    let [link] = &own.links[..] else { panic!("the bet is linked to one batch: {own:#?}") };
    let trace = collector.trace(&link.trace_id);
    let (_, batch) =
        trace.iter().find(|(_, span)| span.span_id == link.span_id).expect("the batch is traced too");
    assert_eq!(batch.name, "bet_batch");
    let mut steps: Vec<_> = trace.iter().filter(|(_, span)| is_below(span, batch, &trace)).collect();
    steps.sort_by_key(|(_, span)| span.start_time_unix_nano);
    let steps: Vec<_> = steps.iter().map(|(service, span)| (service.as_str(), span.name.as_str())).collect();
    let apply = "/loljoa.account.v1.LedgerService/ApplyTransfers";
    assert_eq!(steps, [("betting", "take_stakes"), ("account", apply), ("betting", "record_bets")]);
}

fn is_below(span: &Span, ancestor: &Span, trace: &[(String, Span)]) -> bool {
    let parent = trace.iter().find(|(_, parent)| parent.span_id == span.parent_span_id);
    parent.is_some_and(|(_, parent)| parent.span_id == ancestor.span_id || is_below(parent, ancestor, trace))
}

/// The bytes that hexadecimal digits stand for.
fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.chars().map(|digit| digit.to_digit(16).unwrap()).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}
