//! The experiments: one file each, with what is done, the rules that decide, and the words that explain.

pub mod abort;
pub mod burst;
pub mod faults;
pub mod kill;
pub mod kill_pods;
pub mod latency;
pub mod liveness;
pub mod noisy;
mod pods;
pub mod readiness;
pub mod rollout;
pub mod scale;

use loljoa_loadtest::report::{Axes, Line, Mark, Plot, marked};
pub(crate) use pods::over_time as pods_over_time;

/// A picture over time.
fn over_time(
    name: &str,
    caption: &str,
    lines: &[Line],
    y: &'static str,
    marks: &[Mark],
) -> anyhow::Result<Plot> {
    let axes = Axes { x: "seconds", y, is_logarithmic: false };
    Ok(Plot { name: name.to_owned(), caption: caption.to_owned(), svg: marked(lines, axes, marks)? })
}

/// Requests a second, as they are written: bounded, so that no experiment is an attack.
fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (1.0..=1_000.0).contains(&rate) => Ok(rate),
        _ => Err("must be from 1 to 1000".to_owned()),
    }
}
