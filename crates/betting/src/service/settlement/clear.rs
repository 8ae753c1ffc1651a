//! Clears a market whose bettors' accounts are in several cells of the ledger, before anybody is paid: what a cell is to pay beyond
//! what was staked in it comes from the others (docs/adr/0041). What is counted follows from what is fixed already, so that
//! whoever counts it, and however often, comes to the same.

use loljoa_proto::account::v1::ClearingPurpose;
use loljoa_service_kit::{Error, MarketId, Points};
use sqlx::PgConnection;

use super::{LOOK_AT, Progress, Settlement, close::close, correct::due, lock};
use crate::{
    domain::BetState,
    store::{
        self,
        corrections::Correction,
        settlement::{Standing, next_bets},
        under_way::{End, Held},
    },
};

/// For how long a replica that counts a market has it for itself after each page.
const CLAIM_MS: i64 = 10_000;

impl Settlement {
    /// Counts one page of what winners get in each cell. No bet is closed yet.
    pub(super) async fn tally_settlement(
        &self,
        db: &mut PgConnection,
        market: MarketId,
        held: &Held,
        end: End,
    ) -> Result<Progress, Error> {
        let of = |bet: &Standing| match bet.state {
            BetState::Accepted => (close(end, bet).returned, bet.stake),
            _ => (Points::ZERO, Points::ZERO),
        };
        self.tally(db, market, held, ClearingPurpose::Settlement, of).await
    }

    /// Counts one page of what a correction gives in each cell. Nothing of it is owed yet.
    pub(super) async fn tally_correction(
        &self,
        db: &mut PgConnection,
        market: MarketId,
        held: &Held,
        correction: &Correction,
    ) -> Result<Progress, Error> {
        let of = |bet: &Standing| match bet.state {
            BetState::Cancelled | BetState::Refunded => (Points::ZERO, Points::ZERO),
            _ => (due(correction, bet).map_or(Points::ZERO, |due| due.points), bet.stake),
        };
        self.tally(db, market, held, ClearingPurpose::Correction, of).await
    }

    async fn tally(
        &self,
        db: &mut PgConnection,
        market: MarketId,
        held: &Held,
        purpose: ClearingPurpose,
        of: impl Fn(&Standing) -> (Points, Points),
    ) -> Result<Progress, Error> {
        if held.is_claimed {
            return Ok(Progress::Rest);
        }
        let known = lock(&self.tallies).remove(&(market, purpose));
        let mut tally = known.unwrap_or_else(|| self.ledger.tally());
        if !tally.is_whole {
            let look_at = LOOK_AT * i64::from(self.config.chunk);
            let next = next_bets(&mut *db, market, tally.after, look_at);
            let bets = self.traced("SELECT bets", next).await?;
            for bet in &bets {
                let (due, stake) = of(bet);
                tally.note(bet.account_id, due, stake);
                tally.after = bet.seq;
            }
            tally.is_whole = i64::try_from(bets.len()).is_ok_and(|read| read < look_at);
        }
        let progress = if tally.is_whole { Progress::Tallied(purpose) } else { Progress::Counted };
        lock(&self.tallies).insert((market, purpose), tally);
        store::under_way::claim(db, market, self.replica, CLAIM_MS).await?;
        Ok(progress)
    }

    /// Has every cell clear what was counted, and notes it. Outside of any transaction: a cell may take its time, or be away.
    pub(super) async fn clear(&self, market: MarketId, purpose: ClearingPurpose) -> Result<(), Error> {
        let tally = lock(&self.tallies).get(&(market, purpose)).cloned();
        let Some(tally) = tally else { return Ok(()) };
        self.ledger.clear(market, purpose, &tally).await?;
        match purpose {
            ClearingPurpose::Correction => store::corrections::set_cleared(&self.pool, market).await?,
            _ => store::settlement::set_cleared(&self.pool, market).await?,
        }
        lock(&self.tallies).remove(&(market, purpose));
        Ok(())
    }
}
