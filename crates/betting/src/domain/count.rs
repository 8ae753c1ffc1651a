//! Divides a pool among more winners than are held at once. They come in pages, in the order of their sequence, several
//! times over.
//!
//! The first pass adds up the stakes. The next ones narrow down, by counting, which remainder is the last that gets a point
//! of those left over; the last one finds the bet among those with that remainder. What is held is bounded, however many
//! winners there are, and the result is that of [`Division::of`].

use loljoa_service_kit::Points;

use super::payout::{Cutoff, Division, Winner, share};

/// Up to so many winners are divided among without further passes. One takes 16 bytes.
const KEPT: usize = 50_000;
/// Remainders are counted in so many classes at a time: three passes for a winning total of 10^12.
const CLASSES: i64 = 1 << 14;

/// The winners among the next bets of a market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// Them, by sequence.
    pub(crate) winners: Vec<Winner>,
    /// The last bet that was looked at; absent when there are none behind it.
    pub(crate) last: Option<i64>,
}

/// What came of counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Nobody has a stake.
    Nobody,
    /// So many bets have.
    Winners(Division, i64),
}

/// A count that is under way.
#[derive(Clone, Debug)]
pub(crate) struct Count {
    pool: Points,
    after: i64,
    bets: i64,
    pass: Pass,
    kept_limit: usize,
    classes: i64,
}

#[derive(Clone, Debug)]
enum Pass {
    Total { total: i128, kept: Vec<Winner> },
    Narrow(Narrow),
    Find { total: Points, remainder: i64, nth: i64 },
}

/// Counts the remainders from `low` on, in classes of `width` each.
#[derive(Clone, Debug)]
struct Narrow {
    total: Points,
    low: i64,
    width: i64,
    classes: Vec<i64>,
    /// Of all winners, which gives the points left over.
    sum: i128,
    /// Winners with larger remainders than these.
    above: i64,
}

impl Count {
    /// A count of the winners that divide `pool`, from the beginning.
    #[must_use]
    pub(crate) const fn new(pool: Points) -> Self {
        Self::bounded(pool, KEPT, CLASSES)
    }

    const fn bounded(pool: Points, kept_limit: usize, classes: i64) -> Self {
        Self {
            pool,
            after: 0,
            bets: 0,
            pass: Pass::Total { total: 0, kept: Vec::new() },
            kept_limit,
            classes,
        }
    }

    /// Which pool is divided.
    #[must_use]
    pub(crate) const fn pool(&self) -> Points {
        self.pool
    }

    /// The next page begins after this sequence.
    #[must_use]
    pub(crate) const fn after(&self) -> i64 {
        self.after
    }

    /// Takes the next page into account, and answers the result once it is known.
    pub(crate) fn take(&mut self, page: &Page) -> Option<Counted> {
        let found = self.look(&page.winners);
        if found.is_some() {
            return found;
        }
        if let Some(last) = page.last {
            self.after = last;
            return None;
        }
        self.after = 0;
        self.end_pass()
    }

    fn look(&mut self, winners: &[Winner]) -> Option<Counted> {
        let pool = self.pool;
        match &mut self.pass {
            Pass::Total { total, kept } => {
                *total += winners.iter().map(|winner| i128::from(winner.stake.0)).sum::<i128>();
                self.bets += i64::try_from(winners.len()).unwrap_or_default();
                let room = self.kept_limit.saturating_sub(kept.len());
                kept.extend(winners.iter().take(room));
            }
            Pass::Narrow(narrow) => {
                for winner in winners {
                    narrow.note(share(pool, narrow.total, winner.stake).1);
                }
            }
            Pass::Find { total, remainder, nth } => {
                for winner in winners.iter().filter(|it| share(pool, *total, it.stake).1 == *remainder) {
                    *nth -= 1;
                    if *nth == 0 {
                        let cutoff = Cutoff { remainder: *remainder, seq: winner.seq };
                        let division = Division { pool, winning_total: *total, cutoff: Some(cutoff) };
                        return Some(Counted::Winners(division, self.bets));
                    }
                }
            }
        }
        None
    }

    /// All bets were looked at: what comes next, or the result.
    fn end_pass(&mut self) -> Option<Counted> {
        let next = match &self.pass {
            Pass::Total { kept, .. } if i64::try_from(kept.len()) == Ok(self.bets) => {
                let division = Division::of(self.pool, kept);
                return Some(division.map_or(Counted::Nobody, |it| Counted::Winners(it, self.bets)));
            }
            Pass::Total { total, .. } => {
                let total = Points(i64::try_from(*total).unwrap_or(i64::MAX));
                Pass::Narrow(Narrow::over(total, 0, total.0, self.classes, 0))
            }
            Pass::Narrow(narrow) => {
                let nothing_left_over =
                    Division { pool: self.pool, winning_total: narrow.total, cutoff: None };
                let Some(next) = narrow.end(self.classes) else {
                    return Some(Counted::Winners(nothing_left_over, self.bets));
                };
                next
            }
            // Bets that were there in one pass are there in the next: they are not touched any more.
            Pass::Find { .. } => Pass::Total { total: 0, kept: Vec::new() },
        };
        if matches!(next, Pass::Total { .. }) {
            self.bets = 0;
        }
        self.pass = next;
        None
    }
}

impl Narrow {
    /// Counts the remainders of `low` and the `span` − 1 that follow.
    fn over(total: Points, low: i64, span: i64, classes: i64, above: i64) -> Self {
        let width = (span / classes + i64::from(span % classes > 0)).max(1);
        let count = usize::try_from(span / width + i64::from(span % width > 0)).unwrap_or(1);
        Self { total, low, width, classes: vec![0; count], sum: 0, above }
    }

    fn note(&mut self, remainder: i64) {
        self.sum += i128::from(remainder);
        let class = remainder.checked_sub(self.low).filter(|offset| *offset >= 0).map(|it| it / self.width);
        let class = class.and_then(|class| usize::try_from(class).ok());
        if let Some(count) = class.and_then(|class| self.classes.get_mut(class)) {
            *count += 1;
        }
    }

    /// The pass that follows; none when nothing is left over.
    fn end(&self, classes: i64) -> Option<Pass> {
        let left_over = i64::try_from(self.sum / i128::from(self.total.0)).ok().filter(|it| *it > 0)?;
        let mut above = self.above;
        for (class, count) in self.classes.iter().enumerate().rev() {
            if above + count >= left_over {
                let low = self.low + i64::try_from(class).unwrap_or_default() * self.width;
                return Some(if self.width == 1 {
                    Pass::Find { total: self.total, remainder: low, nth: left_over - above }
                } else {
                    Pass::Narrow(Self::over(self.total, low, self.width, classes, above))
                });
            }
            above += count;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// Counts these stakes in pages of `size`, and tells how many pages that took.
    fn count(pool: i64, stakes: &[i64], size: usize, kept: usize, classes: i64) -> (Counted, usize) {
        let winners: Vec<_> =
            stakes.iter().zip(1..).map(|(stake, seq)| Winner { seq, stake: Points(*stake) }).collect();
        let mut count = Count::bounded(Points(pool), kept, classes);
        for pages in 1.. {
            let rest = winners.iter().filter(|winner| winner.seq > count.after()).copied();
            let winners: Vec<_> = rest.take(size).collect();
            let last = winners.last().filter(|_| winners.len() == size).map(|winner| winner.seq);
            if let Some(counted) = count.take(&Page { winners, last }) {
                return (counted, pages);
            }
        }
        unreachable!("a count ends")
    }

    fn at_once(pool: i64, stakes: &[i64]) -> Counted {
        let winners: Vec<_> =
            stakes.iter().zip(1..).map(|(stake, seq)| Winner { seq, stake: Points(*stake) }).collect();
        let bets = i64::try_from(stakes.len()).unwrap();
        Division::of(Points(pool), &winners).map_or(Counted::Nobody, |it| Counted::Winners(it, bets))
    }

    #[test]
    fn few_winners_take_one_pass() {
        assert_eq!(count(1_000, &[100, 200], 10, 10, 4), (at_once(1_000, &[100, 200]), 1));
    }

    #[test]
    fn nobody_is_nobody() {
        assert_eq!(count(1_000, &[], 10, 0, 4), (Counted::Nobody, 1));
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let stakes = [i64::MAX / 3; 3];
        assert_eq!(count(i64::MAX, &stakes, 1, 0, 1 << 14).0, at_once(i64::MAX, &stakes));
    }

    proptest! {
        #[test]
        fn counting_in_pages_comes_to_the_same_as_all_at_once(
            stakes in vec(prop_oneof![Just(100_i64), 100..130_i64, 100..1_000_000_000_000_i64], 1..80),
            losers in prop_oneof![Just(0_i64), 0..1_000_000_000_000_000_i64],
            size in 1..20_usize, kept in 0..10_usize, classes in 2..40_i64,
        ) {
            let pool = stakes.iter().sum::<i64>() + losers;
            prop_assert_eq!(count(pool, &stakes, size, kept, classes).0, at_once(pool, &stakes));
        }
    }
}
