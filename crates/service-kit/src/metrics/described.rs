use metrics::{describe_counter, describe_gauge, describe_histogram};

/// What a metric measures how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, until the process ends.
    Counter,
    /// Has a value.
    Gauge,
    /// Counts values by size.
    Histogram,
}

/// A metric's name, kind and what it tells.
pub type Described = (&'static str, Kind, &'static str);

use Kind::{Counter, Gauge, Histogram};

/// What every service has.
pub const METRICS: &[Described] = &[
    ("loljoa_http_requests_total", Counter, "Requests answered, by route and status."),
    (
        "loljoa_http_request_duration_seconds",
        Histogram,
        "How long requests took until their answer began, by route.",
    ),
    ("loljoa_grpc_requests_total", Counter, "Calls answered, by method and status."),
    (
        "loljoa_grpc_request_duration_seconds",
        Histogram,
        "How long calls took until their answer began, by method.",
    ),
    ("loljoa_connections_open", Gauge, "Connections that are open to a public port."),
    ("loljoa_connections_refused_total", Counter, "Connections of addresses that had enough."),
    ("loljoa_connections_dropped_total", Counter, "Connections that were dropped, by reason."),
    ("loljoa_refused_total", Counter, "What was refused because there was too much of it, by limiter."),
    ("loljoa_neighbour_replicas", Gauge, "Replicas of a neighbour as a caller sees them, by state."),
    ("loljoa_neighbour_hangs_total", Counter, "How often a replica of a neighbour was found to hang."),
    (
        "loljoa_neighbour_refusals_total",
        Counter,
        "Calls that were refused because all of a neighbour's replicas hang.",
    ),
    ("loljoa_neighbour_repetitions_total", Counter, "Calls that were sent again, by end."),
    (
        "loljoa_dropped_work_total",
        Counter,
        "Work that was dropped because nobody waited for it any more, by queue.",
    ),
    ("loljoa_db_pool_connections", Gauge, "Connections that are open, by pool and state: idle or used."),
    (
        "loljoa_db_pool_wait_seconds",
        Histogram,
        "How long a connection was waited for, by pool: transactions (with one round trip), and a sample every five seconds.",
    ),
    (
        "loljoa_db_connections_limit",
        Gauge,
        "The most connections that this replica opens, and that its server takes, by of.",
    ),
    (
        "loljoa_db_stray_transactions_total",
        Counter,
        "Connections that came back inside a transaction and were closed.",
    ),
    (
        "loljoa_db_pooler_limit_differs",
        Gauge,
        "1 for a limit that is another through the pooler than was configured.",
    ),
    (
        "loljoa_telemetry_dropped_spans_total",
        Counter,
        "Spans that the collector did not get, by reason: queue_full, or not_taken.",
    ),
    ("loljoa_transaction_retries_total", Counter, "Transactions that PostgreSQL refused and that ran again."),
];

/// Starts recording, unless that was done, and tells the exporter what these metrics are. Once for each service.
pub fn describe(metrics: &[Described]) {
    super::install();
    tell(metrics);
}

/// Tells whatever records now.
pub(super) fn tell(metrics: &[Described]) {
    for (name, kind, help) in metrics {
        match kind {
            Counter => describe_counter!(*name, *help),
            Gauge => describe_gauge!(*name, *help),
            Histogram => describe_histogram!(*name, *help),
        }
    }
}
