//! The metrics of one test. Everything that a test starts runs on its own thread, so its metrics are its own too.

use std::sync::Arc;

use loljoa_service_kit::metrics::Recorder;
use metrics::LocalRecorderGuard;

/// What has been recorded since.
pub(super) struct Recording {
    recorder: Arc<Recorder>,
    _guard: LocalRecorderGuard<'static>,
}

impl Recording {
    /// Records on this thread from now on.
    pub(super) fn start() -> Self {
        let recorder: &'static Arc<Recorder> = Box::leak(Box::new(Recorder::new()));
        Self { recorder: Arc::clone(recorder), _guard: metrics::set_default_local_recorder(recorder) }
    }

    /// A gauge or counter with a label of this value, as it is shown to whoever asks for metrics.
    pub(super) fn read(&self, name: &str, label: &str) -> Option<f64> {
        let shown = self.recorder.text();
        let label = format!("\"{label}\"");
        let line =
            shown.lines().find(|line| line.starts_with(&format!("{name}{{")) && line.contains(&label))?;
        line.rsplit_once(' ')?.1.parse().ok()
    }
}
