//! Every market has its own lane as soon as it needs one. As long as all is well, all markets share the batches of the
//! workers, which keeps those large. A market whose row cannot be had in time is put aside, and what waits for it waits by
//! itself: first nobody knows whether it is only busy, and nothing is debited for it; when it does not move it is stuck, and
//! its bets are refused before the debit until its row is free again.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use loljoa_service_kit::{Error, ErrorCode, MarketId};
use tokio::sync::Notify;

use super::{
    Answer,
    batch::tell,
    queue::{BetJob, Job},
    record::{Request, request},
};
use crate::{domain::NewBet, store::lanes::Sight};

/// The most jobs that wait to learn whether a market is stuck.
const HELD_BACK: usize = 2_000;
/// A market that is busy for this many times the patience counts as stuck.
const BUSY: u32 = 5;

/// A bet whose stake is taken and which could not be recorded yet.
pub(super) struct Taken {
    pub(super) bet: NewBet,
    /// Who waits for it.
    pub(super) jobs: Vec<BetJob>,
    since: Instant,
}

impl Taken {
    pub(super) fn new(bet: NewBet) -> Self {
        Self { bet, jobs: Vec::new(), since: Instant::now() }
    }

    /// Answers those who wait; the bet itself goes on.
    fn postpone(&mut self) {
        self.jobs.drain(..).for_each(|job| tell(job, Err(pending())));
    }
}

/// A market that could not be had.
struct Aside {
    stuck: bool,
    since: Instant,
    moved: Instant,
    revision: Option<i64>,
    not_before: Instant,
    taken: Vec<Taken>,
    /// Nothing has been done for them yet.
    held_back: Vec<Job>,
}

impl Aside {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            stuck: false,
            since: now,
            moved: now,
            revision: None,
            not_before: now,
            taken: Vec::new(),
            held_back: Vec::new(),
        }
    }

    fn hold_back(&mut self, job: Job) {
        if self.stuck || self.held_back.len() >= HELD_BACK {
            job.refuse(busy());
        } else {
            self.held_back.push(job);
        }
    }

    fn keep(&mut self, mut taken: Taken) {
        if self.stuck {
            taken.postpone();
        }
        self.taken.push(taken);
    }

    fn declare_stuck(&mut self) {
        self.stuck = true;
        self.taken.iter_mut().for_each(Taken::postpone);
        self.held_back.drain(..).for_each(|job| job.refuse(busy()));
    }
}

/// What to do about a market that is aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Its row may be had now.
    Try,
    /// Look again later.
    Wait,
}

#[derive(Default)]
struct State {
    aside: HashMap<MarketId, Aside>,
    closed: bool,
}

/// Which markets are aside. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Lanes(Arc<(Mutex<State>, Notify)>);

impl Lanes {
    /// The markets whose bets are refused.
    pub(super) fn stuck(&self) -> HashSet<MarketId> {
        let state = self.state();
        state.aside.iter().filter(|(_, aside)| aside.stuck).map(|(id, _)| *id).collect()
    }

    /// Lets jobs of healthy markets through. The others are held back, or refused where their market is stuck.
    pub(super) fn admit(&self, jobs: Vec<Job>) -> Vec<Job> {
        let mut state = self.state();
        if state.aside.is_empty() {
            return jobs;
        }
        let mut admitted = Vec::with_capacity(jobs.len());
        for job in jobs {
            match state.aside.get_mut(&job.market()) {
                Some(aside) => aside.hold_back(job),
                None => admitted.push(job),
            }
        }
        admitted
    }

    /// Puts aside what could not be done: bets whose stakes are taken, and jobs for which nothing has been done.
    pub(super) fn put_aside(
        &self,
        taken: impl IntoIterator<Item = Taken>,
        held_back: impl IntoIterator<Item = Job>,
    ) {
        let mut state = self.state();
        for taken in taken {
            state.aside.entry(taken.bet.market_id).or_insert_with(Aside::new).keep(taken);
        }
        for job in held_back {
            state.aside.entry(job.market()).or_insert_with(Aside::new).hold_back(job);
        }
        if state.closed {
            state.aside.drain().for_each(|(_, mut aside)| aside.declare_stuck());
        } else if !state.aside.is_empty() {
            self.0.1.notify_one();
        }
    }

    /// Waits until a market is aside.
    pub(super) async fn until_aside(&self) {
        while self.markets().is_empty() {
            self.0.1.notified().await;
        }
    }

    /// The markets that are aside.
    pub(super) fn markets(&self) -> Vec<MarketId> {
        self.state().aside.keys().copied().collect()
    }

    /// Takes what was seen of a market into account. Without a sign of life within `patience` it is stuck.
    pub(super) fn judge(&self, market: MarketId, sight: Option<Sight>, patience: Duration) -> Step {
        let mut state = self.state();
        let Some(aside) = state.aside.get_mut(&market) else { return Step::Wait };
        let revision = sight.map(|sight| sight.revision);
        let moved = aside.revision.is_some() && revision.is_some() && aside.revision != revision;
        aside.revision = revision.or(aside.revision);
        if moved {
            aside.moved = Instant::now();
        }
        if (moved || sight.is_some_and(|sight| sight.free)) && aside.not_before <= Instant::now() {
            return Step::Try;
        }
        if !aside.stuck && (aside.moved.elapsed() >= patience || aside.since.elapsed() >= BUSY * patience) {
            tracing::warn!(
                event = "market.held",
                %market, stakes = aside.taken.len(), "a market is held by somebody, its bets are refused"
            );
            aside.declare_stuck();
        }
        Step::Wait
    }

    /// It could not be had again: tried next after `patience`.
    pub(super) fn postpone(&self, market: MarketId, patience: Duration) {
        if let Some(aside) = self.state().aside.get_mut(&market) {
            aside.not_before = Instant::now() + patience;
        }
    }

    /// The bets of a market whose stakes are taken, each once.
    pub(super) fn bets(&self, market: MarketId) -> Vec<NewBet> {
        let state = self.state();
        let taken = state.aside.get(&market).map(|aside| &aside.taken);
        let bets: BTreeMap<_, _> =
            taken.into_iter().flatten().map(|taken| (taken.bet.bet_id, &taken.bet)).collect();
        bets.into_values().cloned().collect()
    }

    /// Answers those who wait for bets that are recorded now.
    pub(super) fn recorded(&self, market: MarketId, answers: &HashMap<Request, Answer>) {
        let mut state = self.state();
        let Some(aside) = state.aside.get_mut(&market) else { return };
        aside.taken.retain_mut(|taken| match answers.get(&request(&taken.bet)) {
            Some(answer) => {
                taken.jobs.drain(..).for_each(|job| tell(job, answer.clone()));
                false
            }
            None => true,
        });
    }

    /// A market that can be had is no longer aside, unless there is more to be recorded. Answers what was held back.
    pub(super) fn heal(&self, market: MarketId) -> Vec<Job> {
        let mut state = self.state();
        match state.aside.remove(&market) {
            Some(aside) if !aside.taken.is_empty() => {
                state.aside.insert(market, aside);
                Vec::new()
            }
            Some(aside) => {
                tracing::info!(
                    event = "market.released",
                    %market, was_stuck = aside.stuck, "a market can be had again"
                );
                aside.held_back
            }
            None => Vec::new(),
        }
    }

    /// Lets go of bets that could not be recorded `within` this time, and answers how many. Recovery gives their stakes back.
    pub(super) fn give_up(&self, within: Duration) -> usize {
        let mut gone = 0;
        for aside in self.state().aside.values_mut() {
            let before = aside.taken.len();
            aside.taken.retain_mut(|taken| {
                let keep = taken.since.elapsed() < within;
                if !keep {
                    taken.postpone();
                }
                keep
            });
            gone += before - aside.taken.len();
        }
        gone
    }

    /// Answers all that waits, now and from now on.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.aside.drain().for_each(|(_, mut aside)| aside.declare_stuck());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The market cannot be had; nothing was done now. An earlier request under the same key may have had its stake taken.
pub(super) fn busy() -> Error {
    let message = "the market cannot be reached at the moment; ask again with the same key";
    Error { code: ErrorCode::Unavailable, reason: "market_busy".to_owned(), ..Error::unavailable(message) }
}

/// The stake is taken and the bet is not recorded yet. The same request again learns what becomes of it.
fn pending() -> Error {
    let message = "the bet is being placed; ask again with the same key";
    Error { reason: "bet_pending".to_owned(), ..Error::unavailable(message) }
}
