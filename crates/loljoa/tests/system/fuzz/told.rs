//! How long, and where it is in what it does.

use std::env;

use loljoa_service_kit::Clock;

const SEED: &str = "LOLJOA_TEST_FUZZ_SEED";
const STEPS: &str = "LOLJOA_TEST_FUZZ_STEPS";
/// Of each seed, without a number of one's own.
const FEW: usize = 150;

/// A seed and how many steps are made of it. Tells both, and the step, when it is left by a failure.
pub(super) struct Run {
    what: &'static str,
    pub(super) seed: u64,
    pub(super) steps: usize,
    pub(super) step: usize,
}

impl Run {
    /// What is asked for; otherwise a seed that is always the same, and one of the clock.
    pub(super) fn all(what: &'static str) -> Vec<Self> {
        let steps = env::var(STEPS).ok().filter(|steps| !steps.is_empty());
        let seed = env::var(SEED).ok().filter(|seed| !seed.is_empty());
        let of_the_clock = Clock::system().now().timestamp_millis().unsigned_abs() % 1_000_000;
        let seeds = match seed.map(|seed| seed.parse().unwrap()) {
            Some(seed) => vec![seed],
            None if steps.is_some() => vec![of_the_clock],
            None => vec![1, of_the_clock],
        };
        let steps = steps.map_or(FEW, |steps| steps.parse().unwrap());
        seeds.into_iter().map(|seed| Self { what, seed, steps, step: 0 }).collect()
    }

    /// Says how far it is.
    pub(super) fn print(&self, figures: &str) {
        Self::say(&format!(
            "{}: seed {}, step {} of {}: {figures}",
            self.what, self.seed, self.step, self.steps
        ));
    }

    #[expect(clippy::print_stderr, reason = "progress and the seed to repeat are what the command is for")]
    fn say(line: &str) {
        eprintln!("{line}");
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { what, seed, steps, step } = self;
            Self::say(&format!(
                "{what}: seed {seed} failed at step {step}; repeat it with `make fuzz-matches SEED={seed} STEPS={steps}`"
            ));
        }
    }
}
