//! Spans of work that is done for several requests at once, and what happens in them.

use std::fmt::Display;

use opentelemetry::{Context, KeyValue, trace::TraceContextExt};
use tracing::{Span, span::Id};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Whether a collector gets `span`.
#[must_use]
pub fn is_traced(span: &Span) -> bool {
    !span.is_disabled() && span.context().span().span_context().is_sampled()
}

/// Whether what happens now is within a trace that is kept.
#[must_use]
pub fn is_within_trace() -> bool {
    Context::map_current(|context| context.span().span_context().is_sampled())
}

/// The span of work for all who wait, which `make` makes below the one it is given. It belongs to the first trace that is kept, so
/// that it is kept too; the span of everybody whose trace is kept is linked to it.
pub fn shared<'a>(
    waiting: impl IntoIterator<Item = &'a Span>,
    make: impl FnOnce(Option<Id>) -> Span,
) -> Span {
    let traced: Vec<_> = waiting.into_iter().filter(|span| is_traced(span)).collect();
    let span = make(traced.first().and_then(|first| first.id()));
    for waiting in traced {
        link(waiting, &span);
    }
    span
}

/// Links `span` to another that does work for it.
fn link(span: &Span, other: &Span) {
    let context = other.context().span().span_context().clone();
    if context.is_valid() {
        span.add_link(context);
    }
}

/// Adds attributes to `span` that its log lines need not have.
pub fn describe(span: &Span, attributes: &[(&'static str, &dyn Display)]) {
    if !is_traced(span) {
        return;
    }
    for (key, value) in attributes {
        span.set_attribute(*key, value.to_string());
    }
}

/// Notes in `span` that something has happened, with the ids of what it happened to. Costs nothing where its trace is not kept.
pub fn event(span: &Span, name: &'static str, ids: &[(&'static str, &dyn Display)]) {
    if is_traced(span) {
        span.add_event(name, ids.iter().map(|(key, id)| KeyValue::new(*key, id.to_string())).collect());
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future,
        sync::{Arc, Mutex},
    };

    use opentelemetry::trace::{SpanId, TracerProvider};
    use opentelemetry_sdk::{
        error::OTelSdkResult,
        trace::{SdkTracerProvider, SpanData, SpanExporter},
    };
    use tracing::{info_span, subscriber};
    use tracing_subscriber::{layer::SubscriberExt, registry};

    use super::*;

    #[derive(Clone, Debug, Default)]
    struct Kept(Arc<Mutex<Vec<SpanData>>>);

    impl SpanExporter for Kept {
        fn export(&self, batch: Vec<SpanData>) -> impl Future<Output = OTelSdkResult> + Send {
            self.0.lock().unwrap().extend(batch);
            future::ready(Ok(()))
        }
    }

    #[test]
    fn shared_work_is_below_the_first_that_is_traced_and_all_of_them_are_linked_to_it() {
        let kept = Kept::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(kept.clone()).build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        subscriber::with_default(registry().with(layer), || {
            let waiting = [Span::none(), info_span!("first"), info_span!("second")];
            let shared = shared(&waiting, |parent| info_span!(parent: parent, "shared"));
            event(&shared, "all.done", &[("all.id", &7)]);
            event(&waiting[0], "nobody.hears", &[]);
        });
        let spans = kept.0.lock().unwrap().clone();
        let span = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
        let shared = span("shared");
        assert_eq!(shared.parent_span_id, span("first").span_context.span_id());
        for waiting in ["first", "second"] {
            let [link] = &span(waiting).links.links[..] else { panic!("{:?}", span(waiting)) };
            assert_eq!(link.span_context, shared.span_context);
        }
        let [event] = &shared.events.events[..] else { panic!("{shared:?}") };
        assert_eq!((&*event.name, &event.attributes[..]), ("all.done", &[KeyValue::new("all.id", "7")][..]));
        assert_eq!((spans.len(), span("first").parent_span_id), (3, SpanId::INVALID));
    }
}
