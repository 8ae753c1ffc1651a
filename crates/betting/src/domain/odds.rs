//! Pari-mutuel odds: pool ÷ stakes on the outcome.

use loljoa_service_kit::Points;

/// Odds times 100, rounded down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub(crate) struct Odds(pub i64);

impl Odds {
    /// The odds of an outcome; none without stakes, or where they leave 64 bits.
    #[must_use]
    pub(crate) fn of(pool: Points, outcome_pool: Points) -> Option<Self> {
        if outcome_pool <= Points::ZERO {
            return None;
        }
        let hundredths = i128::from(pool.0) * 100 / i128::from(outcome_pool.0);
        i64::try_from(hundredths).ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn odds_are_never_rounded_up() {
        assert_eq!(Odds::of(Points(2_000), Points(300)), Some(Odds(666)));
        assert_eq!(Odds::of(Points(299_999), Points(100_000)), Some(Odds(299)));
    }

    #[test]
    fn an_outcome_without_stakes_has_no_odds() {
        assert_eq!(Odds::of(Points(500), Points::ZERO), None);
    }

    proptest! {
        #[test]
        fn odds_are_one_or_better_and_never_promise_more_than_the_pool(
            outcome in 1..=i64::MAX / 2, others in 0..=i64::MAX / 2,
        ) {
            let pool = outcome + others;
            if let Some(odds) = Odds::of(Points(pool), Points(outcome)) {
                prop_assert!(odds >= Odds(100));
                prop_assert!(i128::from(odds.0) * i128::from(outcome) <= i128::from(pool) * 100);
            }
        }
    }
}
