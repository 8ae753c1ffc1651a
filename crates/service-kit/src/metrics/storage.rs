//! Where the values of metrics are while nobody reads them. Each series takes the same room, however much is recorded and
//! whether or not anybody ever reads it.

use std::sync::Arc;

use metrics::{HistogramFn, Key, atomics::AtomicU64};
use metrics_util::registry;
use prometheus_client::metrics::exemplar::HistogramWithExemplars;

use super::{buckets, exemplar};
use crate::Clock;

/// Makes what a new series is stored in.
#[derive(Debug)]
pub(super) struct Storage;

/// Counts values by size. Of those that a kept trace has given, each bucket names the last.
#[derive(Debug)]
pub(super) struct Histogram(pub(super) HistogramWithExemplars<exemplar::Labels>);

impl registry::Storage<Key> for Storage {
    type Counter = Arc<AtomicU64>;
    /// The bits of a float.
    type Gauge = Arc<AtomicU64>;
    type Histogram = Arc<Histogram>;

    fn counter(&self, _: &Key) -> Self::Counter {
        Arc::default()
    }

    fn gauge(&self, _: &Key) -> Self::Gauge {
        Arc::default()
    }

    fn histogram(&self, key: &Key) -> Self::Histogram {
        let buckets = buckets::of(key.name()).iter().copied();
        Arc::new(Histogram(HistogramWithExemplars::new(buckets)))
    }
}

impl HistogramFn for Histogram {
    fn record(&self, value: f64) {
        let trace = exemplar::present();
        let now = trace.is_some().then(|| Clock::system().now().into());
        self.0.observe(value, trace, now);
    }
}
