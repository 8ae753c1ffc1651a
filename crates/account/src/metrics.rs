//! What account's metrics are.

use loljoa_service_kit::metrics::{
    Described,
    Kind::{Counter, Gauge, Histogram},
};

/// Every metric that account alone has.
pub const METRICS: &[Described] = &[
    ("loljoa_ledger_queue_depth", Gauge, "Transfers that wait or are being applied, by class."),
    ("loljoa_ledger_batch_seconds", Histogram, "How long a batch of transfers took, by class."),
    ("loljoa_ledger_batch_size", Histogram, "Transfers in a batch, by class."),
    ("loljoa_ledger_transfers_total", Counter, "Transfers, by outcome."),
    ("loljoa_ledger_refusals_total", Counter, "Calls that found no place in the ledger's queue, by class."),
    (
        "loljoa_ledger_clearing_points",
        Gauge,
        "Points of the clearing account, by the replica that audits; over all cells 0, once every market is cleared.",
    ),
    ("loljoa_password_queue_depth", Gauge, "Password hashes that wait or are being computed."),
    ("loljoa_password_wait_seconds", Histogram, "How long a password hash waited for its turn."),
    (
        "loljoa_bootstrap_admin_squatted",
        Gauge,
        "1 when a user who is no admin has the configured admin's name.",
    ),
    (
        "loljoa_bootstrap_admin_outdated",
        Gauge,
        "1 while this replica's configured admin password is one that another has replaced.",
    ),
    (
        "loljoa_audit_difference",
        Gauge,
        "Points by which stored sums differ from what they follow from, by check.",
    ),
    ("loljoa_audit_findings", Gauge, "Accounts and system accounts that differ, until they are mended."),
    (
        "loljoa_audit_last_success_timestamp_seconds",
        Gauge,
        "When the audit last looked at everything; 0 on replicas that do not audit.",
    ),
    ("loljoa_audit_steps_total", Counter, "Steps of the audit."),
    ("loljoa_audit_failures_total", Counter, "Looks of the audit that failed."),
    ("loljoa_audit_leading", Gauge, "1 on the replica that audits."),
    ("loljoa_audit_failing", Gauge, "1 when the last step of this replica's audit failed."),
    ("loljoa_current_period", Gauge, "The year of the period that is written in."),
    ("loljoa_rank_snapshot_seconds", Histogram, "How long a walk over all accounts for their ranks took."),
    ("loljoa_rank_snapshot_failures_total", Counter, "Walks over all accounts that failed."),
];
