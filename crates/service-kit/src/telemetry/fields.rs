//! A span's fields as a JSON object, for the log.

use std::fmt::{self, Write};

use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{FormatFields, FormattedFields, format::Writer},
};

/// Writes fields one after the other. [`tracing_subscriber`]'s own reads the whole object again for each field that comes later,
/// as a request's status does, which costs each request as much as writing its log line would.
///
/// A field that is recorded twice stands there twice, and whoever reads takes the last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields;

impl<'writer> FormatFields<'writer> for Fields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut text = String::from("{");
        write_to(&mut text, &fields)?;
        text.push('}');
        writer.write_str(&text)
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &tracing::span::Record<'_>,
    ) -> fmt::Result {
        let text = &mut current.fields;
        if text.pop().is_none() {
            text.push('{');
        }
        write_to(text, fields)?;
        text.push('}');
        Ok(())
    }
}

fn write_to(text: &mut String, fields: impl RecordFields) -> fmt::Result {
    let mut members = Members { text, result: Ok(()) };
    fields.record(&mut members);
    members.result
}

/// Appends members to an object that is still open.
struct Members<'a> {
    text: &'a mut String,
    result: fmt::Result,
}

impl Members<'_> {
    fn add(&mut self, field: &Field, value: impl Serialize) {
        if self.result.is_ok() {
            self.result = self.try_add(field, value);
        }
    }

    fn try_add(&mut self, field: &Field, value: impl Serialize) -> fmt::Result {
        let value = serde_json::to_string(&value).map_err(|_| fmt::Error)?;
        if !self.text.ends_with('{') {
            self.text.push(',');
        }
        // What tracing calls `r#type` is `type`; no name of a field needs escaping otherwise.
        let name = field.name();
        write!(self.text, r#""{}":{value}"#, name.strip_prefix("r#").unwrap_or(name))
    }
}

impl Visit for Members<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex, PoisonError},
    };

    use serde_json::{Value, json};
    use tracing::{field, info, info_span, subscriber};
    use tracing_subscriber::{Layer, fmt, layer::SubscriberExt, registry};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_spans_fields_are_an_object_whenever_they_come() {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer =
            fmt::layer().json().flatten_event(true).fmt_fields(Fields).with_writer(move || writer.clone());
        subscriber::with_default(registry().with(layer.boxed()), || {
            let span = info_span!(
                "request",
                text = "a \"quoted\" line\n",
                number = 7,
                is_it = true,
                shown = %"x",
                later = field::Empty,
                r#type = "t",
            );
            span.in_scope(|| info!("before"));
            span.record("later", 201);
            let bare = info_span!("bare", later = field::Empty);
            bare.record("later", "came");
            span.in_scope(|| info!("after"));
            bare.in_scope(|| info!("bare"));
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut expected = json!({
            "name": "request", "text": "a \"quoted\" line\n", "number": 7, "is_it": true, "shown": "x", "type": "t",
        });
        assert_eq!(lines[0]["span"], expected);
        expected["later"] = json!(201);
        assert_eq!(lines[1]["span"], expected);
        assert_eq!(lines[2]["span"], json!({ "name": "bare", "later": "came" }));
    }
}
