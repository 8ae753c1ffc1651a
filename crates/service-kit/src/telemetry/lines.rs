use std::fmt;

use opentelemetry::{Context, trace::TraceContextExt};
use serde_json::json;
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

/// A JSON line that says before all else where it belongs: `trace_id` and `span_id` of the span that it was written in, or empty
/// ones, as OTLP has it where there is no span, and the `service` and `version` of the process. The trace is known even where the
/// filter leaves that span out of the log. Hence no event has a field of these names.
pub(super) struct WithTrace<F> {
    inner: F,
    /// What each line says of the process, rendered once.
    process: String,
}

impl<F> WithTrace<F> {
    /// Lines of the process that is called `service`.
    pub(super) fn new(service: &str, inner: F) -> Self {
        let (service, version) = (json!(service), json!(env!("CARGO_PKG_VERSION")));
        Self { inner, process: format!(r#""service":{service},"version":{version},"#) }
    }
}

impl<S, N, F> FormatEvent<S, N> for WithTrace<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.inner.format_event(context, Writer::new(&mut line), event)?;
        let present = Context::current();
        let present = present.span().span_context().clone();
        let (trace, span) = if present.is_valid() {
            (present.trace_id().to_string(), present.span_id().to_string())
        } else {
            Default::default()
        };
        let rest = line.strip_prefix('{').ok_or(fmt::Error)?;
        write!(writer, r#"{{"trace_id":"{trace}","span_id":"{span}",{}{rest}"#, self.process)
    }
}
