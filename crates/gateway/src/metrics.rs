//! What the gateway's metrics are.

use loljoa_service_kit::metrics::{
    Described,
    Kind::{Counter, Gauge, Histogram},
};

/// Every metric that the gateway alone has.
pub const METRICS: &[Described] = &[
    ("loljoa_bet_queue_depth", Gauge, "Bets that wait."),
    ("loljoa_bet_queue_refusals_total", Counter, "Bets that found the queue full."),
    ("loljoa_bet_batch_size", Histogram, "Bets in a batch."),
    (
        "loljoa_bet_duration_seconds",
        Histogram,
        "How long requests for bets took until their answer began, by end: accepted, refused, failed.",
    ),
    (
        "loljoa_stream_age_seconds",
        Histogram,
        "How old the change of a market was when an event stream told it, since this replica knew it.",
    ),
    ("loljoa_streams_open", Gauge, "Event streams that are open."),
    (
        "loljoa_streams_slow_total",
        Counter,
        "Event streams that were given up because their reader did not keep up.",
    ),
    ("loljoa_daily_grant_claims_total", Counter, "Claims of the day's grant, by outcome."),
];
