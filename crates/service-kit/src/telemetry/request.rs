//! The trace of a request: that of its caller, or a new one.
//!
//! Whether a trace is kept is decided as it begins. Of a hundred requests ninety-nine are not, so these pay for no span of
//! OpenTelemetry's, neither here nor in what they call: their [`Context`] says that the trace is not sampled, and the filter in
//! front of the tracing layer lets nothing through that happens within it. What they log as JSON has its trace id all the same.

use std::sync::OnceLock;

use http::HeaderMap;
use opentelemetry::{
    Context, KeyValue, global,
    propagation::TextMapPropagator,
    trace::{FutureExt, Link, SpanContext, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use opentelemetry_sdk::{
    propagation::TraceContextPropagator,
    trace::{IdGenerator, RandomIdGenerator, Sampler, SamplingDecision, SamplingResult, ShouldSample},
};
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::carriers::{HeaderExtractor, TraceparentExtractor};

/// The share of new traces that are kept, once telemetry has begun.
static RATIO: OnceLock<f64> = OnceLock::new();
/// What the span of a request that begins a kept trace carries.
const PRIORITY: &str = "sampling.priority";

/// Says how many of all new traces are kept.
pub(super) fn keep(ratio: f64) {
    // Only the first start of telemetry in a process counts.
    let _ = RATIO.set(ratio);
}

/// The trace that a request belongs to.
#[derive(Clone, Debug)]
pub struct Trace {
    context: Context,
    is_kept: bool,
}

impl Trace {
    /// The trace that `headers` speak of, or a new one.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        Self::received(global::get_text_map_propagator(|propagator| {
            propagator.extract_with_context(&Context::new(), &HeaderExtractor(headers))
        }))
    }

    /// As [`Trace::of`], for a W3C `traceparent` that travelled in a message. Anything malformed is none.
    #[must_use]
    pub fn of_traceparent(traceparent: &str) -> Self {
        let extractor = TraceparentExtractor(traceparent);
        Self::received(TraceContextPropagator::new().extract_with_context(&Context::new(), &extractor))
    }

    /// A new trace.
    #[must_use]
    pub fn begin() -> Self {
        Self::received(Context::new())
    }

    fn received(context: Context) -> Self {
        Self::decided(context, RATIO.get().copied().unwrap_or(1.0))
    }

    fn decided(context: Context, ratio: f64) -> Self {
        let parent = context.span().span_context().clone();
        if parent.is_valid() {
            return Self { context, is_kept: parent.is_sampled() };
        }
        if rand::random::<f64>() < ratio {
            return Self { context, is_kept: true };
        }
        let ids = RandomIdGenerator::default();
        let (trace, span) = (ids.new_trace_id(), ids.new_span_id());
        let own = SpanContext::new(trace, span, TraceFlags::NOT_SAMPLED, false, TraceState::NONE);
        Self { context: context.with_remote_span_context(own), is_kept: false }
    }

    /// The span of the request, which `make` makes: one of OpenTelemetry's too, where the trace is kept. It should have an empty
    /// field `trace_id`.
    pub fn span(&self, make: impl FnOnce() -> Span) -> Span {
        if !self.is_kept {
            let _quiet = self.context.clone().attach();
            return make();
        }
        // What goes on around it may be of a trace that is not.
        let span = {
            let _alone = Context::new().attach();
            make()
        };
        let begins = !self.context.span().span_context().is_valid();
        // A span that the filter has disabled has no context to set; it is not traced then.
        if begins {
            span.set_attribute(PRIORITY, 1_i64);
        } else {
            let _ = span.set_parent(self.context.clone());
        }
        let context = span.context();
        let context = context.span().span_context().clone();
        if context.is_valid() {
            span.record("trace_id", tracing::field::display(context.trace_id()));
        }
        span
    }

    /// Works on the request, within its span.
    pub fn scope<T>(self, span: Span, work: impl Future<Output = T>) -> impl Future<Output = T> {
        let context = if self.is_kept { Context::new() } else { self.context.clone() };
        work.instrument(span).with_context(context)
    }
}

/// Work for a task of its own that belongs to the present span and trace.
pub fn carried_along<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    work.in_current_span().with_current_context()
}

/// Whether what happens now is to be told to the tracing layer: all but what belongs to a trace that is not kept.
pub(super) fn is_loud() -> bool {
    Context::map_current(|context| {
        if !context.has_active_span() {
            return true;
        }
        let span = context.span();
        let span = span.span_context();
        !span.is_valid() || span.is_sampled()
    })
}

/// Keeps a root that says that it is kept, and of all others the configured share: batches and background work.
#[derive(Clone, Debug)]
pub(super) struct Roots(Sampler);

impl Roots {
    pub(super) const fn keeping(ratio: f64) -> Self {
        Self(Sampler::TraceIdRatioBased(ratio))
    }
}

impl ShouldSample for Roots {
    fn should_sample(
        &self,
        parent_context: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        span_kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let own = self.0.should_sample(parent_context, trace_id, name, span_kind, attributes, links);
        if attributes.iter().any(|attribute| attribute.key.as_str() == PRIORITY) {
            return SamplingResult { decision: SamplingDecision::RecordAndSample, ..own };
        }
        own
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing::{field::Empty, info_span, subscriber};
    use tracing_subscriber::{layer::SubscriberExt, registry};

    use super::*;

    fn traceparent(flags: &str) -> Trace {
        Trace::of_traceparent(&format!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}"))
    }

    #[tokio::test]
    async fn what_belongs_to_a_trace_that_is_not_kept_is_told_to_nobody_and_passed_on() {
        for trace in [traceparent("00"), Trace::decided(Context::new(), 0.0)] {
            assert!(!trace.is_kept);
            let id = trace.context.span().span_context().trace_id();
            let (was_loud, own) = trace
                .scope(Span::none(), async { (is_loud(), Context::current().span().span_context().clone()) })
                .await;
            assert!(!was_loud && is_loud());
            assert!(own.is_valid() && !own.is_sampled());
            assert_eq!(own.trace_id(), id);
        }
    }

    #[tokio::test]
    async fn a_kept_trace_is_loud_also_within_one_that_is_not() {
        for kept in [traceparent("01"), Trace::decided(Context::new(), 1.0)] {
            assert!(kept.is_kept);
            let quiet = traceparent("00");
            let inside = async { kept.scope(Span::none(), async { is_loud() }).await };
            assert!(quiet.scope(Span::none(), inside).await);
        }
    }

    #[tokio::test]
    async fn work_on_a_task_of_its_own_stays_in_the_trace() {
        let spawned = async { tokio::spawn(carried_along(async { is_loud() })).await.unwrap() };
        assert!(!traceparent("00").scope(Span::none(), spawned).await);
    }

    #[test]
    fn a_new_trace_that_is_kept_is_sampled_whatever_the_share_of_other_roots() {
        let provider = SdkTracerProvider::builder().with_sampler(Roots::keeping(0.0)).build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        subscriber::with_default(registry().with(layer), || {
            let span = Trace::decided(Context::new(), 1.0).span(|| info_span!("request", trace_id = Empty));
            assert!(span.context().span().span_context().is_sampled());
            let batch = info_span!(parent: None, "batch");
            assert!(!batch.context().span().span_context().is_sampled());
        });
    }

    #[test]
    fn a_root_that_says_so_is_kept_and_others_by_their_share() {
        let decide = |attributes: &[KeyValue]| {
            let id = RandomIdGenerator::default().new_trace_id();
            Roots::keeping(0.0).should_sample(None, id, "root", &SpanKind::Server, attributes, &[]).decision
        };
        assert_eq!(decide(&[KeyValue::new(PRIORITY, 1)]), SamplingDecision::RecordAndSample);
        assert_eq!(decide(&[KeyValue::new("size", 1)]), SamplingDecision::Drop);
    }
}
