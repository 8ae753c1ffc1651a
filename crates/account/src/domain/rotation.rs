//! When signing keys are made, sign, and end.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// How keys follow each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    /// How long a key signs.
    pub(crate) signs_for: Duration,
    /// How long a key is published before it signs: longer than anybody caches the key set.
    pub(crate) published_before: Duration,
    /// How long a token lives.
    pub(crate) token_lives: Duration,
}

/// When a key signs, and until when its tokens live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) signs_from: DateTime<Utc>,
    pub(crate) signs_until: DateTime<Utc>,
    pub(crate) verifies_until: DateTime<Utc>,
}

impl Period {
    /// Whether tokens are to be signed with the key at `now`.
    pub(crate) fn signs_at(&self, now: DateTime<Utc>) -> bool {
        self.signs_from <= now && now < self.signs_until
    }
}

impl Policy {
    /// The period of the key that must be made at `now`, given when the last one stops signing.
    ///
    /// The first key signs at once. After a long rest, when no key signs any more, so does the next.
    pub(crate) fn next_key(
        &self,
        last_signs_until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Option<Period> {
        match last_signs_until {
            None => Some(self.period(now)),
            Some(until) if until <= now => Some(self.period(now)),
            Some(until) if until - now <= delta(self.published_before) => Some(self.period(until)),
            Some(_) => None,
        }
    }

    fn period(&self, signs_from: DateTime<Utc>) -> Period {
        let signs_until = signs_from + delta(self.signs_for);
        Period { signs_from, signs_until, verifies_until: signs_until + delta(self.token_lives) }
    }
}

/// Configuration keeps durations far below what a [`TimeDelta`] holds.
fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const POLICY: Policy = Policy {
        signs_for: Duration::from_hours(24),
        published_before: HOUR,
        token_lives: Duration::from_mins(15),
    };

    #[test]
    fn keys_follow_each_other_without_a_gap() {
        let start = DateTime::UNIX_EPOCH;
        let first = POLICY.next_key(None, start).unwrap();
        assert!(first.signs_at(start) && !first.signs_at(first.signs_until));

        let early = first.signs_until - TimeDelta::minutes(61);
        assert_eq!(POLICY.next_key(Some(first.signs_until), early), None);
        let second =
            POLICY.next_key(Some(first.signs_until), first.signs_until - TimeDelta::minutes(60)).unwrap();
        assert_eq!(second.signs_from, first.signs_until);
        assert_eq!(first.verifies_until - first.signs_until, TimeDelta::minutes(15));
    }

    #[test]
    fn after_a_long_rest_a_new_key_signs_at_once() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(9);
        let key = POLICY.next_key(Some(DateTime::UNIX_EPOCH), now).unwrap();
        assert!(key.signs_at(now));
    }
}
