//! Pari-mutuel odds and what a bet would pay at them.

use loljoa_service_kit::Points;
use serde::{Serialize, Serializer};

/// Pool ÷ stakes on the outcome, in hundredths, rounded down; a number with two decimals in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Odds(pub(crate) i64);

impl Serialize for Odds {
    #[expect(clippy::cast_precision_loss, reason = "exact up to odds of 90 trillion")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0 as f64 / 100.0)
    }
}

/// What `stake` would pay if its outcome won now: its share of the pool, rounded down.
///
/// The settlement hands out the remainders too, so a real payout can be a point higher.
pub(crate) fn potential_payout(stake: Points, pool: Points, outcome_pool: Points) -> Option<Points> {
    if outcome_pool <= Points::ZERO {
        return None;
    }
    let share = i128::from(stake.0) * i128::from(pool.0) / i128::from(outcome_pool.0);
    i64::try_from(share).ok().map(Points)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn odds_have_two_decimals() {
        let json = |hundredths| serde_json::to_string(&Odds(hundredths)).unwrap();
        assert_eq!((json(195).as_str(), json(200).as_str(), json(101).as_str()), ("1.95", "2.0", "1.01"));
    }

    #[test]
    fn an_outcome_without_stakes_promises_nothing() {
        assert_eq!(potential_payout(Points(100), Points(500), Points::ZERO), None);
    }

    proptest! {
        #[test]
        fn a_share_is_never_more_than_the_pool(outcome in 1..=i64::MAX, more in 0..=i64::MAX, part in 0..=i64::MAX) {
            let (pool, stake) = (outcome.saturating_add(more), part % outcome + 1);
            let payout = potential_payout(Points(stake), Points(pool), Points(outcome)).unwrap();
            prop_assert!(payout.0 <= pool);
            prop_assert!(payout.0 >= stake);
        }
    }
}
