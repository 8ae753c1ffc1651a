//! Ends markets, step by step and in chunks, so that a crash resumes where it was and no market holds up another.
//!
//! Whoever decides a market only marks it. From there a worker brings it on: late bets are refunded; the winners are counted
//! and what everybody gets is fixed in one commit; then bets are closed chunk by chunk; when the ledger has acknowledged
//! everything, the market is final. Corrections go the same way.

mod clear;
mod close;
mod correct;
mod decide;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use loljoa_proto::account::v1::ClearingPurpose;
use loljoa_service_kit::{Cell, Error, MarketId, OutcomeId, postgres, telemetry};
use metrics::{counter, gauge, histogram};
use sqlx::{PgConnection, PgPool};
use tokio_util::sync::CancellationToken;
use tracing::{
    Id, Instrument, Span,
    field::{self, Empty},
    info_span,
};
use uuid::Uuid;

use super::{Wakers, number, run_when_woken, seconds};
use crate::{
    SERVICE, config,
    domain::{MarketState, count::Count},
    failpoints::{FailPoints, Step},
    ledger::{Ledger, Tally},
    store::{
        self,
        under_way::{End, Held, UnderWay},
    },
};

/// So many bets are looked at where only some are written, for each that may be written.
const LOOK_AT: i64 = 16;

/// Brings markets that are ending on. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Settlement {
    pool: PgPool,
    replica: Uuid,
    cell: Cell,
    config: config::Settlement,
    wakers: Wakers,
    failpoints: FailPoints,
    ledger: Ledger,
    /// What the cells of the ledger are to clear, as far as this replica has counted it. As with counts, one that is lost is begun
    /// again.
    tallies: Arc<Mutex<HashMap<(MarketId, ClearingPurpose), Tally>>>,
    /// The counts of this replica that are under way, by what is counted: the bets on an outcome, for a settlement or a
    /// correction. They only read, so that one that is lost is begun again.
    counts: Arc<Mutex<HashMap<(MarketId, OutcomeId), Count>>>,
    /// When this replica first saw a market end, and for how long it had been ending.
    seen: Arc<Mutex<HashMap<MarketId, (Instant, Duration)>>>,
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// A chunk of late bets was refunded, or there are none any more.
    Refunded,
    /// A page of bets was counted.
    Counted,
    /// How the market ends, or is corrected, was fixed.
    Fixed,
    /// What each cell of the ledger is to clear has been counted.
    Tallied(ClearingPurpose),
    /// A chunk was closed.
    Closed,
    /// A chunk of corrections was owed.
    Corrected,
    /// The market is final.
    Ended(MarketState),
    /// Nothing is to be done now: payments are awaited, another replica is at it, or all is done.
    Rest,
}

impl Progress {
    /// Where the process can die after this.
    const fn fail_point(self) -> Option<Step> {
        match self {
            Self::Refunded => Some(Step::AfterRefund),
            Self::Counted => Some(Step::AfterCount),
            Self::Fixed => Some(Step::AfterFreeze),
            Self::Tallied(_) => Some(Step::AfterTally),
            Self::Closed => Some(Step::AfterChunk),
            Self::Corrected => Some(Step::AfterCorrection),
            Self::Ended(_) | Self::Rest => None,
        }
    }
}

impl Settlement {
    /// A worker over `pool`.
    #[must_use]
    pub(crate) fn new(
        pool: PgPool,
        replica: Uuid,
        cell: Cell,
        config: config::Settlement,
        wakers: Wakers,
        failpoints: FailPoints,
        ledger: Ledger,
    ) -> Self {
        let (tallies, counts, seen) = (Arc::default(), Arc::default(), Arc::default());
        Self { pool, replica, cell, config, wakers, failpoints, ledger, tallies, counts, seen }
    }

    /// The same worker over another pool: what one has counted the other need not count again.
    #[must_use]
    pub(crate) fn over(&self, pool: PgPool) -> Self {
        Self { pool, ..self.clone() }
    }

    /// Runs until `closing`.
    pub(crate) async fn run(self, closing: CancellationToken) {
        let waker = Arc::clone(&self.wakers.closing);
        let work = || self.run_once(&closing);
        run_when_woken("settlement", &waker, self.config.interval(), &closing, work).await;
    }

    /// Brings every market that is ending as far as it goes now, until `closing`. They take turns, one step each, and one that
    /// fails does not hold up the others.
    async fn run_once(&self, closing: &CancellationToken) -> Result<(), Error> {
        let (mut failed, mut outcome, mut goes_on) = (HashSet::new(), Ok(()), true);
        while goes_on {
            goes_on = false;
            for UnderWay { market_id: market, .. } in self.under_way().await? {
                if closing.is_cancelled() {
                    return outcome;
                }
                if failed.contains(&market) {
                    continue;
                }
                match self.advance(market).await {
                    Ok(progress) => goes_on |= progress != Progress::Rest,
                    Err(error) => {
                        failed.insert(market);
                        outcome = outcome.and(Err(error));
                    }
                }
            }
        }
        outcome
    }

    async fn under_way(&self) -> Result<Vec<UnderWay>, Error> {
        let markets = store::under_way::list(&self.pool).await?;
        self.report(&markets);
        let is_under_way: HashSet<_> = markets.iter().map(|market| market.market_id).collect();
        lock(&self.counts).retain(|(market, _), _| is_under_way.contains(market));
        lock(&self.tallies).retain(|(market, _), _| is_under_way.contains(market));
        let mut seen = lock(&self.seen);
        seen.retain(|market, _| is_under_way.contains(market));
        for UnderWay { market_id, age_ms, .. } in &markets {
            let age = Duration::from_millis(age_ms.unsigned_abs());
            seen.entry(*market_id).or_insert_with(|| (Instant::now(), age));
        }
        Ok(markets)
    }

    /// Since when is told, and not for how long: that grows also while the database does not answer.
    fn report(&self, markets: &[UnderWay]) {
        let cell = self.cell.label();
        gauge!("loljoa_settlement_markets", "service" => "betting", "cell" => cell.clone())
            .set(number(markets.len()));
        let oldest = markets.iter().map(|market| market.since).min();
        gauge!("loljoa_settlement_oldest_timestamp_seconds", "service" => "betting", "cell" => cell)
            .set(oldest.map_or(0.0, seconds));
    }

    /// One step, as a trace of its own.
    async fn advance(&self, market: MarketId) -> Result<Progress, Error> {
        in_span(None, market, Box::pin(self.take_step(market))).await
    }

    async fn take_step(&self, market: MarketId) -> Result<Progress, Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        let progress = self.step(&mut transaction, market).await?;
        transaction.commit().await?;
        self.tell(market, progress);
        progress.fail_point().map_or(Ok(()), |step| self.failpoints.pass(step))?;
        if let Progress::Tallied(purpose) = progress {
            self.clear(market, purpose).await?;
        }
        Ok(progress)
    }

    /// Takes the first step for a market at once, as soon as nobody else holds it. The worker does the rest. The step belongs to
    /// the trace of whoever asks.
    ///
    /// # Errors
    ///
    /// When the database does not answer; the worker goes on then.
    pub(crate) async fn begin(&self, market: MarketId) -> Result<(), Error> {
        in_span(Span::current().id(), market, Box::pin(self.take_first_step(market))).await?;
        self.wakers.closing.notify_one();
        Ok(())
    }

    async fn take_first_step(&self, market: MarketId) -> Result<Progress, Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        store::markets::hold(&mut transaction, &[market]).await?;
        let progress = self.step(&mut transaction, market).await?;
        transaction.commit().await?;
        self.tell(market, progress);
        Ok(progress)
    }

    /// One step of a market, unless another replica holds it.
    async fn step(&self, db: &mut PgConnection, market: MarketId) -> Result<Progress, Error> {
        let Some(held) = store::under_way::hold(&mut *db, market, self.replica).await? else {
            return Ok(Progress::Rest);
        };
        if let Some(stretch) = store::late::first(&mut *db, market).await? {
            return self.refund(db, &stretch).await;
        }
        match held {
            Held { end: Some(end), state: MarketState::Settling | MarketState::Voiding, cursor, .. } => {
                match (end, held.is_cleared || self.ledger.is_whole()) {
                    (End::Settled(..), false) => self.tally_settlement(db, market, &held, end).await,
                    _ => self.close(db, market, end, cursor).await,
                }
            }
            Held { state: MarketState::Locked, decided: Some(outcome), .. } => {
                self.decide(db, market, &held, outcome).await
            }
            Held { state: MarketState::Settled | MarketState::Void, .. } => {
                self.correct(db, market, &held).await
            }
            _ => Ok(Progress::Rest),
        }
    }

    /// Refunds the next late bets. That comes before everything else: pools are fixed without them.
    async fn refund(&self, db: &mut PgConnection, stretch: &store::late::Stretch) -> Result<Progress, Error> {
        let limit = i64::from(self.config.chunk);
        let late = store::late::next(&mut *db, stretch, limit * LOOK_AT, limit).await?;
        self.traced("SELECT withdraw_bets", store::late::refund(db, stretch, &late)).await?;
        Ok(Progress::Refunded)
    }

    fn tell(&self, market: MarketId, progress: Progress) {
        match progress {
            Progress::Refunded | Progress::Closed | Progress::Corrected => self.wakers.owed.ring(),
            Progress::Ended(state) => {
                tracing::info!(event = "market.final", %market, ?state, "a market is final");
                let event = if state == MarketState::Void { "market.voided" } else { "market.settled" };
                telemetry::event(&Span::current(), event, &[("loljoa.market.id", &market)]);
                if let Some((seen, age)) = lock(&self.seen).remove(&market) {
                    histogram!("loljoa_settlement_seconds", "service" => "betting")
                        .record((age + seen.elapsed()).as_secs_f64());
                }
            }
            Progress::Counted | Progress::Fixed | Progress::Tallied(_) | Progress::Rest => {}
        }
    }

    /// A statement that is about a chunk of bets, in a span of its own.
    async fn traced<T>(
        &self,
        summary: &'static str,
        statement: impl Future<Output = sqlx::Result<T>>,
    ) -> sqlx::Result<T> {
        postgres::traced(&self.pool, summary, statement).await
    }

    fn record_chunk(started: Instant, bets: usize) {
        counter!("loljoa_settlement_bets_total", "service" => "betting").increment(bets as u64);
        histogram!("loljoa_settlement_chunk_seconds", "service" => "betting")
            .record(started.elapsed().as_secs_f64());
    }
}

/// A step of a market, with how far it came and whether it failed.
async fn in_span(
    parent: Option<Id>,
    market: MarketId,
    step: impl Future<Output = Result<Progress, Error>>,
) -> Result<Progress, Error> {
    let span = info_span!(
        parent: parent,
        "settlement_step",
        service = SERVICE,
        loljoa.market.id = %market,
        loljoa.progress = Empty,
        otel.status_code = Empty
    );
    let result = step.instrument(span.clone()).await;
    match &result {
        Ok(progress) => span.record("loljoa.progress", field::debug(progress)),
        Err(_) => span.record("otel.status_code", "ERROR"),
    };
    result
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
