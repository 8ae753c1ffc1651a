//! Logs and traces of this process.
//!
//! Trace context comes in and goes out as W3C `traceparent` and as B3, because Envoy and older meshes speak the latter.

mod carriers;
mod export;
mod fields;
mod filter;
mod lines;
mod panics;
mod request;
mod resource;
mod shared;

use std::{
    io::{IsTerminal, stdout},
    time::Duration,
};

use anyhow::Context as _;
use opentelemetry::{
    Context, global,
    propagation::{TextMapCompositePropagator, TextMapPropagator},
    trace::{TraceContextExt, TracerProvider},
};
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_propagator_b3::{B3Encoding, Propagator as B3Propagator};
use opentelemetry_sdk::{
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracerProvider},
};
use tracing_subscriber::{
    Layer,
    filter::{FilterExt, LevelFilter, dynamic_filter_fn},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use carriers::HeaderInjector;
use export::Bounded;
use fields::Fields;
pub(crate) use filter::ABOUT_THE_LOG;
pub use filter::{LogFilter, LogLevel};
use lines::WithTrace;
use request::Roots;
pub use request::{Trace, carried_along};
pub use shared::{describe, event, is_traced, is_within_trace, shared};

use crate::config::{LogFormat, Telemetry};

/// How long the last spans may take on their way.
pub const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Keeps telemetry going; call [`Guard::flush`] last.
#[must_use]
pub struct Guard {
    provider: SdkTracerProvider,
    log: LogFilter,
}

impl Guard {
    /// What is logged, to be changed.
    #[must_use]
    pub fn log_filter(&self) -> LogFilter {
        self.log.clone()
    }

    /// Sends what is still buffered, within [`FLUSH_TIMEOUT`].
    pub fn flush(self) {
        if let Err(error) = self.provider.shutdown_with_timeout(FLUSH_TIMEOUT) {
            tracing::warn!(event = "telemetry.not_exported", %error, "the last spans could not be exported");
        }
    }
}

/// Starts logs, traces and metrics, once per process. What is logged and what is traced are two things: each has a filter
/// of its own.
///
/// # Errors
///
/// When a filter cannot be read or the exporter cannot be built.
pub fn init(service: &'static str, config: &Telemetry) -> anyhow::Result<Guard> {
    crate::metrics::install();
    global::set_text_map_propagator(TextMapCompositePropagator::new(vec![
        Box::new(B3Propagator::with_encoding(B3Encoding::SingleAndMultiHeader)),
        Box::new(TraceContextPropagator::new()),
    ]));
    let name = config.service_name.clone().unwrap_or_else(|| service.to_owned());
    let provider = tracer_provider(&name, config)?;
    let (log, log_filter) = LogFilter::new(&config.log)?;
    let loud = dynamic_filter_fn(|_, _| request::is_loud()).with_max_level_hint(LevelFilter::TRACE);
    let trace_filter = filter::read("runtime.telemetry.trace", &config.trace)?.and(loud);
    let logs = match config.log_format {
        LogFormat::Json => tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .fmt_fields(Fields)
            .map_event_format(|format| WithTrace::new(&name, format))
            .boxed(),
        LogFormat::Text => {
            tracing_subscriber::fmt::layer().with_target(false).with_ansi(stdout().is_terminal()).boxed()
        }
    };
    // Where a span's code stands and on which thread it ran says little, and its busy time costs two looks at the clock
    // each time that its future is polled.
    let traces = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("loljoa"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false);
    tracing_subscriber::registry()
        .with(logs.with_filter(log_filter))
        .with(traces.with_filter(trace_filter))
        .try_init()?;
    log.become_that_of_the_process();
    if config.log_format == LogFormat::Json {
        panics::log();
    }
    Ok(Guard { provider, log })
}

fn tracer_provider(service: &str, config: &Telemetry) -> anyhow::Result<SdkTracerProvider> {
    request::keep(config.sample_ratio);
    let sampler = Sampler::ParentBased(Box::new(Roots::keeping(config.sample_ratio)));
    let builder =
        SdkTracerProvider::builder().with_sampler(sampler).with_resource(resource::of_process(service));
    let Some(endpoint) = &config.otlp_endpoint else {
        return Ok(builder.build());
    };
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint.as_str())
        .build()
        .with_context(|| format!("runtime.telemetry.otlp_endpoint = {endpoint}"))?;
    Ok(builder.with_span_processor(Bounded::new(exporter)).build())
}

/// Writes the trace of the present span into `headers`.
pub fn inject(headers: &mut http::HeaderMap) {
    let context = Context::current();
    if context.span().span_context().is_valid() {
        global::get_text_map_propagator(|propagator| {
            propagator.inject_context(&context, &mut HeaderInjector(headers));
        });
    }
}

/// The present span as a W3C `traceparent`, or empty when there is none that is kept.
#[must_use]
pub fn traceparent() -> String {
    let context = Context::current();
    if !context.span().span_context().is_sampled() {
        return String::new();
    }
    let mut headers = http::HeaderMap::new();
    TraceContextPropagator::new().inject_context(&context, &mut HeaderInjector(&mut headers));
    let value = headers.get("traceparent").and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}
