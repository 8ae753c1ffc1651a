use anyhow::Context as _;
use tracing_subscriber::{EnvFilter, Registry, reload};

/// What is logged, which can be changed while the process runs. What is traced stays as it is. Cheap to clone.
#[derive(Clone)]
pub struct LogFilter(reload::Handle<EnvFilter, Registry>);

impl LogFilter {
    /// The filter, and what a layer is filtered by.
    pub(super) fn new(filter: &str) -> anyhow::Result<(Self, reload::Layer<EnvFilter, Registry>)> {
        let (layer, handle) = reload::Layer::new(read("runtime.telemetry.log", filter)?);
        Ok((Self(handle), layer))
    }

    /// From now on logs what `filter` lets through, in the syntax of `RUST_LOG`.
    ///
    /// # Errors
    ///
    /// When the filter cannot be read; the present one stays.
    pub fn set(&self, filter: &str) -> anyhow::Result<()> {
        Ok(self.0.reload(read("runtime.telemetry.log", filter)?)?)
    }
}

/// Reads the filter that stands under `key`.
pub(super) fn read(key: &str, filter: &str) -> anyhow::Result<EnvFilter> {
    EnvFilter::try_new(filter).with_context(|| format!("{key} = {filter}: must be a filter such as info"))
}
