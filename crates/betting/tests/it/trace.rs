//! A bet is one trace from its request to its own span in the batch, which is linked to the batch and its calls.

use std::{
    future::{self, Future},
    sync::{Arc, Mutex, OnceLock},
};

use opentelemetry::{
    global,
    trace::{SpanContext, SpanId, TraceId, TracerProvider},
};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter},
};
use sqlx::PgPool;
use tracing_subscriber::layer::SubscriberExt;

use crate::harness::{Bet, World, eventually};

const APPLY: &str = "loljoa.account.v1.LedgerService/ApplyTransfers";

/// Keeps the spans that have ended. Only traces that a test asks for are sampled.
#[derive(Clone, Debug, Default)]
struct Spans(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Spans {
    fn export(&self, batch: Vec<SpanData>) -> impl Future<Output = OTelSdkResult> + Send {
        self.0.lock().unwrap().extend(batch);
        future::ready(Ok(()))
    }
}

impl Spans {
    /// Listens to this process, for all its tests.
    fn listen() -> Self {
        static SPANS: OnceLock<Spans> = OnceLock::new();
        let listen = || {
            let spans = Self::default();
            let sampler = Sampler::ParentBased(Box::new(Sampler::AlwaysOff));
            let provider = SdkTracerProvider::builder()
                .with_sampler(sampler)
                .with_simple_exporter(spans.clone())
                .build();
            let traces = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
            let info = tracing::level_filters::LevelFilter::INFO;
            let subscriber = tracing_subscriber::registry().with(info).with(traces);
            tracing::subscriber::set_global_default(subscriber).unwrap();
            global::set_text_map_propagator(TraceContextPropagator::new());
            spans
        };
        SPANS.get_or_init(listen).clone()
    }

    async fn find(&self, fits: impl Fn(&SpanData) -> bool) -> SpanData {
        eventually(async || self.0.lock().unwrap().iter().find(|span| fits(span)).cloned()).await
    }

    /// What a span has caused, by name.
    async fn child(&self, of: &SpanContext, name: &str) -> SpanData {
        let fits = |span: &SpanData| span.parent_span_id == of.span_id() && span.name == name;
        let child = self.find(fits).await;
        assert_eq!(child.span_context.trace_id(), of.trace_id());
        child
    }
}

#[sqlx::test]
async fn every_bet_of_a_batch_has_a_span_of_its_own_trace_that_is_linked_to_the_batch(pool: PgPool) {
    let spans = Spans::listen();
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let request = |n: u128| (TraceId::from(n), SpanId::from(7_u64));
    let traces = [request(0x4bf9_2f35), request(0x4bf9_2f36)];
    let traced = |(trace, span): &(TraceId, SpanId)| {
        let mut bet = Bet::on(&game.winner, "T1", account, 100);
        bet.0.traceparent = format!("00-{trace}-{span}-01");
        bet
    };
    let mut bets: Vec<_> = traces.iter().map(traced).collect();
    let mut unsampled = Bet::on(&game.winner, "T1", account, 100);
    unsampled.0.traceparent = format!("00-{}-{}-00", TraceId::from(0x4bf9_2f37), SpanId::from(7_u64));
    bets.push(unsampled);
    for answer in world.betting().place_all(bets).await {
        answer.unwrap();
    }

    for (trace, parent) in traces {
        let own = spans.find(|span| span.name == "bet" && span.span_context.trace_id() == trace).await;
        assert_eq!(own.parent_span_id, parent);
        let [batch] = &own.links.links[..] else { panic!("{:?}", own.links) };
        let batch = spans.find(|span| span.span_context.span_id() == batch.span_context.span_id()).await;
        assert_eq!(batch.name, "bet_batch");
        let debit = spans.child(&batch.span_context, "take_stakes").await;
        let call = spans.child(&debit.span_context, APPLY).await;
        spans.child(&call.span_context, APPLY).await;
        let record = spans.child(&batch.span_context, "record_bets").await;
        spans.child(&record.span_context, "SELECT record_new_bets").await;
    }
    let of_unsampled = |span: &SpanData| span.span_context.trace_id() == TraceId::from(0x4bf9_2f37);
    assert!(!spans.0.lock().unwrap().iter().any(of_unsampled));
    world.end().await;
}
