//! What records, behind the macros of the crate `metrics`.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};
use metrics_util::registry::Registry;
use prometheus_client::{
    encoding::{prometheus_text, text},
    registry,
};

use super::{process::Process, storage::Storage};

/// All series, and how they are shown.
#[derive(Debug)]
pub struct Recorder {
    pub(super) series: Registry<Key, Storage>,
    pub(super) helps: RwLock<HashMap<KeyName, SharedString>>,
    pub(super) process: Option<Process>,
}

impl Recorder {
    /// One that has recorded nothing.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Self::with(None)
    }

    /// One that tells of this process, too.
    pub(super) fn of_process() -> Arc<Self> {
        Self::with(Some(Process::of_this()))
    }

    fn with(process: Option<Process>) -> Arc<Self> {
        Arc::new(Self { series: Registry::new(Storage), helps: RwLock::default(), process })
    }

    /// Everything in the text format of Prometheus, version 0.0.4, which has no exemplars.
    #[must_use]
    pub fn text(self: &Arc<Self>) -> String {
        self.shown(prometheus_text::encode)
    }

    /// Everything as `OpenMetrics` 1.0, with exemplars.
    #[must_use]
    pub fn open_metrics(self: &Arc<Self>) -> String {
        self.shown(text::encode)
    }

    fn shown(
        self: &Arc<Self>,
        encode: impl Fn(&mut String, &registry::Registry) -> std::fmt::Result,
    ) -> String {
        let mut registry = registry::Registry::default();
        registry.register_collector(Box::new(Arc::clone(self)));
        let mut shown = String::new();
        encode(&mut shown, &registry).expect("a string takes whatever is written");
        shown
    }

    fn describe(&self, name: KeyName, help: SharedString) {
        self.helps.write().unwrap_or_else(PoisonError::into_inner).insert(name, help);
    }
}

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.describe(name, help);
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.describe(name, help);
    }

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.describe(name, help);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.series.get_or_create_counter(key, |counter| Arc::clone(counter).into())
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.series.get_or_create_gauge(key, |gauge| Arc::clone(gauge).into())
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.series.get_or_create_histogram(key, |histogram| Arc::clone(histogram).into())
    }
}
