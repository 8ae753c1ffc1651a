//! How long something that has died waits until it is started again.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);
/// What has lived this long has started well: its next death counts as its first.
const CALM: Duration = Duration::from_mins(1);

/// The pauses of one thing that dies now and then: short at first, twice as long every time.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
}

impl Backoff {
    /// Nothing has died yet.
    pub(crate) const fn new() -> Self {
        Self { next: FIRST }
    }

    /// The pause after a death, given how long what died had lived.
    pub(crate) fn after(&mut self, lived: Duration) -> Duration {
        let pause = if lived < CALM { self.next } else { FIRST };
        self.next = (pause * 2).min(LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRIEF: Duration = Duration::from_secs(3);

    #[test]
    fn every_pause_is_twice_the_one_before_up_to_the_longest() {
        let mut backoff = Backoff::new();
        let pauses: Vec<_> = (0..9).map(|_| backoff.after(BRIEF).as_millis()).collect();
        assert_eq!(pauses, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    }

    #[test]
    fn after_a_calm_life_it_begins_anew() {
        let mut backoff = Backoff::new();
        for _ in 0..5 {
            backoff.after(BRIEF);
        }
        assert_eq!(backoff.after(CALM), FIRST);
        assert_eq!(backoff.after(BRIEF), FIRST * 2);
    }
}
