//! What is told of the process itself, by the names that Prometheus' own clients use. Read anew for each scrape.

use std::fmt;

use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge, info::Info},
};

use super::{
    described::{
        Described,
        Kind::{Counter, Gauge},
    },
    shown::taken_apart,
};

/// What is told of each process. All but the first come from Linux, and are missing elsewhere.
pub const METRICS: [Described; 8] = [
    ("loljoa_build_info", Gauge, "1, by the version and the revision that were compiled."),
    ("process_cpu_seconds_total", Counter, "Processor time, of user and system."),
    ("process_max_fds", Gauge, "The most file descriptors that may be open."),
    ("process_open_fds", Gauge, "File descriptors that are open."),
    ("process_resident_memory_bytes", Gauge, "Memory that is resident."),
    ("process_start_time_seconds", Gauge, "When the process began, since the epoch."),
    ("process_threads", Gauge, "Threads."),
    ("process_virtual_memory_bytes", Gauge, "Memory that is mapped."),
];

/// What was compiled, and runs.
#[derive(Debug)]
pub(super) struct Process(Info<[(&'static str, &'static str); 2]>);

impl Process {
    pub(super) fn of_this() -> Self {
        let revision = option_env!("LOLJOA_REVISION").unwrap_or("unknown");
        Self(Info::new([("version", env!("CARGO_PKG_VERSION")), ("revision", revision)]))
    }

    pub(super) fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let [(build, _, help), process @ ..] = METRICS;
        let stem = build.strip_suffix("_info").unwrap_or(build);
        self.0.encode(encoder.encode_descriptor(stem, help, None, MetricType::Info)?)?;
        for ((name, kind, help), value) in process.into_iter().zip(readings()) {
            let (stem, unit) = taken_apart(name);
            let unit = unit.as_ref();
            if kind == Counter {
                let counter = ConstCounter::new(value);
                counter.encode(encoder.encode_descriptor(stem, help, unit, MetricType::Counter)?)?;
            } else {
                let gauge = ConstGauge::new(value);
                gauge.encode(encoder.encode_descriptor(stem, help, unit, MetricType::Gauge)?)?;
            }
        }
        Ok(())
    }
}

/// The values, in the order of [`METRICS`]; none where they cannot be read.
#[cfg(target_os = "linux")]
fn readings() -> Vec<f64> {
    read().unwrap_or_else(|error| {
        tracing::debug!(%error, "the process cannot be read");
        Vec::new()
    })
}

#[cfg(not(target_os = "linux"))]
fn readings() -> Vec<f64> {
    Vec::new()
}

#[cfg(target_os = "linux")]
#[expect(clippy::cast_precision_loss, reason = "none of it is as large as 2^53")]
fn read() -> procfs::ProcResult<Vec<f64>> {
    use procfs::{WithCurrentSystemInfo, boot_time_secs, process, ticks_per_second};

    let this = process::Process::myself()?;
    let stat = this.stat()?;
    let most = match this.limits()?.max_open_files.soft_limit {
        process::LimitValue::Unlimited => f64::INFINITY,
        process::LimitValue::Value(most) => most as f64,
    };
    let seconds = |ticks: u64| ticks as f64 / ticks_per_second() as f64;
    Ok(vec![
        seconds(stat.utime + stat.stime),
        most,
        this.fd_count()? as f64,
        stat.rss_bytes().get() as f64,
        boot_time_secs()? as f64 + seconds(stat.starttime),
        stat.num_threads as f64,
        stat.vsize as f64,
    ])
}
