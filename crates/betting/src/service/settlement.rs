//! Ends markets. What everybody gets is fixed in one commit; then bets are closed chunk by chunk, so that a crash resumes
//! where it was; when the ledger has acknowledged everything, the market is final.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use loljoa_service_kit::{Error, MarketId, Points, postgres};
use metrics::{counter, gauge, histogram};
use sqlx::{PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use super::{Wakers, number, run_when_woken};
use crate::{
    config,
    domain::{
        BetState, Market, Outcome, OwedKind, VoidReason,
        payout::{Division, Winner},
    },
    failpoints::{FailPoints, Step},
    store::settlement::{self as store, Closed, Closing, End, Standing},
};

/// locked → settling, or voiding where nobody picked the winner. The caller holds the market.
///
/// # Errors
///
/// When the database does not answer.
pub(crate) async fn begin(
    db: &mut PgConnection,
    market: &Market,
    winner: &Outcome,
) -> Result<(), sqlx::Error> {
    let winners = store::winners(db, market.market_id, winner.outcome_id).await?;
    let begun = match Division::of(market.pool, &winners) {
        Some(division) => store::begin_settling(db, market.market_id, winner.outcome_id, &division).await?,
        None => store::begin_voiding(db, market.market_id, VoidReason::NoWinningStake).await?,
    };
    debug_assert!(begun, "the caller holds a locked market");
    Ok(())
}

/// Closes the bets of markets that have begun to end. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Settlement {
    pool: PgPool,
    config: config::Settlement,
    wakers: Wakers,
    failpoints: FailPoints,
    /// Since when this replica has seen a market end, for its duration.
    seen: Arc<Mutex<HashMap<MarketId, Instant>>>,
}

/// Where a market is after one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// A chunk was closed.
    Chunk,
    /// Nothing is to be done now: payments are awaited, another replica has it, or it is final.
    Rest,
}

impl Settlement {
    /// A worker over `pool`.
    #[must_use]
    pub(crate) fn new(
        pool: PgPool,
        config: config::Settlement,
        wakers: Wakers,
        failpoints: FailPoints,
    ) -> Self {
        Self { pool, config, wakers, failpoints, seen: Arc::default() }
    }

    /// Runs until `closing`.
    pub(crate) async fn run(self, closing: CancellationToken) {
        let waker = Arc::clone(&self.wakers.closing);
        let work = || self.run_once(&closing);
        run_when_woken("settlement", &waker, self.config.interval(), &closing, work).await;
    }

    /// Brings every market that is ending as far as it goes now, chunk by chunk until `closing`. One that fails does not
    /// hold up the others.
    async fn run_once(&self, closing: &CancellationToken) -> Result<(), Error> {
        let markets = store::under_way(&self.pool).await?;
        gauge!("loljoa_settlement_markets", "service" => "betting").set(number(markets.len()));
        self.seen().retain(|market, _| markets.contains(market));
        let mut outcome = Ok(());
        for market in markets {
            self.seen().entry(market).or_insert_with(Instant::now);
            outcome = outcome.and(self.advance(market, closing).await);
        }
        outcome
    }

    async fn advance(&self, market: MarketId, closing: &CancellationToken) -> Result<(), Error> {
        while !closing.is_cancelled() && self.step(market).await? == Progress::Chunk {
            self.failpoints.pass(Step::AfterChunk)?;
        }
        Ok(())
    }

    /// One transaction: closes the next chunk, or makes the market final.
    async fn step(&self, market: MarketId) -> Result<Progress, Error> {
        let started = Instant::now();
        let mut transaction = postgres::begin(&self.pool).await?;
        let Some(closing) = store::hold(&mut transaction, market).await? else {
            return Ok(Progress::Rest);
        };
        let limit = i64::from(self.config.chunk);
        let bets = store::next_bets(&mut transaction, market, closing.cursor, limit).await?;
        let Some(last) = bets.last() else {
            self.failpoints.pass(Step::BeforeFinish)?;
            let ended = store::finish(&mut transaction, market).await?;
            transaction.commit().await?;
            if let Some(state) = ended {
                self.record_end(market);
                tracing::info!(%market, ?state, "a market is final");
            }
            return Ok(Progress::Rest);
        };
        let closed: Vec<_> = bets.iter().map(|bet| close(&closing, bet)).collect();
        store::close_bets(&mut transaction, market, &closed, last.seq).await?;
        transaction.commit().await?;
        self.wakers.owed.notify_one();
        counter!("loljoa_settlement_bets_total", "service" => "betting").increment(closed.len() as u64);
        histogram!("loljoa_settlement_chunk_seconds", "service" => "betting")
            .record(started.elapsed().as_secs_f64());
        Ok(Progress::Chunk)
    }

    fn record_end(&self, market: MarketId) {
        if let Some(since) = self.seen().remove(&market) {
            histogram!("loljoa_settlement_seconds", "service" => "betting")
                .record(since.elapsed().as_secs_f64());
        }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, HashMap<MarketId, Instant>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn close(closing: &Closing, bet: &Standing) -> Closed {
    let (state, returned, kind) = match &closing.end {
        End::Settled(outcome, division) if bet.outcome_id == Some(*outcome) => {
            let winner = Winner { seq: bet.seq, stake: bet.stake };
            (BetState::Won, division.payout(winner), OwedKind::Payout)
        }
        End::Settled(..) => (BetState::Lost, Points::ZERO, OwedKind::Lost),
        End::Void => (BetState::Void, bet.stake, OwedKind::Void),
    };
    Closed { bet_id: bet.bet_id, state, returned, kind }
}
