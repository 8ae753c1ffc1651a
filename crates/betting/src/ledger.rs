//! Calls to the points ledger of the account service.

use loljoa_proto::account::v1::{
    ApplyTransfersRequest, BatchGetPoolBalancesRequest, BetResult, CheckTransfersRequest,
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

use crate::domain::{NewBet, Owed, OwedKind, finding::AuditedBet};

/// Kinds of transfers that betting causes.
const KINDS: [TransferKind; 6] = [
    TransferKind::Stake,
    TransferKind::Payout,
    TransferKind::Cancel,
    TransferKind::Void,
    TransferKind::Tombstone,
    TransferKind::Correction,
];

/// The ledger. Cheap to clone. Every call is safe to repeat, and is repeated when nobody knows what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Ledger(LedgerServiceClient<Channel>);

impl Ledger {
    /// The ledger at the other end of `channel`.
    #[must_use]
    pub(crate) fn new(channel: Channel) -> Self {
        Self(LedgerServiceClient::new(channel))
    }

    /// Applies transfers, each for itself, and answers for each in order.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be reached or refuses the call; some or all transfers may have been applied.
    pub(crate) async fn apply(
        &self,
        transfers: impl Iterator<Item = Transfer>,
    ) -> Result<Vec<TransferOutcome>, Error> {
        let transfers: Vec<_> = transfers.collect();
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
        transfers: impl Iterator<Item = Transfer>,
    ) -> Result<Vec<(usize, Option<Points>)>, Error> {
        let request = repeatable(CheckTransfersRequest { transfers: transfers.collect() });
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
}

/// The transfer that takes a bet's stake.
#[must_use]
pub(crate) fn stake(bet: &NewBet) -> Transfer {
    Transfer {
        transfer_id: bet.bet_id.stake_transfer().to_string(),
        kind: TransferKind::Stake.into(),
        account_id: bet.account_id.to_string(),
        market_id: bet.market_id.to_string(),
        bet_id: bet.bet_id.to_string(),
        points: bet.stake.0,
        fingerprint: bet.fingerprint.0.to_vec(),
        closes_transfer_id: String::new(),
    }
}

/// The transfer that the ledger must have for a bet: its closing, if that has been acknowledged, or else its stake.
#[must_use]
pub(crate) fn due(bet: &AuditedBet) -> Transfer {
    bet.closing().as_ref().and_then(payment).unwrap_or_else(|| Transfer {
        transfer_id: bet.bet_id.stake_transfer().to_string(),
        kind: TransferKind::Stake.into(),
        account_id: bet.account_id.to_string(),
        market_id: bet.market_id.to_string(),
        bet_id: bet.bet_id.to_string(),
        points: bet.stake.0,
        fingerprint: bet.fingerprint.0.to_vec(),
        closes_transfer_id: String::new(),
    })
}

/// The transfer that pays what is owed; none for a lost bet.
#[must_use]
pub(crate) fn payment(owed: &Owed) -> Option<Transfer> {
    Some(Transfer {
        transfer_id: owed.transfer_id().to_string(),
        kind: transfer_kind(owed.kind)?.into(),
        account_id: owed.account_id.to_string(),
        market_id: owed.market_id.to_string(),
        bet_id: owed.bet_id.to_string(),
        points: owed.points.0,
        fingerprint: owed.fingerprint().0.to_vec(),
        closes_transfer_id: owed.bet_id.stake_transfer().to_string(),
    })
}

const fn transfer_kind(kind: OwedKind) -> Option<TransferKind> {
    match kind {
        OwedKind::Payout => Some(TransferKind::Payout),
        OwedKind::Lost => None,
        OwedKind::Cancel => Some(TransferKind::Cancel),
        OwedKind::Void => Some(TransferKind::Void),
        OwedKind::Tombstone => Some(TransferKind::Tombstone),
        OwedKind::Correction => Some(TransferKind::Correction),
    }
}

/// How a bet ended; none for what does not count for profit.
#[must_use]
pub(crate) fn result(owed: &Owed) -> Option<BetResult> {
    owed.is_result().then(|| BetResult {
        bet_id: owed.bet_id.to_string(),
        account_id: owed.account_id.to_string(),
        market_id: owed.market_id.to_string(),
        staked: owed.staked.0,
        paid: owed.points.0,
    })
}
