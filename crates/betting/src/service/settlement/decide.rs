//! Counts the winners of a decided market and fixes how its pool is divided, before anybody is paid.

use loljoa_service_kit::{Error, MarketId, OutcomeId};
use sqlx::PgConnection;

use super::{LOOK_AT, Progress, Settlement, lock};
use crate::{
    domain::{
        VoidReason,
        count::{Count, Counted},
    },
    store::{self, under_way::Held},
};

/// For how long a replica that counts a market has it for itself after each page.
const CLAIM_MS: i64 = 10_000;

impl Settlement {
    /// locked → settling, or voiding where nobody picked the winner, once all winners are counted.
    pub(super) async fn decide(
        &self,
        db: &mut PgConnection,
        market: MarketId,
        held: &Held,
        outcome: OutcomeId,
    ) -> Result<Progress, Error> {
        let begun = match self.count(&mut *db, market, held, outcome).await? {
            Err(progress) => return Ok(progress),
            Ok(Counted::Winners(division, _)) => {
                store::settlement::begin_settling(db, market, outcome, &division).await?
            }
            Ok(Counted::Nobody) => {
                store::settlement::begin_voiding(db, market, VoidReason::NoWinningStake).await?
            }
        };
        debug_assert!(
            begun,
            "the market is held, locked and decided, and the pool is the one that was divided"
        );
        Ok(if begun { Progress::Fixed } else { Progress::Rest })
    }

    /// Counts one page of the bets on an outcome: the result, or how far that is. The market takes and loses no bets any more,
    /// so nothing has to be held from page to page.
    pub(super) async fn count(
        &self,
        db: &mut PgConnection,
        market: MarketId,
        held: &Held,
        outcome: OutcomeId,
    ) -> Result<Result<Counted, Progress>, Error> {
        if held.is_claimed {
            return Ok(Err(Progress::Rest));
        }
        let known = lock(&self.counts).remove(&(market, outcome)).filter(|count| count.pool() == held.pool);
        let mut count = known.unwrap_or_else(|| Count::new(held.pool));
        let look_at = LOOK_AT * i64::from(self.config.chunk);
        let winners = store::settlement::winners(&mut *db, market, outcome, count.after(), look_at);
        let page = self.traced("SELECT bets", winners).await?;
        if let Some(counted) = count.take(&page) {
            return Ok(Ok(counted));
        }
        lock(&self.counts).insert((market, outcome), count);
        store::under_way::claim(db, market, self.replica, CLAIM_MS).await?;
        Ok(Err(Progress::Counted))
    }
}
