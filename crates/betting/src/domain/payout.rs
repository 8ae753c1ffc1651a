//! What winners get: each the same share of the pool, to the point.
//!
//! A winner's share is pool × stake ÷ winning total, rounded down. The points that rounding leaves over go one each to
//! the largest remainders, ties to the earlier bet. So the payouts equal the pool.

use std::cmp::Reverse;

use loljoa_service_kit::Points;

/// A bet on the winning outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Winner {
    /// The server's own sequence.
    pub(crate) seq: i64,
    /// What was bet.
    pub(crate) stake: Points,
}

/// The last winner, in order of remainder and sequence, that gets one of the points left over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cutoff {
    /// pool × stake modulo winning total.
    pub(crate) remainder: i64,
    /// The bet's sequence.
    pub(crate) seq: i64,
}

/// What is fixed before anybody is paid; each payout follows from it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Division {
    /// What is divided.
    pub(crate) pool: Points,
    /// All stakes on the winning outcome, 1 or more.
    pub(crate) winning_total: Points,
    /// Absent when nothing is left over.
    pub(crate) cutoff: Option<Cutoff>,
}

impl Division {
    /// Divides `pool` among all `winners`; none when nobody has a stake.
    #[must_use]
    pub(crate) fn of(pool: Points, winners: &[Winner]) -> Option<Self> {
        let winning_total: i128 = winners.iter().map(|winner| i128::from(winner.stake.0)).sum();
        let winning_total = Points(i64::try_from(winning_total).ok().filter(|total| *total > 0)?);
        let mut order: Vec<_> = winners
            .iter()
            .map(|winner| (Reverse(share(pool, winning_total, winner.stake).1), winner.seq))
            .collect();
        let remainders: i128 = order.iter().map(|(Reverse(remainder), _)| i128::from(*remainder)).sum();
        let left_over = usize::try_from(remainders / i128::from(winning_total.0)).ok()?;
        let cutoff = left_over.checked_sub(1).map(|last| {
            let (_, (Reverse(remainder), seq), _) = order.select_nth_unstable(last);
            Cutoff { remainder: *remainder, seq: *seq }
        });
        Some(Self { pool, winning_total, cutoff })
    }

    /// What one winner gets.
    #[must_use]
    pub(crate) fn payout(&self, winner: Winner) -> Points {
        let (points, remainder) = share(self.pool, self.winning_total, winner.stake);
        let extra = self
            .cutoff
            .is_some_and(|last| (Reverse(remainder), winner.seq) <= (Reverse(last.remainder), last.seq));
        Points(points + i64::from(extra))
    }

    /// What one winner gets beyond the stake, which is never less.
    #[must_use]
    pub(crate) fn profit(&self, winner: Winner) -> Points {
        Points(self.payout(winner).0 - winner.stake.0)
    }
}

/// The share rounded down, which is at most the pool, and its remainder, which is below the winning total.
pub(super) fn share(pool: Points, winning_total: Points, stake: Points) -> (i64, i64) {
    let product = i128::from(pool.0) * i128::from(stake.0);
    let total = i128::from(winning_total.0);
    let fits = "a share is at most the pool, and a remainder below the winning total";
    (i64::try_from(product / total).expect(fits), i64::try_from(product % total).expect(fits))
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn winners(stakes: &[i64]) -> Vec<Winner> {
        stakes.iter().zip(1..).map(|(stake, seq)| Winner { seq, stake: Points(*stake) }).collect()
    }

    fn payouts(pool: i64, stakes: &[i64]) -> Vec<i64> {
        let winners = winners(stakes);
        let division = Division::of(Points(pool), &winners).unwrap();
        winners.iter().map(|winner| division.payout(*winner).0).collect()
    }

    #[test]
    fn the_pool_goes_to_the_winners_in_proportion() {
        assert_eq!(payouts(1_000, &[100, 300]), [250, 750]);
    }

    #[test]
    fn a_lone_winner_gets_the_whole_pool() {
        assert_eq!(payouts(1_001, &[100]), [1_001]);
    }

    #[test]
    fn a_point_left_over_goes_to_the_largest_remainder() {
        // 1,000 over 300: 333 ⅓, 666 ⅔.
        assert_eq!(payouts(1_000, &[100, 200]), [333, 667]);
    }

    #[test]
    fn a_tie_goes_to_the_earlier_bet() {
        assert_eq!(payouts(1_000, &[100, 100, 100]), [334, 333, 333]);
        assert_eq!(payouts(1_001, &[100, 100, 100]), [334, 334, 333]);
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let half = i64::MAX / 2;
        assert_eq!(payouts(i64::MAX, &[half, half]), [half + 1, half]);
    }

    #[test]
    fn without_a_stake_there_is_nothing_to_divide() {
        assert_eq!(Division::of(Points(500), &[]), None);
    }

    proptest! {
        #[test]
        fn payouts_equal_the_pool_and_no_winner_loses(
            stakes in vec(100..1_000_000_000_000_i64, 1..200), losers in 0..1_000_000_000_000_000_i64,
        ) {
            let pool = stakes.iter().sum::<i64>() + losers;
            let paid = payouts(pool, &stakes);
            prop_assert_eq!(paid.iter().sum::<i64>(), pool);
            for (stake, paid) in stakes.iter().zip(paid) {
                prop_assert!(paid >= *stake);
            }
        }

        #[test]
        fn the_order_of_reading_does_not_matter(stakes in vec(100..10_000_i64, 1..50), losers in 0..100_000_i64) {
            let pool = Points(stakes.iter().sum::<i64>() + losers);
            let mut winners = winners(&stakes);
            let forward = Division::of(pool, &winners);
            winners.reverse();
            prop_assert_eq!(forward, Division::of(pool, &winners));
        }
    }
}
