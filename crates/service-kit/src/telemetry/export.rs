//! Spans on their way to the collector: so many at once, and none is lost without being counted.
//!
//! Whoever ends a span waits for nothing. A collector that is slow, away or silent costs the memory of [`WAITING`] spans and of one
//! batch, and nothing else.

use std::{
    env,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use metrics::counter;
use opentelemetry::Context;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor},
};

/// Spans that wait at most, where `OTEL_BSP_MAX_QUEUE_SIZE` does not say it.
const WAITING: usize = 8_192;
const DROPPED: &str = "loljoa_telemetry_dropped_spans_total";

/// Sends spans in batches, and drops those for which there is no room.
#[derive(Debug)]
pub(super) struct Bounded {
    batches: BatchSpanProcessor,
    /// Spans that ended and have not come to the exporter. The batches' own queue holds no more, so it is never full.
    waiting: Arc<AtomicUsize>,
    most: usize,
}

impl Bounded {
    pub(super) fn new(exporter: impl SpanExporter + 'static) -> Self {
        let (waiting, most) = (Arc::default(), most());
        let exporter = Counting { exporter, waiting: Arc::clone(&waiting), fails: AtomicBool::new(false) };
        let config = BatchConfigBuilder::default().with_max_queue_size(most).build();
        // Whoever watches the counter sees that it is there before it counts.
        for reason in ["queue_full", "not_taken"] {
            counter!(DROPPED, "reason" => reason).absolute(0);
        }
        Self { batches: BatchSpanProcessor::new(exporter, config), waiting, most }
    }
}

fn most() -> usize {
    let said = env::var("OTEL_BSP_MAX_QUEUE_SIZE").ok().and_then(|said| said.parse::<usize>().ok());
    said.filter(|most| *most > 0).unwrap_or(WAITING)
}

impl SpanProcessor for Bounded {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.batches.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.waiting.fetch_add(1, Ordering::AcqRel) < self.most {
            self.batches.on_end(span);
        } else {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            counter!(DROPPED, "reason" => "queue_full").increment(1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.batches.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.batches.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.batches.set_resource(resource);
    }
}

/// An exporter that counts what it could not bring to the collector.
#[derive(Debug)]
struct Counting<E> {
    exporter: E,
    waiting: Arc<AtomicUsize>,
    /// The last batch was not taken.
    fails: AtomicBool,
}

impl<E: SpanExporter> SpanExporter for Counting<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let size = batch.len();
        self.waiting.fetch_sub(size, Ordering::AcqRel);
        let result = self.exporter.export(batch).await;
        let failed_before = self.fails.swap(result.is_err(), Ordering::Relaxed);
        match &result {
            Ok(()) if failed_before => tracing::info!("the collector takes spans again"),
            Ok(()) => {}
            Err(error) => {
                counter!(DROPPED, "reason" => "not_taken").increment(size as u64);
                if !failed_before {
                    tracing::warn!(%error, "the collector takes no spans; they are dropped");
                }
            }
        }
        // Said once, and not again by the SDK for each batch.
        Ok(())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
