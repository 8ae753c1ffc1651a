//! What evens a market out between the cells of the ledger.

use loljoa_proto::account::v1::ClearingPurpose;
use loljoa_service_kit::{AccountId, Cells, Points, Slot};

/// What one cell clears of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clearing {
    /// What for.
    pub(super) purpose: ClearingPurpose,
    /// What the market's pool gets in this cell; below zero, what it gives.
    pub(super) points: Points,
    /// By how much more the house may pay for the market in this cell; below zero, by how much less.
    pub(super) cover: Points,
}

/// What is due in each cell, and what was staked there: counted bet by bet.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    cells: Cells<()>,
    of: Vec<(i128, i128)>,
    /// Bets up to this sequence are counted.
    pub(crate) after: i64,
    /// Whether these are all.
    pub(crate) is_whole: bool,
}

impl Tally {
    pub(super) fn new(cells: Cells<()>) -> Self {
        let of = vec![(0, 0); usize::from(cells.count())];
        Self { cells, of, after: 0, is_whole: false }
    }

    /// Counts a bet: what is due to it, and its stake.
    pub(crate) fn note(&mut self, account: AccountId, due: Points, stake: Points) {
        let place = usize::from(self.cells.index(Slot::of_account(account)));
        if let Some((dues, stakes)) = self.of.get_mut(place) {
            *dues += i128::from(due.0);
            *stakes += i128::from(stake.0);
        }
    }

    /// What each cell clears so that it holds what it pays: what is due less what was staked.
    pub(super) fn clearings(&self, purpose: ClearingPurpose) -> Vec<Clearing> {
        let apart = |(due, staked): &(i128, i128)| Points(i64::try_from(due - staked).unwrap_or(i64::MAX));
        let clearing = |points| match purpose {
            ClearingPurpose::Correction => Clearing { purpose, points: Points::ZERO, cover: points },
            _ => Clearing { purpose, points, cover: Points::ZERO },
        };
        self.of.iter().map(|cell| clearing(apart(cell))).collect()
    }
}

#[cfg(test)]
mod tests {
    use loljoa_service_kit::ids;

    use super::*;

    #[test]
    fn each_cell_gets_what_is_due_there_beyond_what_was_staked_there() {
        let [one, other] = [0, 4_095].map(|slot| AccountId(Slot::numbered(slot).stamp(ids::fresh())));
        let mut tally = Tally::new(Cells::with((), [()]));
        for (account, due, stake) in [(one, 0, 300), (other, 400, 200), (one, 200, 100)] {
            tally.note(account, Points(due), Points(stake));
        }
        let points = |purpose| -> Vec<_> {
            tally.clearings(purpose).into_iter().map(|it| (it.points.0, it.cover.0)).collect()
        };
        assert_eq!(points(ClearingPurpose::Settlement), [(-200, 0), (200, 0)]);
        assert_eq!(points(ClearingPurpose::Correction), [(0, -200), (0, 200)]);
    }
}
