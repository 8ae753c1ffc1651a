//! Transfers as SQL functions take them: one array for each column.

use loljoa_service_kit::{AccountId, BetId, MarketId, Points, TransferId};

use crate::domain::transfer::{Kind, Transfer};

/// The columns of a batch, all of its length and in its order.
pub(super) struct Columns<'a> {
    pub(super) ids: Vec<TransferId>,
    pub(super) kinds: Vec<Kind>,
    pub(super) accounts: Vec<AccountId>,
    pub(super) markets: Vec<Option<MarketId>>,
    pub(super) bets: Vec<Option<BetId>>,
    pub(super) points: Vec<Points>,
    pub(super) fingerprints: Vec<&'a [u8]>,
    pub(super) closes: Vec<Option<TransferId>>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(batch: &'a [Transfer]) -> Self {
        Self {
            ids: batch.iter().map(|transfer| transfer.id).collect(),
            kinds: batch.iter().map(|transfer| transfer.kind).collect(),
            accounts: batch.iter().map(|transfer| transfer.account).collect(),
            markets: batch.iter().map(|transfer| transfer.market).collect(),
            bets: batch.iter().map(|transfer| transfer.bet).collect(),
            points: batch.iter().map(|transfer| transfer.points).collect(),
            fingerprints: batch.iter().map(|transfer| transfer.fingerprint.as_slice()).collect(),
            closes: batch.iter().map(|transfer| transfer.closes).collect(),
        }
    }
}
