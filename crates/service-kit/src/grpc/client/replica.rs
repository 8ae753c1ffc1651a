//! One address of a neighbour, and whether it answers.
//!
//! A process that hangs keeps its connections and takes new ones, because the kernel does that for it: it only says nothing. So
//! whoever has been asked and is silent is asked whether it lives ([`super::pulse`]), and when it is silent to that too, calls
//! that wait for it are told that their outcome is unknown, and no other call goes there until it says something.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use metrics::{counter, gauge};
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;
use tonic::{
    Status,
    body::Body,
    transport::{Channel as Transport, Endpoint},
};
use tower::ServiceExt;

use super::{
    lost::{self, Lost},
    message::is_batch,
};
use crate::config::redacted;

/// Batches that have waited so long for any answer are more than a replica has the time for.
const BEHIND: Duration = Duration::from_millis(250);

/// What is known of a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// As far as anybody knows.
    Answers,
    /// Nobody is there, which is known at once: it is tried when there is no other.
    Refuses,
    /// Silent. No call goes there.
    Hangs,
}

impl Condition {
    /// The name in metrics.
    const fn name(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::Refuses => "refuses",
            Self::Hangs => "hangs",
        }
    }
}

/// Who calls whom, for metrics and the log.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) service: &'static str,
    pub(super) neighbour: String,
}

/// One address.
pub(super) struct Replica {
    names: Names,
    endpoint: Endpoint,
    state: Mutex<State>,
    in_flight: AtomicUsize,
    batches: Mutex<Batches>,
    /// Something is to be watched: a question that has no answer yet, or a replica that does not answer.
    pub(super) watched: Notify,
}

struct State {
    condition: Condition,
    transport: Transport,
    /// Cancelled when the replica is found to hang.
    hung: CancellationToken,
    /// Since when it has owed us a word.
    owes_since: Option<Instant>,
    heard_at: Instant,
}

impl Replica {
    pub(super) fn new(names: Names, endpoint: Endpoint) -> Self {
        let state = State {
            condition: Condition::Answers,
            transport: endpoint.connect_lazy(),
            hung: CancellationToken::new(),
            owes_since: None,
            heard_at: Instant::now(),
        };
        let replica = Self {
            names,
            endpoint,
            state: Mutex::new(state),
            in_flight: AtomicUsize::new(0),
            batches: Mutex::default(),
            watched: Notify::new(),
        };
        replica.gauge(Condition::Answers).increment(1);
        replica
    }

    /// Sends a call, and waits until its answer begins or is not to be expected any more.
    pub(super) async fn call(&self, request: http::Request<Body>) -> Result<http::Response<Body>, Status> {
        let (transport, hung) = self.ask();
        let _in_flight = InFlight::new(&self.in_flight);
        let _batch = is_batch(&request).then(|| Batch::begin(&self.batches));
        let result = tokio::select! {
            biased;
            result = transport.oneshot(request) => result,
            () = hung.cancelled() => return Err(Lost::Unknown.status("it has stopped to answer")),
        };
        let result = result.map_err(|error| lost::status(&error.into()));
        match &result {
            Ok(_) => self.heard(1),
            Err(status) => match Lost::of(status) {
                Some(Lost::NotSent) => self.refused(),
                Some(_) => self.heard(1),
                None => {}
            },
        }
        result
    }

    pub(super) fn condition(&self) -> Condition {
        self.state().condition
    }

    /// Calls that wait for their answers.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Whether batches of ours are under way there, and none has been answered for a while.
    pub(super) fn is_behind(&self) -> bool {
        lock(&self.batches).since.is_some_and(|since| since.elapsed() > BEHIND)
    }

    pub(super) fn transport(&self) -> Transport {
        self.state().transport.clone()
    }

    /// Since when it has owed us a word.
    pub(super) fn owes_since(&self) -> Option<Instant> {
        self.state().owes_since
    }

    pub(super) fn heard_at(&self) -> Instant {
        self.state().heard_at
    }

    /// It has said something, and so answered this many of the calls that wait.
    pub(super) fn heard(&self, answered: usize) {
        let mut state = self.state();
        let now = Instant::now();
        state.heard_at = now;
        state.owes_since = (self.in_flight() > answered).then_some(now);
        self.turn(&mut state, Condition::Answers);
    }

    /// Nobody is there.
    pub(super) fn refused(&self) {
        let mut state = self.state();
        state.owes_since = None;
        self.turn(&mut state, Condition::Refuses);
        self.watched.notify_one();
    }

    /// It is silent. Whoever waits for it waits no more, and its connection, which may be the cause, is made anew.
    pub(super) fn hangs(&self) {
        let mut state = self.state();
        state.owes_since = None;
        state.transport = self.endpoint.connect_lazy();
        std::mem::take(&mut state.hung).cancel();
        if state.condition != Condition::Hangs {
            counter!("loljoa_neighbour_hangs_total", "service" => self.names.service, "neighbour" => self.names.neighbour.clone())
                .increment(1);
        }
        self.turn(&mut state, Condition::Hangs);
    }

    fn ask(&self) -> (Transport, CancellationToken) {
        let mut state = self.state();
        if state.owes_since.is_none() {
            state.owes_since = Some(Instant::now());
            self.watched.notify_one();
        }
        (state.transport.clone(), state.hung.clone())
    }

    fn turn(&self, state: &mut State, condition: Condition) {
        let before = std::mem::replace(&mut state.condition, condition);
        if before == condition {
            return;
        }
        self.gauge(before).decrement(1);
        self.gauge(condition).increment(1);
        let (neighbour, address) = (&self.names.neighbour, redacted(&self.endpoint.uri().to_string()));
        match condition {
            Condition::Answers => tracing::info!(
                event = "neighbour.answers",
                neighbour, %address, "a neighbour answers again"
            ),
            Condition::Refuses => tracing::warn!(
                event = "neighbour.gone",
                neighbour, %address, "a neighbour is not there"
            ),
            Condition::Hangs => {
                tracing::warn!(
                    event = "neighbour.hangs",
                    neighbour, %address, "a neighbour hangs; it is left alone until it answers"
                );
            }
        }
    }

    fn gauge(&self, condition: Condition) -> metrics::Gauge {
        let Names { service, neighbour } = &self.names;
        gauge!("loljoa_neighbour_replicas", "service" => *service, "neighbour" => neighbour.clone(), "state" => condition.name())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.gauge(self.condition()).decrement(1);
    }
}

/// A call that waits for its answer.
struct InFlight<'a>(&'a AtomicUsize);

impl<'a> InFlight<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The batches that wait for their answers.
#[derive(Default)]
struct Batches {
    under_way: usize,
    /// Since when there are some, or one was answered last; none without any.
    since: Option<Instant>,
}

/// A batch that waits for its answer.
struct Batch<'a>(&'a Mutex<Batches>);

impl<'a> Batch<'a> {
    fn begin(batches: &'a Mutex<Batches>) -> Self {
        let mut all = lock(batches);
        all.under_way += 1;
        all.since.get_or_insert_with(Instant::now);
        drop(all);
        Self(batches)
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let mut all = lock(self.0);
        all.under_way -= 1;
        all.since = (all.under_way > 0).then(Instant::now);
    }
}

/// How long a neighbour that was asked may be silent before it is asked whether it lives, by how long it then has to say so.
pub(super) fn patience(silence: Duration) -> Duration {
    silence / 2
}
