//! One batch: debit in one commit of the ledger, record in one commit of ours, then answer everybody. Cancels of the same
//! batch go beside.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use futures::FutureExt;
use loljoa_proto::account::v1::{Transfer, TransferOutcome};
use loljoa_service_kit::{Caller, Error, caller, gather::Batches, telemetry};
use metrics::{counter, histogram};
use tokio::join;
use tracing::{Instrument, Span, info_span};

use super::{
    Answer, apart,
    cancel::Canceller,
    key_reused,
    lanes::{Lanes, Taken},
    queue::{self, BetJob, Job, Waiting},
    record::{AllNew, Recorded, Recorder, Request, request},
    told,
};
use crate::{
    SERVICE, config,
    domain::NewBet,
    failpoints::{FailPoints, Step},
    ledger::{self, Ledger},
    service::number,
};

/// What a debit is given in any case.
const DEBIT: Duration = Duration::from_secs(1);

/// Takes batches off the queue until no more will come.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(super) jobs: Batches<Job>,
    pub(super) lanes: Lanes,
    pub(super) recorder: Recorder,
    pub(super) canceller: Canceller,
    pub(super) ledger: Ledger,
    pub(super) failpoints: FailPoints,
}

/// What became of the bets of a batch.
struct Decided {
    answers: HashMap<Request, Answer>,
    /// Their stakes are taken, and their markets cannot be had.
    held: Vec<NewBet>,
}

impl Worker {
    /// Runs until the queue is closed and empty. A batch that was taken is finished, also when its callers are gone.
    pub(crate) async fn run(self) {
        while let Some(batch) = self.jobs.next().await {
            let (bets, cancels) = queue::apart(self.lanes.admit(still_waited_for(batch.items)));
            let span = batch_span(&bets);
            // Boxed: in one piece the two are deeper than the compiler looks.
            let placing = Box::pin(self.place(bets).instrument(span));
            join!(placing, self.canceller.cancel(cancels));
        }
    }

    async fn place(&self, jobs: Vec<BetJob>) {
        if jobs.is_empty() {
            return;
        }
        let started = Instant::now();
        histogram!("loljoa_bet_batch_size", "service" => "betting").record(number(jobs.len()));
        let decided = self.decide(unique(&jobs), longest(&jobs)).await;
        histogram!("loljoa_bet_batch_seconds", "service" => "betting")
            .record(started.elapsed().as_secs_f64());
        match decided {
            Ok(decided) => self.answer(jobs, decided),
            Err(error) => jobs.into_iter().for_each(|job| tell(job, Err(error.clone()))),
        }
    }

    /// Decides each request once. The debit may take as long as `caller` waits, and has some time in any case, because stakes
    /// that are taken by a call that was cut off have no bet until recovery; what follows is done in any case.
    async fn decide(&self, bets: Vec<NewBet>, caller: Caller) -> Result<Decided, Error> {
        self.failpoints.pass(Step::BeforeDebit)?;
        let stakes = bets.iter().map(|bet| (bet.account_id, ledger::stake(bet))).collect();
        let debit = self.ledger.apply(stakes).instrument(info_span!("take_stakes"));
        let outcomes = unless_all_failed(caller.for_at_least(DEBIT).scope(debit).await)?;
        self.failpoints.pass(Step::AfterDebit)?;

        let mut answers = HashMap::with_capacity(bets.len());
        let (mut taken, mut repeated, mut revoked) = (Vec::with_capacity(bets.len()), Vec::new(), Vec::new());
        for (bet, outcome) in bets.into_iter().zip(outcomes) {
            match outcome {
                Ok(TransferOutcome::Applied) => taken.push(bet),
                Ok(TransferOutcome::AlreadyApplied) => repeated.push(bet),
                Ok(TransferOutcome::StakeRevoked) => revoked.push(request(&bet)),
                Ok(refused) => {
                    answers.insert(request(&bet), Err(refusal(refused)));
                }
                Err(away) => {
                    answers.insert(request(&bet), Err(away));
                }
            }
        }
        let (recorded, held) = self.record(taken, repeated).instrument(info_span!("record_bets")).await?;
        self.failpoints.pass(Step::AfterRecord)?;
        answers.extend(self.recorder.answers(recorded).await?);
        answers.extend(self.recorder.fates(&revoked).await?);
        Ok(Decided { answers, held })
    }

    /// Records bets whose stakes were taken just now, and those of which that was done before and that are not there yet.
    async fn record(
        &self,
        taken: Vec<NewBet>,
        repeated: Vec<NewBet>,
    ) -> Result<(Vec<Recorded>, Vec<NewBet>), Error> {
        // First what has no bet yet: whatever fails after it leaves no stake alone.
        let new = apart::run(&AllNew(&self.recorder), taken).await?;
        let (known, unknown) = self.recorder.known(repeated).await?;
        let late = apart::run(&self.recorder, unknown).await?;
        let recorded = new.done.into_iter().chain(known).chain(late.done).collect();
        Ok((recorded, new.held.into_iter().chain(late.held).collect()))
    }

    /// Answers everybody, except whoever waits for a market that cannot be had.
    fn answer(&self, jobs: Vec<BetJob>, decided: Decided) {
        let mut held: HashMap<_, _> =
            decided.held.into_iter().map(|bet| (request(&bet), Taken::new(bet))).collect();
        for job in jobs {
            let asked = request(&job.asked);
            match (decided.answers.get(&asked), held.get_mut(&asked)) {
                (Some(answer), _) => tell(job, answer.clone()),
                (None, Some(taken)) => taken.jobs.push(job),
                (None, None) => tell(job, Err(forgotten())),
            }
        }
        self.lanes.put_aside(held.into_values(), []);
    }
}

/// Nothing has been done for any of them: whoever has gone, or has no time left, need not get a bet.
fn still_waited_for(jobs: Vec<Job>) -> Vec<Job> {
    let (waiting, gone): (Vec<_>, Vec<_>) = jobs.into_iter().partition(Job::is_waited_for);
    caller::count_dropped("betting", "bets", gone.len());
    for job in gone {
        job.refuse(caller::gone());
    }
    waiting
}

/// Bets on their way from the queue to the ledger, without a worker: what benchmarks measure of a batch.
pub(crate) fn gathered(bets: &[NewBet]) -> Vec<Transfer> {
    let config = config::Placement { queue: bets.len(), batch: bets.len(), ..config::Placement::default() };
    let (queue, jobs) = queue::bounded(&config);
    let mut answers = Vec::with_capacity(bets.len());
    for bet in bets {
        let (job, answered) = Waiting::new(bet.clone(), Span::none());
        if queue.submit(Job::Bet(job)).is_ok() {
            answers.push(answered);
        }
    }
    let batch = jobs.next().now_or_never().flatten();
    let taken = batch.map(|batch| batch.items).unwrap_or_default();
    let (bets, _) = queue::apart(Lanes::default().admit(still_waited_for(taken)));
    let _entered = batch_span(&bets).entered();
    unique(&bets).iter().map(ledger::stake).collect()
}

/// The most patient of those who wait for a batch.
fn longest(jobs: &[BetJob]) -> Caller {
    let callers = jobs.iter().map(|job| job.caller.clone());
    callers.reduce(|one, other| one.or(&other)).unwrap_or_default()
}

/// Answers a bet and counts it.
pub(super) fn tell(job: BetJob, answer: Answer) {
    counter!("loljoa_bets_total", "service" => "betting", "result" => label(&answer)).increment(1);
    told::answered(&job.span, &job.asked, &answer);
    job.answer(answer);
}

fn batch_span(jobs: &[BetJob]) -> Span {
    if jobs.is_empty() {
        return Span::none();
    }
    telemetry::shared(
        jobs.iter().map(|job| &job.span),
        |first| info_span!(parent: first, "bet_batch", service = SERVICE, size = jobs.len()),
    )
}

/// Each request once, in the order of arrival.
fn unique(jobs: &[BetJob]) -> Vec<NewBet> {
    let mut seen = HashSet::with_capacity(jobs.len());
    let first = jobs.iter().filter(|job| seen.insert(request(&job.asked)));
    first.map(|job| job.asked.clone()).collect()
}

/// Where no cell of the ledger has answered there is nothing to go on with.
fn unless_all_failed<T>(outcomes: Vec<Result<T, Error>>) -> Result<Vec<Result<T, Error>>, Error> {
    match outcomes.first() {
        Some(Err(error)) if outcomes.iter().all(Result::is_err) => Err(error.clone()),
        _ => Ok(outcomes),
    }
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
