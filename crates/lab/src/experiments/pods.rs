//! What pods do and what clients see of it, as pictures.

use loljoa_loadtest::report::Plot;

use super::over_time as picture;
use crate::{
    clients::Asked,
    counters::Counters,
    seen,
    timeline::{Timeline, marks},
};

/// How long a piece of a line over time is. Seconds.
const PIECE: f64 = 0.5;

/// What each pod does, how long requests take, and which attempts fail, with what was done when.
pub(crate) fn over_time(
    asked: &[Asked],
    counters: &Counters,
    timeline: &Timeline,
) -> anyhow::Result<Vec<Plot>> {
    let marks = marks(&timeline.events());
    let latency = [("p50", 50), ("p99", 99), ("longest", 100)]
        .map(|(name, percent)| seen::over_time(name, asked, PIECE, percent));
    let failed = [seen::failures_over_time("failed attempts", asked, PIECE)];
    Ok(vec![
        picture("pods", "What each pod does", &counters.lines(), "a second", &marks)?,
        picture("latency", "How long requests take, with all their attempts", &latency, "ms", &marks)?,
        picture("failures", "Attempts that fail", &failed, "a second", &marks)?,
    ])
}
