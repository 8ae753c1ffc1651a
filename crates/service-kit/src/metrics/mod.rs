//! Prometheus metrics of this process.
//!
//! Every metric carries a label that names its service, because one process can hold all four. In the code it is called
//! `service`, and shown as [`SERVICE_LABEL`].

mod described;
mod renamed;
mod requests;

use std::sync::OnceLock;

use metrics::counter;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

pub use described::{Described, Kind, METRICS, describe};
use renamed::Renamed;
pub use renamed::SERVICE_LABEL;
pub use requests::record_request;

const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
const SIZES: [f64; 12] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0];

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Starts recording, once per process; later calls give the same handle.
///
/// # Panics
///
/// When something else has installed a recorder before.
pub fn install() -> &'static PrometheusHandle {
    HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)
            .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_size".into()), &SIZES))
            .expect("the buckets are not empty")
            .build_recorder();
        let handle = recorder.handle();
        assert!(
            metrics::set_global_recorder(Renamed(recorder)).is_ok(),
            "nothing else installs a metrics recorder"
        );
        described::tell(METRICS);
        handle
    })
}

/// Counts a connection that `service` has given up, and why.
pub fn connection_dropped(service: &'static str, reason: &'static str) {
    counter!("loljoa_connections_dropped_total", "service" => service, "reason" => reason).increment(1);
}

/// Counts something that `limiter` has refused because there was too much of it.
pub fn refused(service: &'static str, limiter: &'static str) {
    counter!("loljoa_refused_total", "service" => service, "limiter" => limiter).increment(1);
}
