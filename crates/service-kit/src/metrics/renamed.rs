use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Metadata, Recorder, SharedString, Unit};
use metrics_exporter_prometheus::PrometheusRecorder;

/// What the label `service` is called where metrics are read: `service` itself is what a scraper on Kubernetes says of the
/// Service that it has found, and would win.
pub const SERVICE_LABEL: &str = "loljoa_service";

/// Records everything under [`SERVICE_LABEL`] instead of `service`.
pub(super) struct Renamed(pub(super) PrometheusRecorder);

impl Recorder for Renamed {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.0.describe_counter(name, unit, help);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.0.describe_gauge(name, unit, help);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.0.describe_histogram(name, unit, help);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        self.0.register_counter(&renamed(key), metadata)
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.0.register_gauge(&renamed(key), metadata)
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        self.0.register_histogram(&renamed(key), metadata)
    }
}

fn renamed(key: &Key) -> Key {
    let labels = key.labels().map(|label| match label.key() {
        "service" => Label::new(SERVICE_LABEL, label.clone().into_parts().1),
        _ => label.clone(),
    });
    Key::from_parts(key.name_shared(), labels.collect::<Vec<_>>())
}
