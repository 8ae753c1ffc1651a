//! What only one scenario tells.

use serde::{Deserialize, Serialize};

use super::Latency;

/// What only this run's scenario tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// Of listeners.
    Stream(Listening),
}

/// Thousands listened.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Listening {
    /// How many.
    pub listeners: usize,
    /// The gateway's memory before they came. Bytes.
    pub before_bytes: u64,
    /// The same when all of them had come and were quiet. Bytes.
    pub quiet_bytes: u64,
    /// Updates that they read meanwhile.
    pub updates: u64,
    /// From when a bet was recorded, a moment before its commit, until a listener had read an update that includes it; over
    /// all bets and all listeners.
    pub lag: Latency,
}

impl Listening {
    /// What they take of the gateway's memory. Bytes.
    #[must_use]
    pub const fn memory(&self) -> u64 {
        self.quiet_bytes.saturating_sub(self.before_bytes)
    }
}
