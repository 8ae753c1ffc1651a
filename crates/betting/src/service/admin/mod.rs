//! Markets in the hands of admins.

mod log;
mod question;

use chrono::{DateTime, Utc};
use loljoa_service_kit::{
    Cell, Error, MarketId, OutcomeId, Points, Slot, identity::Identity, postgres, telemetry,
};
use sqlx::{PgConnection, PgPool};
use tracing::Span;

pub(crate) use self::question::Question;
use self::question::{draft, is_same, key_reused};
use super::{Wakers, markets, settlement::Settlement};
use crate::{
    domain::{
        Market, MarketState, Outcome, VoidReason,
        life::{self, Step},
    },
    store,
};

/// What a correction pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Correction {
    /// On the right outcome so many bets stand; 0 while they are counted, where there are very many.
    pub(crate) bets: i64,
    /// How much in all.
    pub(crate) points: Points,
}

/// What admins do. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Admin {
    pool: PgPool,
    settlement: Settlement,
    wakers: Wakers,
    cell: Cell,
}

impl Admin {
    /// Admins' hands over `pool`.
    #[must_use]
    pub(crate) const fn new(pool: PgPool, settlement: Settlement, wakers: Wakers, cell: Cell) -> Self {
        Self { pool, settlement, wakers, cell }
    }

    /// Opens a market for a question; the same key and question again gives the market that is there.
    ///
    /// # Errors
    ///
    /// `invalid` texts or numbers of answers; `match_not_found`; `match_started`; `idempotency_key_reused`.
    pub(crate) async fn create(&self, question: &Question, by: &Identity) -> Result<Market, Error> {
        let draft = draft(question)?;
        // With this key it may stand under the slot of another match.
        let present_ids: Vec<_> = if self.cell.is_alone() {
            vec![draft.market_id]
        } else {
            Slot::all_made_of(draft.market_id.0).map(MarketId).collect()
        };
        let draft = draft.in_cell(self.cell, question.match_id);
        let mut transaction = postgres::begin(&self.pool).await?;
        let present = store::markets::load(&mut *transaction, &present_ids).await?.pop();
        if let Some(present) = present {
            return if is_same(&present, question, &draft) { Ok(present) } else { Err(key_reused()) };
        }
        let upcoming = store::matches::hold_upcoming(&mut transaction, question.match_id).await?;
        let upcoming =
            upcoming.ok_or_else(|| Error::not_found("match_not_found", "there is no such match"))?;
        if !upcoming.to_come {
            return Err(Error::conflict("match_started", "the match is not to come any more"));
        }
        store::markets::open(&mut transaction, question.match_id, upcoming.starts_at, &draft).await?;
        let market = store::markets::load(&mut *transaction, &[draft.market_id]).await?.pop();
        let market = market.filter(|market| is_same(market, question, &draft)).ok_or_else(key_reused)?;
        log::created(by, &market).write(&mut transaction).await?;
        transaction.commit().await?;
        Ok(market)
    }

    /// Locks a market at once. Locking a locked market succeeds.
    ///
    /// # Errors
    ///
    /// `market_not_found`; `market_closed` once it is being settled or voided.
    pub(crate) async fn lock(&self, id: MarketId, by: &Identity) -> Result<Market, Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        let market = hold(&mut transaction, id).await?;
        match market.state {
            MarketState::Open => {
                let lock_at: DateTime<Utc> = store::now(&mut *transaction).await?;
                let lock_at = market.lock_at.min(lock_at);
                store::markets::move_lock(&mut transaction, id, lock_at, MarketState::Locked).await?;
                log::locked(by, &market, lock_at).write(&mut transaction).await?;
                transaction.commit().await?;
                telemetry::event(&Span::current(), "market.locked", &[("loljoa.market.id", &id)]);
                return markets::get(&self.pool, id).await;
            }
            MarketState::Locked => {}
            _ => {
                return Err(Error::conflict(
                    "market_closed",
                    "the market is settled or void, or about to be",
                ));
            }
        }
        transaction.commit().await?;
        markets::get(&self.pool, id).await
    }

    /// Fixes a locked market's outcome. The same outcome again succeeds.
    ///
    /// # Errors
    ///
    /// `market_not_found`; `outcome_not_in_market`; `market_open`; `already_settled` or `already_void` otherwise.
    pub(crate) async fn settle(
        &self,
        id: MarketId,
        outcome: OutcomeId,
        by: &Identity,
    ) -> Result<Market, Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        let market = hold(&mut transaction, id).await?;
        let winner = outcome_of(&market, outcome)?;
        match life::settle_step(&market, winner) {
            Step::Begin => {
                store::settlement::decide(&mut transaction, id, outcome).await?;
                log::settled(by, &market, outcome).write(&mut transaction).await?;
            }
            Step::Already => {}
            Step::StillOpen => return Err(Error::conflict("market_open", "the market takes bets still")),
            Step::Contradiction => return Err(decided(&market)),
        }
        transaction.commit().await?;
        self.settlement.begin(id).await?;
        markets::get(&self.pool, id).await
    }

    /// Gives every stake back. Voiding a void market succeeds.
    ///
    /// # Errors
    ///
    /// `market_not_found`; `already_settled`.
    pub(crate) async fn void(&self, id: MarketId, by: &Identity) -> Result<Market, Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        let market = hold(&mut transaction, id).await?;
        match life::void_step(&market) {
            Step::Begin => {
                store::settlement::begin_voiding(&mut transaction, id, VoidReason::Admin).await?;
                log::voided(by, &market).write(&mut transaction).await?;
            }
            Step::Already => {}
            Step::Contradiction | Step::StillOpen => return Err(decided(&market)),
        }
        transaction.commit().await?;
        self.wakers.closing.notify_one();
        markets::get(&self.pool, id).await
    }

    /// Pays, from the house, what the market would have paid on `outcome`: to bets that lost the whole payout, to bets whose
    /// stakes a void gave back what goes beyond them. Nobody is clawed back. The same again succeeds and pays nothing more.
    ///
    /// # Errors
    ///
    /// `market_not_found`; `outcome_not_in_market`; `market_not_settled` before it is final; `already_settled` for the outcome
    /// that was paid; `already_void` for the one that nobody had a stake on; `already_corrected` to another; `market_archived`
    /// when its bets are not there any more.
    pub(crate) async fn correct(
        &self,
        id: MarketId,
        outcome: OutcomeId,
        by: &Identity,
    ) -> Result<Correction, Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        let market = hold(&mut transaction, id).await?;
        let right = outcome_of(&market, outcome)?;
        check_correction(&market, outcome)?;
        match store::corrections::of(&mut *transaction, id).await? {
            Some(before) if before.outcome_id != outcome => {
                return Err(Error::conflict(
                    "already_corrected",
                    "the market was corrected to another outcome",
                ));
            }
            Some(_) => {}
            None if store::periods::hold(&mut transaction, id).await? => {
                return Err(Error::conflict("market_archived", "the market's bets have been archived"));
            }
            None => {
                store::corrections::begin(&mut transaction, id, outcome).await?;
                log::corrected(by, &market, outcome, cost(&market, right)).write(&mut transaction).await?;
            }
        }
        transaction.commit().await?;
        self.settlement.begin(id).await?;
        let correction = store::corrections::of(&mut *postgres::reading(&self.pool).await?, id).await?;
        let bets = correction.and_then(|correction| correction.bets).unwrap_or_default();
        Ok(Correction { bets, points: cost(&market, right) })
    }

    /// Has every payment that the ledger refused tried again, and answers how many there are. What is refused again is set
    /// aside again.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub(crate) async fn retry_owed(&self, by: &Identity) -> Result<u64, Error> {
        let retry = || async {
            let mut transaction = postgres::begin(&self.pool).await?;
            let payments = store::owed::unpark(&mut *transaction).await?;
            if payments > 0 {
                log::retried(by, payments).write(&mut transaction).await?;
            }
            transaction.commit().await?;
            Ok(payments)
        };
        let payments = postgres::retrying(retry).await?;
        self.wakers.owed.ring();
        Ok(payments)
    }
}

/// Takes hold of a market, which is locked by then if its time has come.
async fn hold(db: &mut PgConnection, id: MarketId) -> Result<Market, Error> {
    let mut market = store::markets::hold(db, &[id]).await?.pop().ok_or_else(markets::not_found)?;
    let now = store::now(&mut *db).await?;
    if market.state == MarketState::Open && !market.takes_bets(now) {
        store::markets::move_lock(db, id, market.lock_at, MarketState::Locked).await?;
        market.state = MarketState::Locked;
    }
    Ok(market)
}

fn outcome_of(market: &Market, outcome: OutcomeId) -> Result<&Outcome, Error> {
    let allowed = "must be an outcome of the market";
    market.outcome(outcome).ok_or_else(|| Error::invalid_field("outcomeId", "outcome_not_in_market", allowed))
}

fn check_correction(market: &Market, outcome: OutcomeId) -> Result<(), Error> {
    match market.state {
        MarketState::Settled if market.settled_outcome_id == Some(outcome) => {
            Err(Error::conflict("already_settled", "the market paid this outcome"))
        }
        MarketState::Void if market.decided_outcome_id == Some(outcome) => Err(Error::conflict(
            "already_void",
            "the market is void because nobody had a stake on this outcome",
        )),
        MarketState::Settled | MarketState::Void => Ok(()),
        _ => Err(Error::conflict("market_not_settled", "only a settled or void market can be corrected")),
    }
}

/// What a correction to the `right` outcome comes to.
fn cost(market: &Market, right: &Outcome) -> Points {
    match market.state {
        _ if right.pool == Points::ZERO => Points::ZERO,
        MarketState::Void => Points(market.pool.0 - right.pool.0),
        _ => market.pool,
    }
}

fn decided(market: &Market) -> Error {
    match market.state {
        MarketState::Locked | MarketState::Settling | MarketState::Settled => {
            Error::conflict("already_settled", "the market is settled")
        }
        _ => Error::conflict("already_void", "the market is void"),
    }
}
