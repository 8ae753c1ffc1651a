//! What league-schedule's metrics are.

use loljoa_service_kit::metrics::{Described, Kind::Counter};

/// Every metric that league-schedule alone has.
pub const METRICS: &[Described] =
    &[("loljoa_source_steps_total", Counter, "Looks at the source of matches, by source and result.")];
