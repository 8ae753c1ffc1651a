//! When to give up looking for the rows that the ledger does not take.

/// What halving a chunk has come to so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search {
    failures: u32,
    limit: u32,
    has_succeeded: bool,
    /// The ledger is known to be there: it has answered something since the search began.
    is_there: bool,
}

impl Search {
    /// A search in a chunk of so many rows.
    pub(super) fn over(rows: usize) -> Self {
        // One bad row is found within log₂ n failures. Twice that and some, without one success, is no row's fault.
        Self { failures: 0, limit: 2 * rows.max(1).ilog2() + 4, has_succeeded: false, is_there: false }
    }

    /// The ledger did not take a part.
    pub(super) const fn failed(&mut self) {
        self.failures += 1;
    }

    /// The ledger took a part.
    pub(super) const fn succeeded(&mut self) {
        self.has_succeeded = true;
        self.is_there = true;
    }

    /// The ledger has answered, after it did not take a part. Tells whether that part is to blame: not where the ledger `was_away`
    /// for all that is known, and may have come back since. Then the part is told once more.
    pub(super) const fn answered(&mut self, was_away: bool) -> bool {
        let is_to_blame = self.is_there || !was_away;
        self.is_there = true;
        is_to_blame
    }

    /// Whether the ledger takes nothing, so that it is no row's fault.
    pub(super) const fn is_hopeless(self) -> bool {
        !self.has_succeeded && self.failures > self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_row_is_found_before_the_search_is_given_up() {
        for rows in [1_usize, 2, 3, 1_000, 5_000] {
            let mut search = Search::over(rows);
            (0..=rows.ilog2() + 1).for_each(|_| search.failed());
            assert!(!search.is_hopeless(), "{rows}");
        }
    }

    #[test]
    fn a_ledger_that_comes_back_is_told_once_more_before_a_row_is_blamed() {
        let (away, refused) = (true, false);
        let mut search = Search::over(1);
        assert!(!search.answered(away), "it may have come back just now");
        assert!(search.answered(away), "it was there all the time");
        assert!(Search::over(1).answered(refused), "a refusal is an answer");
        let mut search = Search::over(2);
        search.succeeded();
        assert!(search.answered(away), "it took the other row");
    }

    #[test]
    fn a_ledger_that_takes_nothing_is_not_asked_for_each_row() {
        let mut search = Search::over(1_000);
        (0..30).for_each(|_| search.failed());
        assert!(search.is_hopeless());
        search.succeeded();
        assert!(!search.is_hopeless());
    }
}
