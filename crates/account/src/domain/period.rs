//! The years that the ledger is kept in.

use chrono::{DateTime, Utc};

/// A year of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// The year in which it began.
    pub period: i32,
    /// Since when it is, or was, written in.
    pub began_at: DateTime<Utc>,
    /// Since when it is not written in any more.
    pub ended_at: Option<DateTime<Utc>>,
    /// When it was taken away.
    pub archived_at: Option<DateTime<Utc>>,
    /// Whether what it did is counted, as it must be before it is archived.
    pub is_counted: bool,
    /// Its transfers and results; above a million, as the server estimates.
    pub rows: i64,
    /// What they take on disk, indexes included; 0 once they are dropped.
    pub bytes: i64,
}
