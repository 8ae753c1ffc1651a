//! One batch: debit in one commit of the ledger, record in one commit of ours, then answer everybody.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Instant,
};

use loljoa_proto::account::v1::TransferOutcome;
use loljoa_service_kit::{BetId, Error, MarketId, postgres, telemetry};
use metrics::{counter, histogram};
use sqlx::PgPool;
use tracing::{Instrument, Span, info_span};

use super::{
    Answer, answer, key_reused, market_locked,
    queue::{Job, Jobs},
};
use crate::{
    domain::{Bet, Market, NewBet, bet::Fingerprint},
    failpoints::{FailPoints, Step},
    ledger::{self, Ledger},
    service::{MarketCache, Wakers, number},
    store,
};

/// Takes batches off the queue until no more will come.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(super) jobs: Jobs,
    pub(super) batch: usize,
    pub(super) pool: PgPool,
    pub(super) markets: MarketCache,
    pub(super) ledger: Ledger,
    pub(super) wakers: Wakers,
    pub(super) failpoints: FailPoints,
}

/// A request: the same bet may be asked for more than once in a batch, and the same id with another request.
type Request = (BetId, Fingerprint);

impl Worker {
    /// Runs until the queue is closed and empty. A batch that was taken is finished, also when its callers are gone.
    pub(crate) async fn run(self) {
        loop {
            let jobs = self.jobs.take(self.batch).await;
            if jobs.is_empty() {
                return;
            }
            let span = batch_span(&jobs);
            self.run_batch(jobs).instrument(span).await;
        }
    }

    async fn run_batch(&self, jobs: Vec<Job>) {
        let started = Instant::now();
        histogram!("loljoa_bet_batch_size", "service" => "betting").record(number(jobs.len()));
        let asked: Vec<Request> = jobs.iter().map(|job| (job.bet.bet_id, job.bet.fingerprint)).collect();
        let answers = self.decide(unique(&jobs, &asked)).await;
        histogram!("loljoa_bet_batch_seconds", "service" => "betting")
            .record(started.elapsed().as_secs_f64());
        for (job, request) in jobs.into_iter().zip(asked) {
            let answer = match &answers {
                Ok(answers) => answers.get(&request).cloned().unwrap_or_else(|| Err(forgotten())),
                Err(error) => Err(error.clone()),
            };
            counter!("loljoa_bets_total", "service" => "betting", "result" => label(&answer)).increment(1);
            job.answer(answer);
        }
    }

    /// Decides each request once.
    async fn decide(&self, bets: Vec<NewBet>) -> Result<HashMap<Request, Answer>, Error> {
        self.failpoints.pass(Step::BeforeDebit)?;
        let stakes = bets.iter().map(ledger::stake);
        let outcomes = self.ledger.apply(stakes).instrument(info_span!("take_stakes")).await?;
        self.failpoints.pass(Step::AfterDebit)?;

        let mut answers = HashMap::with_capacity(bets.len());
        let (mut taken, mut revoked) = (Vec::with_capacity(bets.len()), Vec::new());
        for (bet, outcome) in bets.into_iter().zip(outcomes) {
            match outcome {
                TransferOutcome::Applied | TransferOutcome::AlreadyApplied => taken.push(bet),
                TransferOutcome::StakeRevoked => revoked.push((bet.bet_id, bet.fingerprint)),
                refused => {
                    answers.insert((bet.bet_id, bet.fingerprint), Err(refusal(refused)));
                }
            }
        }
        let recorded = self.record(&taken).instrument(info_span!("record_bets")).await?;
        self.failpoints.pass(Step::AfterRecord)?;
        answers.extend(self.answers(&taken, recorded).await?);
        answers.extend(self.fates(&revoked).await?);
        Ok(answers)
    }

    async fn record(&self, taken: &[NewBet]) -> Result<Vec<(Bet, bool)>, Error> {
        if taken.is_empty() {
            return Ok(Vec::new());
        }
        let recorded = postgres::retrying(|| store::bets::record(&self.pool, taken)).await?;
        if recorded.iter().any(|(bet, fresh)| *fresh && bet.tombstone.is_some()) {
            self.wakers.owed.notify_one();
        }
        Ok(recorded)
    }

    async fn answers(
        &self,
        taken: &[NewBet],
        recorded: Vec<(Bet, bool)>,
    ) -> Result<HashMap<Request, Answer>, Error> {
        let markets = self.markets_of(recorded.iter().map(|(bet, _)| bet)).await?;
        let asked = taken.iter().map(|bet| bet.fingerprint);
        let pair = |((bet, fresh), asked): ((Bet, bool), Fingerprint)| {
            let market = markets.get(&bet.market_id).cloned();
            ((bet.bet_id, asked), answer(bet, asked, !fresh, market))
        };
        Ok(recorded.into_iter().zip(asked).map(pair).collect())
    }

    /// The markets of `bets` as they are now.
    async fn markets_of<'a>(
        &self,
        bets: impl Iterator<Item = &'a Bet>,
    ) -> Result<HashMap<MarketId, Arc<Market>>, Error> {
        let ids: HashSet<_> = bets.map(|bet| bet.market_id).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let markets = self.markets.read(&ids).await?;
        Ok(markets.into_iter().map(|(id, cached)| (id, Arc::clone(&cached.market))).collect())
    }

    /// What became of bets whose stakes were given back before they came.
    async fn fates(&self, revoked: &[Request]) -> Result<HashMap<Request, Answer>, Error> {
        if revoked.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: Vec<_> = revoked.iter().map(|(id, _)| *id).collect();
        let found = store::bets::by_ids(&self.pool, &ids).await?;
        let markets = self.markets_of(found.iter()).await?;
        let found: HashMap<_, _> = found.into_iter().map(|bet| (bet.bet_id, bet)).collect();
        let fate = |request: &Request| {
            let known = |bet: Bet| {
                let market = markets.get(&bet.market_id).cloned();
                answer(bet, request.1, true, market)
            };
            (*request, found.get(&request.0).cloned().map_or_else(|| Err(market_locked()), known))
        };
        Ok(revoked.iter().map(fate).collect())
    }
}

/// The batch belongs to the first trace that is kept, so that it is kept too; every bet's own span links to it.
fn batch_span(jobs: &[Job]) -> Span {
    let traced = || jobs.iter().filter(|job| !job.span.is_disabled());
    let parent = traced().next().and_then(|job| job.span.id());
    let span = info_span!(parent: parent, "bet_batch", size = jobs.len());
    for job in traced() {
        telemetry::link(&job.span, &span);
    }
    span
}

/// Each request once, in the order of arrival.
fn unique(jobs: &[Job], asked: &[Request]) -> Vec<NewBet> {
    let mut seen = HashSet::with_capacity(jobs.len());
    let first = jobs.iter().zip(asked).filter(|(_, request)| seen.insert(**request));
    first.map(|(job, _)| job.bet.clone()).collect()
}

fn refusal(outcome: TransferOutcome) -> Error {
    match outcome {
        TransferOutcome::InsufficientPoints => {
            Error::conflict("insufficient_points", "the account has not enough points")
                .with_field("stake", "must be at most the account's points")
        }
        TransferOutcome::Conflict => key_reused(),
        TransferOutcome::UnknownAccount => Error::not_found("account_not_found", "there is no such account"),
        other => Error::internal(format!("the ledger answered a stake with {other:?}")),
    }
}

fn forgotten() -> Error {
    Error::internal("a batch left a bet undecided")
}

fn label(answer: &Answer) -> &'static str {
    match answer {
        Ok(placed) if placed.replayed => "replayed",
        Ok(_) => "placed",
        Err(error) if error.code == loljoa_service_kit::ErrorCode::Unavailable => "unavailable",
        Err(_) => "refused",
    }
}
