//! Which process spans come from.

use opentelemetry::KeyValue;
use opentelemetry_sdk::{Resource, resource::EnvResourceDetector};

use crate::ids;

/// What a collector learns of this process. `OTEL_RESOURCE_ATTRIBUTES` adds to it, and says better which instance it is: the chart
/// names namespace, pod and container there.
pub(super) fn of_process(service: &str) -> Resource {
    Resource::builder()
        .with_attributes([
            KeyValue::new("service.namespace", "loljoa"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", ids::fresh().to_string()),
        ])
        .with_detector(Box::new(EnvResourceDetector::new()))
        .with_service_name(service.to_owned())
        .build()
}
