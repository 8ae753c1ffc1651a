//! Closes the bets of a market whose end is fixed.

use std::time::Instant;

use loljoa_service_kit::{Error, MarketId, Points};
use sqlx::PgConnection;

use super::{Progress, Settlement};
use crate::{
    domain::{BetState, payout::Winner},
    failpoints::Step,
    store::{
        settlement::{self as store, Closed, Standing},
        under_way::End,
    },
};

impl Settlement {
    /// Closes the next chunk, or makes the market final.
    pub(super) async fn close(
        &self,
        db: &mut PgConnection,
        market: MarketId,
        end: End,
        cursor: i64,
    ) -> Result<Progress, Error> {
        let started = Instant::now();
        let next = store::next_bets(&mut *db, market, cursor, i64::from(self.config.chunk));
        let bets = self.traced("SELECT bets", next).await?;
        let Some(last) = bets.last() else {
            self.failpoints.pass(Step::BeforeFinish)?;
            let ended = self.traced("UPDATE markets", store::finish(db, market)).await?;
            return Ok(ended.map_or(Progress::Rest, Progress::Ended));
        };
        let standing = bets.iter().filter(|bet| bet.state == BetState::Accepted);
        let closed: Vec<_> = standing.map(|bet| close(end, bet)).collect();
        let cells = self.ledger.cells().count();
        let chunk = store::close_chunk(db, market, &closed, last.seq, cells);
        self.traced("SELECT close_chunk", chunk).await?;
        Self::record_chunk(started, closed.len());
        Ok(Progress::Closed)
    }
}

/// How a standing bet ends.
pub(super) fn close(end: End, bet: &Standing) -> Closed {
    let (state, returned) = match end {
        End::Settled(outcome, division) if bet.outcome_id == Some(outcome) => {
            let winner = Winner { seq: bet.seq, stake: bet.stake };
            (BetState::Won, division.payout(winner))
        }
        End::Settled(..) => (BetState::Lost, Points::ZERO),
        End::Void => (BetState::Void, bet.stake),
    };
    Closed { seq: bet.seq, state, returned }
}
