//! What a connection is doing, and when it has done nothing for too long.
//!
//! hyper bounds the time of a head only once it knows which protocol is spoken, and nothing that concerns HTTP/2 streams
//! whose client gives no room to send. So each connection counts its requests and its answers by itself.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hyper_util::server::graceful::GracefulConnection;
use tokio::time::{self, Instant};
use tokio_util::sync::CancellationToken;

use super::Settings;

/// What a connection that was told to close may take to do so.
const LINGER: Duration = Duration::from_secs(5);
/// How many times longer an answer may stay unread while others of its connection go on: a slow line has its turn for each of
/// them long before, and one stream that is read keeps no others that are not.
const BESIDE_OTHERS: u32 = 5;

/// How long a connection may do nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    head: Duration,
    idle: Duration,
    unread: Duration,
}

impl Bounds {
    pub(super) const fn new(config: &Settings) -> Self {
        Self { head: config.header_timeout, idle: config.idle_timeout, unread: config.write_timeout }
    }
}

/// Why a connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// The head of the first request is not there.
    Silent,
    /// Nothing was asked since the last answer.
    Idle,
    /// Answers wait to be read, and nothing else happens.
    Unread,
}

impl Over {
    /// What it counts as.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Idle => "idle",
            Self::Unread => "unread",
        }
    }
}

/// One connection's requests and answers.
#[derive(Debug)]
pub(super) struct Life {
    bounds: Bounds,
    now: Mutex<Now>,
}

#[derive(Debug)]
struct Now {
    /// Whether a request has come yet.
    asked: bool,
    /// Whether the connection was told to close.
    leaving: bool,
    /// Requests whose answer has not been taken whole.
    active: usize,
    /// Of these, answers of which a piece was handed over and no further one asked for, and when that was, in this order.
    owed: VecDeque<(Turn, Instant)>,
    /// The pieces that were handed over.
    turn: Turn,
    /// When any of this last changed.
    since: Instant,
}

/// Numbers the pieces of a connection's answers, as they are handed over.
type Turn = u64;

impl Life {
    /// A connection that was accepted right now.
    pub(super) fn new(bounds: Bounds) -> Arc<Self> {
        let now = Now {
            asked: false,
            leaving: false,
            active: 0,
            owed: VecDeque::new(),
            turn: 0,
            since: Instant::now(),
        };
        Arc::new(Self { bounds, now: Mutex::new(now) })
    }

    /// A request has come.
    pub(super) fn begin(self: &Arc<Self>) -> Exchange {
        let mut now = self.now();
        (now.asked, now.since) = (true, Instant::now());
        now.active += 1;
        Exchange { life: Arc::clone(self), owed: None }
    }

    /// The connection was told to close; from now on it has only a little time for doing nothing.
    fn leave(&self) {
        let mut now = self.now();
        (now.leaving, now.since) = (true, Instant::now());
    }

    /// Serves `connection` to its end: its own, or that of `closing` and whatever is under way then, or because nothing has
    /// happened for too long; then it tells what had not, also when the connection took the hint and closed.
    pub(super) async fn lead<C: GracefulConnection>(
        &self,
        mut connection: Pin<&mut C>,
        closing: &CancellationToken,
    ) -> Result<Option<Over>, C::Error> {
        let (mut leaving, mut told) = (false, None);
        loop {
            tokio::select! {
                biased;
                ended = connection.as_mut() => return told.map_or_else(|| ended.map(|()| None), |over| Ok(Some(over))),
                () = closing.cancelled(), if !leaving => {}
                over = self.over() => {
                    if leaving || over != Over::Idle {
                        return Ok(Some(over));
                    }
                    told = Some(over);
                }
            }
            leaving = true;
            self.leave();
            connection.as_mut().graceful_shutdown();
        }
    }

    /// Waits until nothing has happened for too long.
    async fn over(&self) -> Over {
        loop {
            let due = self.now().due(&self.bounds);
            match due {
                Some((over, at)) if at <= Instant::now() => return over,
                // Something else may be due earlier by then.
                Some((_, at)) => time::sleep_until(at.min(Instant::now() + self.bounds.unread)).await,
                None => time::sleep(self.bounds.unread).await,
            }
        }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Now {
    /// A piece was handed over just now.
    fn handed_over(&mut self) -> Turn {
        self.turn += 1;
        self.owed.push_back((self.turn, self.since));
        self.turn
    }

    /// The piece of this turn was taken.
    fn taken(&mut self, turn: Turn) {
        if let Ok(index) = self.owed.binary_search_by_key(&turn, |(turn, _)| *turn) {
            self.owed.remove(index);
        }
    }

    /// What is due next, and when, if nothing happens before.
    fn due(&self, bounds: &Bounds) -> Option<(Over, Instant)> {
        if self.active == 0 {
            let (over, time) = match (self.leaving, self.asked) {
                (true, _) => (Over::Idle, LINGER.min(bounds.idle)),
                (false, false) => (Over::Silent, bounds.head),
                (false, true) => (Over::Idle, bounds.idle),
            };
            return Some((over, self.since + time));
        }
        let all = (self.owed.len() == self.active).then(|| self.since + bounds.unread);
        let beside = self.owed.front().map(|(_, since)| *since + BESIDE_OTHERS * bounds.unread);
        let at = [all, beside].into_iter().flatten().min()?;
        Some((Over::Unread, at))
    }
}

/// A request of a connection, until its answer is taken or given up.
#[derive(Debug)]
pub(super) struct Exchange {
    life: Arc<Life>,
    owed: Option<Turn>,
}

impl Exchange {
    /// A piece of the answer was handed over, or the next one is asked for.
    pub(super) fn owe(&mut self, owed: bool) {
        if !owed && self.owed.is_none() {
            return;
        }
        let mut now = self.life.now();
        now.since = Instant::now();
        if let Some(turn) = self.owed.take() {
            now.taken(turn);
        }
        if owed {
            self.owed = Some(now.handed_over());
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let mut now = self.life.now();
        if let Some(turn) = self.owed {
            now.taken(turn);
        }
        now.active -= 1;
        now.since = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const BOUNDS: Bounds =
        Bounds { head: SECOND, idle: Duration::from_secs(10), unread: Duration::from_secs(3) };

    /// What is due next, and how long after the last change.
    fn due(life: &Life) -> Option<(Over, Duration)> {
        let now = life.now();
        now.due(&BOUNDS).map(|(over, at)| (over, at - now.since))
    }

    #[test]
    fn a_connection_has_its_time_for_each_thing_it_waits_for() {
        let life = Life::new(BOUNDS);
        assert_eq!(due(&life), Some((Over::Silent, SECOND)));
        let mut one = life.begin();
        assert_eq!(due(&life), None, "the answer is being made");
        one.owe(true);
        assert_eq!(due(&life), Some((Over::Unread, 3 * SECOND)));
        one.owe(false);
        assert_eq!(due(&life), None, "the next piece was asked for");
        one.owe(true);
        let mut other = life.begin();
        let beside = due(&life).unwrap();
        assert_eq!(beside.0, Over::Unread, "one reader is slow, the other's answer is being made");
        other.owe(true);
        other.owe(false);
        assert!(due(&life).unwrap().1 < beside.1, "what goes on with the other is no excuse");
        drop((one, other));
        assert_eq!(due(&life), Some((Over::Idle, 10 * SECOND)));
        life.leave();
        assert_eq!(due(&life), Some((Over::Idle, LINGER)));
    }

    #[tokio::test]
    async fn what_is_due_ends_the_wait() {
        let unread = Duration::from_millis(1);
        let life = Life::new(Bounds { unread, ..BOUNDS });
        let mut exchange = life.begin();
        exchange.owe(true);
        assert_eq!(life.over().await, Over::Unread);
    }
}
