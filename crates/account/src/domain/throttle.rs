//! How long an address waits after failed log-ins.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// The rule of waiting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    /// Failures that cost nothing.
    pub(crate) free_failures: i32,
    /// The first wait; each further failure doubles it.
    pub(crate) first_wait: Duration,
    /// The longest wait.
    pub(crate) longest_wait: Duration,
}

/// The rules for failures to one account from one address, and for those to all accounts together from one address, and from
/// one network of many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policies {
    pub(crate) account: Policy,
    pub(crate) address: Policy,
    pub(crate) network: Policy,
}

/// What is known of one account and address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Failures {
    pub(crate) count: i32,
    pub(crate) last_at: DateTime<Utc>,
    pub(crate) locked_until: Option<DateTime<Utc>>,
}

impl Policy {
    /// Counts one more attempt as failed, before its password is looked at, so that attempts made at once count too.
    /// When the pair has to wait, tells for how long instead.
    pub(crate) fn attempt(&self, known: Failures, now: DateTime<Utc>) -> Result<Failures, Duration> {
        if let Some(until) = known.locked_until.filter(|until| *until > now) {
            return Err((until - now).to_std().unwrap_or(self.longest_wait));
        }
        let forgotten = now - known.last_at > self.forgets_after();
        let count = if forgotten { 1 } else { known.count.saturating_add(1) };
        let locked_until = self.wait_after(count).map(|wait| now + wait);
        Ok(Failures { count, last_at: now, locked_until })
    }

    /// Failures older than this count no more.
    pub(crate) fn forgets_after(&self) -> TimeDelta {
        TimeDelta::from_std(self.longest_wait).unwrap_or(TimeDelta::MAX / 2) * 2
    }

    fn wait_after(&self, failures: i32) -> Option<Duration> {
        let paid = u32::try_from(failures - self.free_failures).ok()?;
        let factor = 2_u32.checked_pow(paid).unwrap_or(u32::MAX);
        Some(self.first_wait.saturating_mul(factor).min(self.longest_wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy =
        Policy { free_failures: 5, first_wait: Duration::from_secs(1), longest_wait: Duration::from_mins(5) };

    #[test]
    fn the_wait_doubles_after_the_free_failures_up_to_the_longest() {
        let mut now = DateTime::UNIX_EPOCH;
        let mut known = Failures::default();
        let mut waits = Vec::new();
        for _ in 0..15 {
            known = POLICY.attempt(known, now).unwrap();
            waits.push(known.locked_until.map_or(0, |until| (until - now).num_seconds()));
            now = known.locked_until.unwrap_or(now);
        }
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    }

    #[test]
    fn while_locked_no_attempt_is_counted() {
        let now = DateTime::UNIX_EPOCH;
        let locked = Failures { count: 5, last_at: now, locked_until: Some(now + TimeDelta::seconds(9)) };
        assert_eq!(POLICY.attempt(locked, now), Err(Duration::from_secs(9)));
    }

    #[test]
    fn old_failures_are_forgotten() {
        let now = DateTime::UNIX_EPOCH;
        let known = Failures { count: 30, last_at: now, locked_until: None };
        assert_eq!(POLICY.attempt(known, now + TimeDelta::seconds(601)).unwrap().count, 1);
    }
}
