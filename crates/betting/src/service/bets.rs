//! Reading and cancelling bets. An account sees its own only.

use loljoa_service_kit::{AccountId, BetId, Error, MarketId, page, postgres};
use sqlx::PgPool;

use super::placement::{Cancel, Placement};
use crate::{
    domain::{Bet, BetState, Market},
    store,
};

/// Reads and cancels bets. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Bets {
    pool: PgPool,
    placement: Placement,
}

/// A page of an account's bets.
pub(crate) struct BetPage {
    /// Newest first.
    pub(crate) bets: Vec<Bet>,
    /// Their markets.
    pub(crate) markets: Vec<Market>,
    /// Where to read on; empty at the end.
    pub(crate) next_cursor: String,
}

impl Bets {
    /// Bets over `pool`.
    #[must_use]
    pub(crate) const fn new(pool: PgPool, placement: Placement) -> Self {
        Self { pool, placement }
    }

    /// A bet of this account.
    ///
    /// # Errors
    ///
    /// `bet_not_found`, also for another account's bet.
    pub(crate) async fn get(&self, account: AccountId, bet: BetId) -> Result<Bet, Error> {
        store::bets::get(&mut *postgres::reading(&self.pool).await?, account, bet)
            .await?
            .ok_or_else(not_found)
    }

    /// A page of this account's bets, newest first.
    ///
    /// # Errors
    ///
    /// `limit_out_of_range`, `cursor_malformed`.
    pub(crate) async fn list(
        &self,
        account: AccountId,
        state: Option<BetState>,
        limit: i32,
        cursor: &str,
    ) -> Result<BetPage, Error> {
        let (limit, before) = (page::limit(limit)?, page::decode_cursor::<i64>(cursor)?);
        let mut db = postgres::reading(&self.pool).await?;
        let mut bets = store::bets::list(&mut *db, account, state, before, limit + 1).await?;
        let next_cursor = super::next_cursor(&mut bets, limit, |bet| bet.seq);
        let mut markets: Vec<MarketId> = bets.iter().map(|bet| bet.market_id).collect();
        markets.sort_unstable();
        markets.dedup();
        let markets = store::markets::load(&mut *db, &markets).await?;
        Ok(BetPage { bets, markets, next_cursor })
    }

    /// Gives the stake of an accepted bet back. Cancelling again succeeds.
    ///
    /// # Errors
    ///
    /// `bet_not_found`; `cancel_window_closed` shortly before the lock; `bet_closed` when it ended in another way;
    /// `market_busy` while its market cannot be had.
    pub(crate) async fn cancel(&self, account: AccountId, bet: BetId) -> Result<Bet, Error> {
        let found = self.get(account, bet).await?;
        match found.state {
            BetState::Cancelled => Ok(found),
            BetState::Accepted => {
                let cancel = Cancel { bet_id: bet, account_id: account, market_id: found.market_id };
                self.placement.cancel(cancel).await
            }
            _ => Err(closed()),
        }
    }
}

/// This account has no such bet.
pub(super) fn not_found() -> Error {
    Error::not_found("bet_not_found", "there is no such bet")
}

/// It ended in another way.
pub(super) fn closed() -> Error {
    Error::conflict("bet_closed", "the bet has ended")
}

/// The market's cancel window is over.
pub(super) fn too_late() -> Error {
    Error::conflict("cancel_window_closed", "it is too late to cancel this bet")
}
