//! How series are told to whoever reads them: by family, in the order of their names.

use std::{
    fmt,
    sync::{PoisonError, atomic::Ordering},
};

use metrics::Key;
use prometheus_client::{
    collector::Collector,
    encoding::{
        DescriptorEncoder, EncodeLabel, EncodeLabelSet, EncodeMetric, LabelSetEncoder, MetricEncoder,
        NoLabelSet,
    },
    metrics::MetricType,
    registry::Unit,
};

use super::recorder::Recorder;

/// What the label `service` is called where metrics are read: `service` itself is what a scraper on Kubernetes says of the
/// Service that it has found, and would win.
pub const SERVICE_LABEL: &str = "loljoa_service";

impl Collector for Recorder {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for family in sorted(self.series.get_counter_handles()).chunk_by(of_one_name) {
            self.family(&mut encoder, family, MetricType::Counter, |counter, mut encoder| {
                encoder.encode_counter::<NoLabelSet, _, f64>(&counter.load(Ordering::Relaxed), None)
            })?;
        }
        for family in sorted(self.series.get_gauge_handles()).chunk_by(of_one_name) {
            self.family(&mut encoder, family, MetricType::Gauge, |gauge, mut encoder| {
                encoder.encode_gauge(&f64::from_bits(gauge.load(Ordering::Relaxed)))
            })?;
        }
        for family in sorted(self.series.get_histogram_handles()).chunk_by(of_one_name) {
            self.family(&mut encoder, family, MetricType::Histogram, |histogram, encoder| {
                histogram.0.encode(encoder)
            })?;
        }
        self.process.as_ref().map_or(Ok(()), |process| process.encode(encoder))
    }
}

impl Recorder {
    fn family<T>(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        family: &[(Key, T)],
        kind: MetricType,
        value: impl Fn(&T, MetricEncoder<'_>) -> fmt::Result,
    ) -> fmt::Result {
        let Some((first, _)) = family.first() else { return Ok(()) };
        let (stem, unit) = taken_apart(first.name());
        let helps = self.helps.read().unwrap_or_else(PoisonError::into_inner);
        let help = helps.get(first.name()).map_or("", AsRef::as_ref);
        let mut encoder = encoder.encode_descriptor(stem, help, unit.as_ref(), kind)?;
        for (key, series) in family {
            value(series, encoder.encode_family(&Labels(key))?)?;
        }
        Ok(())
    }
}

fn sorted<T>(series: impl IntoIterator<Item = (Key, T)>) -> Vec<(Key, T)> {
    let mut series: Vec<_> = series.into_iter().collect();
    series.sort_by(|(one, _), (other, _)| one.cmp(other));
    series
}

fn of_one_name<T>((one, _): &(Key, T), (other, _): &(Key, T)) -> bool {
    one.name() == other.name()
}

/// A name without what its unit and kind add to it, and the unit.
pub(super) fn taken_apart(name: &str) -> (&str, Option<Unit>) {
    let name = name.strip_suffix("_total").unwrap_or(name);
    let seconds = name.strip_suffix("_seconds").map(|stem| (stem, Some(Unit::Seconds)));
    let bytes = || name.strip_suffix("_bytes").map(|stem| (stem, Some(Unit::Bytes)));
    seconds.or_else(bytes).unwrap_or((name, None))
}

struct Labels<'a>(&'a Key);

impl EncodeLabelSet for Labels<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        for label in self.0.labels() {
            let name = if label.key() == "service" { SERVICE_LABEL } else { label.key() };
            (name, label.value()).encode(encoder.encode_label())?;
        }
        Ok(())
    }
}
