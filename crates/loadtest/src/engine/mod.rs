//! Drives a load: so many connections, each asking by the same pace, until the time is over and the last answer is there.

mod connection;
mod pace;
mod parts;
mod recorder;
mod spread;
pub mod view;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use futures::future::{join_all, try_join_all};
use tokio::{
    task::JoinSet,
    time::{self, Instant},
};

use connection::Wire;
pub use connection::{Body, Reply};
use pace::Due;
pub use pace::{Pace, Step, Storm, Users};
use parts::{Parts, Went};
use recorder::Ended;
pub use recorder::{Recorder, Tally, Window};
pub use spread::Spread;
use view::Live;

use crate::scenario::{Scenario, Turn};

/// Connections that are opened at once, so that none finds the listener's queue full.
const OPENED_AT_ONCE: usize = 64;
/// How long what is under way at the end may take.
const DRAIN: Duration = Duration::from_secs(20);
/// A worker that cannot connect tries again after it.
const PAUSE: Duration = Duration::from_millis(100);

/// What an answer means to its scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A bet stands that did not before.
    Accepted,
    /// A bet stands that did before.
    Replayed,
    /// What was asked for was given.
    Fine,
    /// What could not succeed did not.
    Refused,
    /// It should have succeeded, or should not.
    Failed,
}

/// An answer, judged.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// What it means.
    pub meaning: Meaning,
    /// Why it was refused.
    pub reason: String,
    /// After how long to come again, where it says so.
    pub retry_after: Option<Duration>,
}

/// A load.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Workers, each with a connection of its own.
    pub connections: usize,
    /// When requests are due.
    pub pace: Pace,
    /// What is measured.
    pub window: Window,
}

struct Run {
    addresses: Vec<SocketAddr>,
    load: Load,
    scenario: Arc<dyn Scenario>,
    started: Instant,
    next: AtomicU64,
    recorder: Mutex<Recorder>,
    live: Live,
}

/// Puts `load` on the gateways at `addresses`, among which connections take turns, and calls `look` when the measured time begins and when it ends.
///
/// # Errors
///
/// When the gateway cannot be connected to, or a look fails.
pub async fn drive<T>(
    addresses: Vec<SocketAddr>,
    load: Load,
    scenario: Arc<dyn Scenario>,
    live: Live,
    look: impl AsyncFn() -> anyhow::Result<T>,
) -> anyhow::Result<(Recorder, T, T)> {
    let wires = if load.pace.connects_when_due() {
        (0..load.connections).map(|_| None).collect()
    } else {
        open(&addresses, load.connections).await?
    };
    let run = Arc::new(Run {
        addresses,
        load,
        scenario,
        started: Instant::now(),
        next: AtomicU64::new(0),
        recorder: Mutex::new(Recorder::new(load.window, Parts::new(load.pace.parts()))),
        live,
    });
    let mut workers = JoinSet::new();
    for (number, wire) in wires.into_iter().enumerate() {
        workers.spawn(Arc::clone(&run).work(number, wire));
    }
    let looks = async {
        time::sleep_until(run.started + load.window.from).await;
        let before = look().await?;
        time::sleep_until(run.started + load.window.until).await;
        Ok::<_, anyhow::Error>((before, look().await?))
    };
    let telling = run.live.tell(&run.recorder, run.started, load.window);
    let (before, after) = tokio::select! {
        looks = looks => looks?,
        () = telling => anyhow::bail!("stopped by hand"),
    };
    let drained = time::timeout(DRAIN, async { while workers.join_next().await.is_some() {} }).await;
    workers.shutdown().await;
    let run = Arc::into_inner(run).context("a worker has outlived its load")?;
    let mut recorder = run.recorder.into_inner().unwrap_or_else(PoisonError::into_inner);
    if drained.is_err() {
        recorder.note_hanging();
    }
    run.live.end().await;
    Ok((recorder, before, after))
}

async fn open(addresses: &[SocketAddr], connections: usize) -> anyhow::Result<Vec<Option<Wire>>> {
    let mut wires = Vec::with_capacity(connections);
    while wires.len() < connections {
        let until = (wires.len() + OPENED_AT_ONCE).min(connections);
        let batch = (wires.len()..until).map(|number| Wire::open(of(addresses, number)));
        let opened = try_join_all(batch).await;
        wires.extend(opened.map_err(anyhow::Error::msg)?.into_iter().map(Some));
    }
    Ok(wires)
}

/// Whom connection `number` is with.
fn of(addresses: &[SocketAddr], number: usize) -> SocketAddr {
    addresses[number % addresses.len()]
}

impl Run {
    async fn work(self: Arc<Self>, number: usize, mut wire: Option<Wire>) {
        let mut turns = 0;
        loop {
            let in_run = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(due) = self.due(in_run, turns, number).await else { return };
            let sent = self.started.elapsed();
            if self.load.pace.gives_up(sent.saturating_sub(due)) {
                self.recorder().give_up(due);
                turns += 1;
                continue;
            }
            let request = self.scenario.request(Turn { in_run, in_worker: turns, worker: number });
            let answer = self.ask(number, &mut wire, request.request).await;
            let ended = self.started.elapsed();
            let answer = answer.map(|reply| {
                self.live.note(ended.saturating_sub(due), &reply);
                request.expected.judge(&reply)
            });
            let pause = self.pause(&answer);
            self.recorder().record(Ended { due, sent, at: ended, answer });
            if let Some(pause) = pause {
                time::sleep(pause).await;
            }
            turns += 1;
        }
    }

    /// Waits until the next request is due, and says when that was.
    async fn due(&self, in_run: u64, in_worker: u64, worker: usize) -> Option<Duration> {
        let due = match self.load.pace.due(in_run, in_worker, worker, self.load.connections) {
            Due::Never => return None,
            Due::Now => self.started.elapsed(),
            Due::At(due) => due,
        };
        if due >= self.load.window.until {
            return None;
        }
        let at = self.started + due;
        if at > Instant::now() {
            time::sleep_until(at).await;
        }
        Some(due)
    }

    async fn ask(
        &self,
        number: usize,
        wire: &mut Option<Wire>,
        request: http::Request<Body>,
    ) -> Result<Reply, String> {
        let mut open = match wire.take() {
            Some(open) => open,
            None => Wire::open(of(&self.addresses, number)).await?,
        };
        let reply = open.ask(request).await?;
        *wire = Some(open);
        Ok(reply)
    }

    /// How long the worker waits before it asks again.
    fn pause(&self, answer: &Result<Answer, String>) -> Option<Duration> {
        match answer {
            Err(_) => Some(PAUSE),
            Ok(answer) => answer.retry_after.filter(|_| self.load.pace.heeds_retry_after()),
        }
    }

    fn recorder(&self) -> MutexGuard<'_, Recorder> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks `address` each of `requests` once, on connections of its own, all at once.
///
/// # Errors
///
/// When one is not answered.
pub async fn ask_once(address: SocketAddr, requests: Vec<http::Request<Body>>) -> anyhow::Result<Vec<Reply>> {
    let asked = requests.into_iter().map(async |request| Wire::open(address).await?.ask(request).await);
    join_all(asked).await.into_iter().map(|reply| reply.map_err(anyhow::Error::msg)).collect()
}
