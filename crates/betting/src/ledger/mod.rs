//! The points ledger of the account service: one cell, or several, each with the accounts of its slots (docs/adr/0041). What
//! concerns an account goes to its cell; what concerns a market goes to all.

mod cell;
mod clearing;
mod message;

use std::collections::HashMap;

use futures::future::{join_all, try_join_all};
use loljoa_proto::account::v1::{ClearingPurpose, Transfer, TransferOutcome};
use loljoa_service_kit::{AccountId, Cells, Error, MarketId, Points, Slot, grpc::Channel};

pub(crate) use self::{
    cell::LedgerCell,
    clearing::Tally,
    message::{due, payment, result, stake},
};

/// The ledger. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Ledger(Cells<LedgerCell>);

impl Ledger {
    /// The ledger whose cells are at the other ends.
    #[must_use]
    pub(crate) fn new(cells: &Cells<Channel>) -> Self {
        Self(cells.map(|channel| LedgerCell::new(channel.clone())))
    }

    /// Its cells.
    #[must_use]
    pub(crate) const fn cells(&self) -> &Cells<LedgerCell> {
        &self.0
    }

    /// Whether there is one cell, which has everything.
    #[must_use]
    pub(crate) fn is_whole(&self) -> bool {
        self.0.count() == 1
    }

    /// Applies transfers, each for itself, and answers for each in order. Where a cell cannot be reached or refuses the call, some
    /// or all of its own may have been applied; those of other cells are answered.
    pub(crate) async fn apply(
        &self,
        transfers: Vec<(AccountId, Transfer)>,
    ) -> Vec<Result<TransferOutcome, Error>> {
        let asked = transfers.len();
        let each = |outcomes: Result<Vec<_>, Error>, asked| match outcomes {
            Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error); asked],
        };
        if self.is_whole() {
            let transfers = transfers.into_iter().map(|(_, transfer)| transfer).collect();
            return each(self.0.first().apply(transfers).await, asked);
        }
        let places = self.0.split(&transfers, |(account, _)| Slot::of_account(*account));
        let mut transfers: Vec<_> = transfers.into_iter().map(|(_, transfer)| Some(transfer)).collect();
        let calls =
            self.0.iter().zip(&places).filter(|(_, places)| !places.is_empty()).map(|(cell, places)| {
                let own: Vec<_> = places.iter().filter_map(|place| transfers[*place].take()).collect();
                async move { (places, each(cell.apply(own).await, places.len())) }
            });
        let calls: Vec<_> = calls.collect();
        let mut answers: Vec<_> = (0..asked).map(|_| None).collect();
        for (places, outcomes) in join_all(calls).await {
            for (place, outcome) in places.iter().zip(outcomes) {
                answers[*place] = Some(outcome);
            }
        }
        let forgotten = || Err(Error::internal("the ledger did not answer for each transfer"));
        answers.into_iter().map(|answer| answer.unwrap_or_else(forgotten)).collect()
    }

    /// Which of these transfers, at most 5,000, the ledger does not have as they are: their places, and the points that it has
    /// under the id instead, if it has anything.
    ///
    /// # Errors
    ///
    /// When a cell cannot be reached or refuses the call.
    pub(crate) async fn check(
        &self,
        transfers: Vec<(AccountId, Transfer)>,
    ) -> Result<Vec<(usize, Option<Points>)>, Error> {
        let places = self.0.split(&transfers, |(account, _)| Slot::of_account(*account));
        let calls =
            self.0.iter().zip(&places).filter(|(_, places)| !places.is_empty()).map(|(cell, places)| {
                let own: Vec<_> = places.iter().map(|place| transfers[*place].1.clone()).collect();
                async move {
                    let found = cell.check(own).await?;
                    let own = found.into_iter().filter_map(|(n, points)| Some((*places.get(n)?, points)));
                    Ok::<Vec<_>, Error>(own.collect())
                }
            });
        let mut found = try_join_all(calls.collect::<Vec<_>>()).await?.concat();
        found.sort_unstable_by_key(|(place, _)| *place);
        Ok(found)
    }

    /// What the ledger holds for these markets, at most 1,000, in all cells; markets without transfers are left out.
    ///
    /// # Errors
    ///
    /// When a cell cannot be reached or refuses the call.
    pub(crate) async fn pool_balances(
        &self,
        markets: &[MarketId],
    ) -> Result<HashMap<MarketId, Points>, Error> {
        let mut sums = HashMap::new();
        for (market, points) in
            try_join_all(self.0.iter().map(|cell| cell.pool_balances(markets))).await?.concat()
        {
            let sum = sums.entry(market).or_insert(Points::ZERO);
            *sum = Points(sum.0.saturating_add(points.0));
        }
        Ok(sums)
    }

    /// A count of what each cell is to clear, begun.
    #[must_use]
    pub(crate) fn tally(&self) -> Tally {
        Tally::new(self.0.map(|_| ()))
    }

    /// Clears a market in every cell, so that each holds what it is to pay.
    ///
    /// # Errors
    ///
    /// When a cell cannot be reached or refuses: others may have been cleared, and are so once.
    pub(crate) async fn clear(
        &self,
        market: MarketId,
        purpose: ClearingPurpose,
        tally: &Tally,
    ) -> Result<(), Error> {
        let clearings = tally.clearings(purpose);
        try_join_all(self.0.iter().zip(clearings).map(|(cell, clearing)| cell.clear(market, clearing)))
            .await?;
        Ok(())
    }
}
