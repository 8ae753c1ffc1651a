//! One bet over HTTP, told whole: every span with its parent and its service, what the conventions ask of each, what happened in it,
//! the counters that it moved, and the lines that were logged.

use loljoa::system::Service;
use loljoa_service_kit::ids;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind::{self, Client, Internal, Server};
use opentelemetry_semantic_conventions::{attribute as key, resource};

use super::{
    CALLER, TRACE,
    collector::{Collector, Manner, Span, bytes, hex},
    home::{Home, leads_to, metric},
    traceparent,
};
use crate::support::{App, Cup, Reply, api::Bet};

const PLACE: &str = "POST /api/betting/bets";
const PLACE_BETS: &str = "loljoa.betting.v1.BettingService/PlaceBets";
const APPLY: &str = "loljoa.account.v1.LedgerService/ApplyTransfers";
/// What an operator says of the process, and what is known of it anyway.
const RESOURCE: [(&str, &str); 2] = [
    ("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=pod-7,k8s.pod.name=pod-7"),
    ("OTEL_BSP_SCHEDULE_DELAY", "100"),
];

/// A span: its service, name and kind, and its parent's service, name and kind.
type Told<'a> = (&'a str, &'a str, SpanKind);

#[tokio::test]
async fn a_bet_is_one_trace_from_its_request_to_the_ledgers_statement() {
    let (collector, home) = (Collector::listen(Manner::Takes), Home::new());
    let app = App::start_with(|options| home.house(options, collector.url(), "debug", &RESOURCE)).await;
    let game = Cup::of(&app).await.game().await;
    let faker = app.sign_up("faker").await;
    let counters = [
        (Service::Gateway, "loljoa_http_requests_total", PLACE),
        (Service::Betting, "loljoa_bets_total", "\"placed\""),
        (Service::Account, "loljoa_ledger_transfers_total", "\"applied\""),
    ];
    let mut before = Vec::new();
    for (service, name, label) in counters {
        before.push(metric(&app, service, name, &[label]).await);
    }
    let request = faker.bet_request(ids::fresh(), &game.winner, "T1", 500);
    let bet: Bet = Reply::to(request.header("traceparent", traceparent(TRACE))).await.ok();
    for ((service, name, label), before) in counters.into_iter().zip(before) {
        assert!(metric(&app, service, name, &[label]).await > before, "{name} has not moved");
    }
    for family in ["loljoa_bet_duration_seconds_bucket{", "loljoa_http_request_duration_seconds_bucket{"] {
        let led = leads_to(&app, Service::Gateway, family, TRACE).await;
        assert!(led, "no bucket of {family} leads to the trace");
    }
    // Stopping sends what has not been sent yet.
    app.stop().await;

    let trace = Trace(collector.trace(TRACE));
    let request = ("gateway", PLACE, Server);
    let (own, batch) = (("betting", "bet", Internal), ("betting", "bet_batch", Internal));
    let debit = ("betting", "take_stakes", Internal);
    let record = ("betting", "record_bets", Internal);
    let ledger = ("account", "ledger_batch", Internal);
    for (span, parent) in [
        (("gateway", "place_bets", Internal), request),
        (("gateway", PLACE_BETS, Client), ("gateway", "place_bets", Internal)),
        (("betting", PLACE_BETS, Server), ("gateway", PLACE_BETS, Client)),
        (own, request),
        (batch, own),
        (debit, batch),
        (("betting", APPLY, Client), debit),
        (("account", APPLY, Server), ("betting", APPLY, Client)),
        (ledger, ("account", APPLY, Server)),
        (("account", "SELECT apply_transfers", Client), ledger),
        (record, batch),
        (("betting", "SELECT record_new_bets", Client), record),
        (("betting", "SELECT markets", Client), batch),
    ] {
        assert_eq!(trace.parent_of(span), Some(owned(parent)), "{span:?}: {:#?}", trace.tell());
    }
    // Each that waited for a batch is linked to it, here within one trace.
    for (waits, works) in
        [(request, ("gateway", "place_bets", Internal)), (own, batch), (("account", APPLY, Server), ledger)]
    {
        let [link] = &trace.find(waits).own.links[..] else { panic!("{:#?}", trace.find(waits)) };
        assert_eq!(link.span_id, trace.find(works).own.span_id);
    }

    speaks_by_the_conventions(&trace);
    let placed = trace.find(own);
    assert_eq!(placed.event("bet.placed", "loljoa.bet.id"), bet.bet_id.to_string());
    assert_eq!(placed.event("bet.placed", "loljoa.account.id"), faker.account_id.to_string());
    assert_eq!(placed.event("bet.placed", "loljoa.market.id"), game.winner.market_id.to_string());
    assert_eq!(
        placed.event("bet.placed", "loljoa.outcome.id"),
        game.winner.outcome("T1").outcome_id.to_string()
    );

    for span in &trace.0 {
        assert_eq!(span.resource(resource::SERVICE_NAMESPACE), "loljoa");
        assert_eq!(span.resource(resource::SERVICE_VERSION), env!("CARGO_PKG_VERSION"));
        for said in [resource::SERVICE_INSTANCE_ID, resource::K8S_POD_NAME] {
            assert_eq!(span.resource(said), "pod-7");
        }
        let text = format!("{span:?}");
        for secret in [&faker.username, &faker.token] {
            assert!(!text.contains(secret.as_str()), "{span:#?}");
        }
    }
    let services: std::collections::BTreeSet<_> = trace.0.iter().map(Span::service).collect();
    let lines = home.lines(TRACE);
    let spans: Vec<_> = trace.0.iter().map(|span| hex(&span.own.span_id)).collect();
    assert!(!lines.is_empty(), "nothing of {services:?} was logged in the trace");
    for line in lines {
        assert!(spans.iter().any(|span| line["span_id"] == **span), "{line}");
    }
}

/// Requests, calls and statements are described as OpenTelemetry has it.
fn speaks_by_the_conventions(trace: &Trace) {
    let root = trace.root();
    assert_eq!(root.attribute(key::HTTP_REQUEST_METHOD), "POST");
    assert_eq!(root.attribute(key::HTTP_ROUTE), "/api/betting/bets");
    assert_eq!(root.attribute(key::URL_PATH), "/api/betting/bets");
    assert_eq!(root.attribute(key::URL_SCHEME), "http");
    assert_eq!(root.attribute(key::HTTP_RESPONSE_STATUS_CODE), "201");
    for call in [("betting", APPLY, Client), ("account", APPLY, Server)] {
        let call = trace.find(call);
        assert_eq!(call.attribute(key::RPC_SYSTEM_NAME), "grpc");
        assert_eq!(call.attribute(key::RPC_METHOD), APPLY);
        assert_eq!(call.attribute(key::RPC_RESPONSE_STATUS_CODE), "OK");
    }
    assert_eq!(trace.find(("betting", APPLY, Client)).attribute(key::SERVER_ADDRESS), "127.0.0.1");
    let statement = trace.find(("account", "SELECT apply_transfers", Client));
    assert_eq!(statement.attribute(key::DB_SYSTEM_NAME), "postgresql");
    assert_eq!(statement.attribute(key::DB_OPERATION_NAME), "SELECT");
    assert_eq!(statement.attribute(key::DB_QUERY_SUMMARY), "SELECT apply_transfers");
    assert!(
        !statement.attribute(key::DB_NAMESPACE).is_empty()
            && !statement.attribute(key::SERVER_PORT).is_empty()
    );
}

#[tokio::test]
async fn what_becomes_of_bets_and_markets_is_in_their_spans() {
    let (collector, home) = (Collector::listen(Manner::Takes), Home::new());
    let app = App::start_with(|options| home.house(options, collector.url(), "error", &[])).await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let faker = app.sign_up("faker").await;
    let refused = faker.bet_request(ids::fresh(), &game.winner, "T1", 1_000_000);
    let refused = Reply::to(refused.header("traceparent", traceparent(TRACE))).await;
    assert_eq!(refused.refusal(), (409, "insufficient_points".into()));
    let cancelled = faker.bet(&game.winner, "T1", 100).await;
    faker.cancel(cancelled.bet_id).await.ok::<Bet>();
    faker.bet(&game.winner, "T1", 100).await;
    cup.settle(&game.winner, "T1").await;
    // Nobody has bet on it, so that it is void.
    cup.admin().lock(game.score.market_id).await.ok::<serde_json::Value>();
    cup.admin().void(game.score.market_id).await.ok::<serde_json::Value>();
    cup.until(&game.score, "void").await;
    app.stop().await;

    let own = Trace(collector.trace(TRACE));
    let own = own.find(("betting", "bet", Internal));
    assert_eq!(own.event("bet.refused", "loljoa.reason"), "insufficient_points");
    let spans = collector.spans();
    let told = |event: &str, key: &str, id: uuid::Uuid| {
        let has = |span: &&Span| span.own.events.iter().any(|told| told.name == event);
        let fits = |span: &Span| span.event(event, key) == id.to_string();
        assert!(spans.iter().filter(has).any(fits), "no {event} of {id}");
    };
    told("bet.cancelled", "loljoa.bet.id", cancelled.bet_id);
    told("market.locked", "loljoa.market.id", game.winner.market_id);
    told("market.settled", "loljoa.market.id", game.winner.market_id);
    told("market.voided", "loljoa.market.id", game.score.market_id);
    // What settles is traced by the chunk, with its statements.
    let closed = spans.iter().find(|span| span.own.name == "SELECT close_chunk").expect("a chunk was closed");
    let step = spans.iter().find(|span| span.own.span_id == closed.own.parent_span_id).unwrap();
    assert_eq!((step.service().as_str(), step.own.name.as_str()), ("betting", "settlement_step"));
}

/// The spans of one trace.
struct Trace(Vec<Span>);

impl Trace {
    /// The request's own span, which continues its caller's trace.
    fn root(&self) -> &Span {
        let caller = bytes(CALLER);
        self.0.iter().find(|span| span.own.parent_span_id == caller).expect("the request continues the trace")
    }

    fn find(&self, told: Told<'_>) -> &Span {
        let mut found = self.0.iter().filter(|span| tell(span) == owned(told));
        let span = found.next().unwrap_or_else(|| panic!("no {told:?}: {:#?}", self.tell()));
        assert!(found.next().is_none(), "{told:?} is there twice");
        span
    }

    fn parent_of(&self, told: Told<'_>) -> Option<(String, String, SpanKind)> {
        let parent = &self.find(told).own.parent_span_id;
        self.0.iter().find(|span| span.own.span_id == *parent).map(tell)
    }

    fn tell(&self) -> Vec<(String, String, SpanKind)> {
        self.0.iter().map(tell).collect()
    }
}

fn tell(span: &Span) -> (String, String, SpanKind) {
    (span.service(), span.own.name.clone(), span.own.kind())
}

fn owned((service, name, kind): Told<'_>) -> (String, String, SpanKind) {
    (service.to_owned(), name.to_owned(), kind)
}
