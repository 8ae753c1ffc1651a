//! The hot market at three times what is sustained, and at a third of it before and afterwards.

use std::time::Duration;

use crate::engine::Step;

/// As many connections for each with which it is found out what is sustained: more than a gateway lets ask at once, so that
/// requests come whatever became of those before, and it is the gateway that has to refuse them.
pub const CROWD: usize = 8;
/// The calm before it.
pub const BEFORE: &str = "before";
/// The overload.
pub const DURING: &str = "overload";
/// The calm afterwards, when it was calm for `RECOVERY`.
pub const AFTER: &str = "after";

const RECOVERY: Duration = Duration::from_secs(5);
const TIMES: f64 = 3.0;

/// What is asked where so many requests a second are sustained, the overload being of this length.
#[must_use]
pub fn steps(sustained: f64, length: Duration) -> [Step; 5] {
    let calm = sustained / TIMES;
    [
        // Everybody connects.
        Step { name: "coming", rate: calm, length: length / 2 },
        Step { name: BEFORE, rate: calm, length: length / 2 },
        Step { name: DURING, rate: sustained * TIMES, length },
        Step { name: "recovery", rate: calm, length: RECOVERY },
        Step { name: AFTER, rate: calm, length: length / 2 },
    ]
}

/// How long an overload was whose steps took so long in all. Seconds.
#[must_use]
pub fn length(all: f64) -> f64 {
    // Half of it comes three times beside itself.
    (all - RECOVERY.as_secs_f64()) / 2.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overload_is_three_times_what_is_sustained_between_two_calms() {
        let steps = steps(3_000.0, Duration::from_secs(10));
        let told = steps.map(|step| (step.rate.round(), step.length.as_secs()));
        assert_eq!(told, [(1_000.0, 5), (1_000.0, 5), (9_000.0, 10), (1_000.0, 5), (1_000.0, 5)]);
        let all: Duration = steps.iter().map(|step| step.length).sum();
        assert!((length(all.as_secs_f64()) - 10.0).abs() < 1e-9);
    }
}
