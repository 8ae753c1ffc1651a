//! Prometheus metrics of this process.
//!
//! Every metric carries a label that names its service, because one process can hold all four. In the code it is called
//! `service`, and shown as [`SERVICE_LABEL`].
//!
//! A value that is recorded for a histogram within a trace that is kept becomes the exemplar of its bucket, and leads to the trace.

mod buckets;
mod described;
mod exemplar;
mod process;
mod recorder;
mod requests;
mod shown;
mod storage;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use metrics::counter;

pub use described::{Described, Kind, METRICS, describe};
pub use process::METRICS as OF_PROCESS;
pub use recorder::Recorder;
pub use requests::record_request;
pub use shown::SERVICE_LABEL;

static RECORDER: OnceLock<Arc<Recorder>> = OnceLock::new();

/// Starts recording, once per process; later calls give the same recorder.
///
/// # Panics
///
/// When something else has installed a recorder before.
pub fn install() -> &'static Arc<Recorder> {
    RECORDER.get_or_init(|| {
        let recorder = Recorder::of_process();
        assert!(
            metrics::set_global_recorder(Arc::clone(&recorder)).is_ok(),
            "nothing else installs a metrics recorder"
        );
        described::tell(METRICS);
        recorder
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
