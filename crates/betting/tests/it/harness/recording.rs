//! The metrics of one test. Everything that a test starts runs on its own thread, so its metrics are its own too.

use metrics::LocalRecorderGuard;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// What has been recorded since.
pub(super) struct Recording {
    handle: PrometheusHandle,
    _guard: LocalRecorderGuard<'static>,
}

impl Recording {
    /// Records on this thread from now on.
    pub(super) fn start() -> Self {
        let recorder: &'static PrometheusRecorder =
            Box::leak(Box::new(PrometheusBuilder::new().build_recorder()));
        Self { handle: recorder.handle(), _guard: metrics::set_default_local_recorder(recorder) }
    }

    /// A gauge or counter with a label of this value, as it is shown to whoever asks for metrics.
    pub(super) fn read(&self, name: &str, label: &str) -> Option<f64> {
        let shown = self.handle.render();
        let label = format!("\"{label}\"");
        let line =
            shown.lines().find(|line| line.starts_with(&format!("{name}{{")) && line.contains(&label))?;
        line.rsplit_once(' ')?.1.parse().ok()
    }
}
