//! What betting's metrics are.

use loljoa_service_kit::metrics::{
    Described,
    Kind::{Counter, Gauge, Histogram},
};

/// Every metric that betting alone has.
pub const METRICS: &[Described] = &[
    ("loljoa_bet_queue_depth", Gauge, "Bets that wait."),
    ("loljoa_bet_batch_size", Histogram, "Bets in a batch."),
    ("loljoa_bet_batch_seconds", Histogram, "How long a batch of bets took."),
    ("loljoa_bets_total", Counter, "Bets, by result."),
    ("loljoa_cancel_batch_size", Histogram, "Cancels in a batch."),
    ("loljoa_bet_stuck_markets", Gauge, "Markets that somebody holds, whose bets are refused."),
    (
        "loljoa_bets_recorded_late_total",
        Counter,
        "Bets whose stake had been taken for a market that was held, by end.",
    ),
    ("loljoa_positions_swept_total", Counter, "Positions of final markets that were deleted."),
    ("loljoa_owed_transfers", Gauge, "Payments that are owed to accounts, by state."),
    ("loljoa_owed_delivered_total", Counter, "Payments that the ledger acknowledged."),
    ("loljoa_owed_set_back_total", Counter, "Payments that the ledger did not take, each tried again later."),
    ("loljoa_settlement_markets", Gauge, "Markets whose settlement is under way."),
    (
        "loljoa_settlement_oldest_timestamp_seconds",
        Gauge,
        "Since when the oldest market has been on its way to its end; 0 while none is.",
    ),
    ("loljoa_settlement_bets_total", Counter, "Bets closed, refunded or paid by settlement."),
    ("loljoa_settlement_seconds", Histogram, "How long a market took from its decision to its last payment."),
    ("loljoa_settlement_chunk_seconds", Histogram, "How long a chunk of a settlement took."),
    ("loljoa_recovered_stakes_total", Counter, "Stakes that had no bet and were given back."),
    ("loljoa_audit_difference", Gauge, "What differs from what it follows from, by check."),
    (
        "loljoa_audit_last_success_timestamp_seconds",
        Gauge,
        "When the audit last looked at everything, by check; 0 on replicas that do not audit.",
    ),
    ("loljoa_audit_failures_total", Counter, "Looks of the audit that failed, by check."),
    ("loljoa_feed_lag_seconds", Gauge, "The age of the oldest entry that was not read yet, by feed."),
    ("loljoa_feed_cursor_ahead", Gauge, "1 when a feed is shorter than what was read of it."),
    ("loljoa_incidents_open", Gauge, "What needs a person now, by kind."),
    ("loljoa_incidents_total", Counter, "Incidents that were opened or occurred again, by kind."),
    ("loljoa_current_period", Gauge, "The year of the period that is written in."),
];
