//! How much of the time background work takes.

use std::time::Duration;

/// Work that is late may take this many times its share.
const HURRY: u32 = 5;
/// A share of the time, from 1 to 100 percent.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    percent: u32,
}

impl Share {
    /// No rest for the work's own sake is longer, so that whoever waits for the work knows how long.
    pub const LONGEST_REST: Duration = Duration::from_secs(15);

    /// A share of `percent`, at least 1 and at most 100.
    #[must_use]
    pub fn of(percent: u32) -> Self {
        Self { percent: percent.clamp(1, 100) }
    }

    /// How long to rest after having worked, so that the work takes its share: five times as much when it is late. Never
    /// longer than 15 seconds, nor shorter than `interval`.
    #[must_use]
    pub fn rest(self, worked: Duration, late: bool, interval: Duration) -> Duration {
        let percent = if late { self.percent * HURRY } else { self.percent }.min(100);
        let rest = worked.saturating_mul(100 - percent) / percent;
        rest.min(Self::LONGEST_REST).max(interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const MOMENT: Duration = Duration::from_millis(100);

    #[test]
    fn work_takes_its_share_and_more_when_it_is_late() {
        assert_eq!(Share::of(2).rest(MOMENT, false, SECOND), MOMENT * 49);
        assert_eq!(Share::of(2).rest(MOMENT, true, MOMENT), MOMENT * 9);
    }

    #[test]
    fn a_rest_lasts_at_least_the_interval_and_never_too_long() {
        assert_eq!(Share::of(50).rest(MOMENT, false, SECOND), SECOND);
        assert_eq!(Share::of(100).rest(SECOND, true, Duration::ZERO), Duration::ZERO);
        assert_eq!(Share::of(0).rest(SECOND, false, Duration::ZERO), Share::LONGEST_REST);
    }
}
