//! Owes what the house pays for a final market that was decided wrongly.
//!
//! A bet on the right outcome that lost gets what it would have won. One that was given back when the market was voided has
//! its stake already, and gets what it would have won beyond it.

use loljoa_service_kit::{Error, MarketId};
use sqlx::PgConnection;

use super::{Progress, Settlement};
use crate::{
    domain::{count::Counted, payout::Winner},
    store::{
        corrections::{self as store, Correction, Due},
        settlement::{Standing, next_bets},
        under_way::Held,
    },
};

impl Settlement {
    /// Fixes what a correction comes to, or owes the next chunk of it.
    pub(super) async fn correct(
        &self,
        db: &mut PgConnection,
        market: MarketId,
        held: &Held,
    ) -> Result<Progress, Error> {
        let correction = store::of(&mut *db, market).await?.filter(|correction| !correction.is_done);
        let Some(correction) = correction else { return Ok(Progress::Rest) };
        if correction.bets.is_none() {
            let counted = match self.count(&mut *db, market, held, correction.outcome_id).await? {
                Err(progress) => return Ok(progress),
                Ok(counted) => counted,
            };
            let (bets, division) = match counted {
                Counted::Nobody => (0, None),
                Counted::Winners(division, bets) => (bets, Some(division)),
            };
            store::freeze(db, market, bets, division.as_ref()).await?;
            return Ok(Progress::Fixed);
        }
        if !correction.is_cleared && correction.division.is_some() && !self.ledger.is_whole() {
            return self.tally_correction(db, market, held, &correction).await;
        }
        let chunk = self.config.chunk;
        let bets = match correction.division {
            Some(_) => next_bets(&mut *db, market, correction.cursor, i64::from(chunk)).await?,
            None => Vec::new(),
        };
        let due: Vec<_> = bets.iter().filter_map(|bet| due(&correction, bet)).collect();
        let last = bets.last().filter(|_| bets.len() == usize::from(chunk)).map(|bet| bet.seq);
        self.traced("INSERT owed", store::owe(db, market, &due, last)).await?;
        Ok(Progress::Corrected)
    }
}

/// What a bet gets; none where there is nothing to get.
pub(super) fn due(correction: &Correction, bet: &Standing) -> Option<Due> {
    let winner = Winner { seq: bet.seq, stake: bet.stake };
    let points = correction.owed(bet.outcome_id, bet.state, winner)?;
    Some(Due { bet_id: bet.bet_id, account_id: bet.account_id, points, staked: bet.stake })
}
