//! Calls to one cell of the points ledger.

use loljoa_proto::account::v1::{
    ApplyTransfersRequest, BatchGetPoolBalancesRequest, BetResult, CheckTransfersRequest, ClearMarketRequest,
    ListTransferFeedRequest, ListTransferFeedResponse, RecordResultsRequest, Transfer, TransferKind,
    TransferOutcome, ledger_service_client::LedgerServiceClient,
};
use loljoa_service_kit::{
    Error, MarketId, Points,
    grpc::{
        Channel,
        client::{batch, repeatable},
    },
};

use super::clearing::Clearing;

/// Kinds of transfers that betting causes.
const KINDS: [TransferKind; 6] = [
    TransferKind::Stake,
    TransferKind::Payout,
    TransferKind::Cancel,
    TransferKind::Void,
    TransferKind::Tombstone,
    TransferKind::Correction,
];

/// A cell of the ledger. Cheap to clone. Every call is safe to repeat, and is repeated when nobody knows what became of it.
#[derive(Clone, Debug)]
pub(crate) struct LedgerCell(LedgerServiceClient<Channel>);

impl LedgerCell {
    /// The cell at the other end of `channel`.
    #[must_use]
    pub(super) fn new(channel: Channel) -> Self {
        Self(LedgerServiceClient::new(channel))
    }

    /// Applies transfers, each for itself, and answers for each in order.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be reached or refuses the call; some or all transfers may have been applied.
    pub(crate) async fn apply(&self, transfers: Vec<Transfer>) -> Result<Vec<TransferOutcome>, Error> {
        let asked = transfers.len();
        let request = batch(ApplyTransfersRequest { transfers });
        let response = self.0.clone().apply_transfers(request).await?.into_inner();
        if response.outcomes.len() != asked {
            return Err(Error::internal("the ledger did not answer for each transfer"));
        }
        Ok(response.outcomes().collect())
    }

    /// Records how bets ended.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be reached or refuses the call; `stake_missing` when it knows no standing stake for some of the
    /// bets, and has recorded the others.
    pub(crate) async fn record_results(&self, results: Vec<BetResult>) -> Result<(), Error> {
        let request = repeatable(RecordResultsRequest { results });
        match self.0.clone().record_results(request).await?.into_inner().unknown {
            0 => Ok(()),
            unknown => {
                Err(Error::conflict("stake_missing", format!("no stake stands for {unknown} of the bets")))
            }
        }
    }

    /// Reads stakes and closings after `cursor` that are at least `min_age_ms` old.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be reached or refuses the call.
    pub(crate) async fn feed(
        &self,
        cursor: String,
        limit: i32,
        min_age_ms: i64,
    ) -> Result<ListTransferFeedResponse, Error> {
        let kinds = KINDS.iter().map(|kind| (*kind).into()).collect();
        let request = repeatable(ListTransferFeedRequest { cursor, limit, min_age_ms, kinds });
        Ok(self.0.clone().list_transfer_feed(request).await?.into_inner())
    }

    /// Which of these transfers, at most 5,000, the ledger does not have as they are: their places, and the points that it has
    /// under the id instead, if it has anything.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be reached or refuses the call.
    pub(crate) async fn check(
        &self,
        transfers: Vec<Transfer>,
    ) -> Result<Vec<(usize, Option<Points>)>, Error> {
        let request = repeatable(CheckTransfersRequest { transfers });
        let response = self.0.clone().check_transfers(request).await?.into_inner();
        let differences = response.differences.into_iter().map(|difference| {
            let index = usize::try_from(difference.index).map_err(Error::internal)?;
            Ok((index, difference.found.map(|transfer| Points(transfer.points))))
        });
        differences.collect()
    }

    /// What the ledger holds for these markets, at most 1,000; markets without transfers are left out.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be reached or refuses the call.
    pub(crate) async fn pool_balances(&self, markets: &[MarketId]) -> Result<Vec<(MarketId, Points)>, Error> {
        let market_ids = markets.iter().map(ToString::to_string).collect();
        let request = repeatable(BatchGetPoolBalancesRequest { market_ids });
        let balances = self.0.clone().batch_get_pool_balances(request).await?.into_inner().balances;
        balances
            .into_iter()
            .map(|pool| Ok((MarketId::parse(&pool.market_id)?, Points(pool.points))))
            .collect()
    }

    /// Clears a market, once for each purpose.
    ///
    /// # Errors
    ///
    /// When the cell cannot be reached or refuses the call; `clearing_refused` when it has cleared the market otherwise, or holds
    /// less than it is to give.
    pub(crate) async fn clear(&self, market: MarketId, clearing: Clearing) -> Result<(), Error> {
        let Clearing { purpose, points, cover } = clearing;
        let (market_id, purpose) = (market.to_string(), purpose.into());
        let request = ClearMarketRequest { market_id, purpose, points: points.0, cover: cover.0 };
        let answer = self.0.clone().clear_market(repeatable(request)).await?.into_inner();
        match answer.outcome() {
            TransferOutcome::Applied | TransferOutcome::AlreadyApplied => Ok(()),
            refused => {
                let message = format!("a cell of the ledger refused to clear market {market}: {refused:?}");
                Err(Error::conflict("clearing_refused", message))
            }
        }
    }
}
