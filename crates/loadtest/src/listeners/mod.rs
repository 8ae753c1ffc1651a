//! Who listens to a market: thousands of event streams, each of which notes when it heard of which bets.

mod listener;

use std::{net::SocketAddr, sync::PoisonError, time::Duration};

use anyhow::Context;
use futures::future::try_join_all;
use tokio::{
    task::JoinSet,
    time::{self, Instant},
};

use listener::{Ear, Listener};

use crate::{
    console::complain,
    engine::Spread,
    results::Latency,
    scenario::{Market, World},
};

/// Streams that are opened at once, so that none finds the listener's queue full.
const OPENED_AT_ONCE: usize = 64;
const TOLD_EVERY: Duration = Duration::from_secs(5);
/// How long listeners may be behind when no more bets come.
const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);

/// A bet that listeners should hear of.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// When it was recorded.
    pub at: Instant,
    /// What the pool of its market was with it.
    pub pool: i64,
}

/// All who listen.
pub struct Crowd {
    ears: Vec<Ear>,
    // Ends them when it is dropped.
    _listening: JoinSet<()>,
}

/// What they heard.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// From when a bet was recorded until a listener heard of it, over all bets and all listeners.
    pub lag: Latency,
    /// Updates of the market that were read.
    pub updates: u64,
    /// Listeners that broke, or were behind for too long, by what was wrong.
    pub errors: Vec<String>,
}

impl Crowd {
    /// Has `count` listen to the market's match, by turns at each of `addresses`. Each knows how the market is now when this is done.
    ///
    /// # Errors
    ///
    /// When one of them is not let in.
    pub async fn gather(
        addresses: &[SocketAddr],
        world: &World,
        market: &Market,
        count: usize,
    ) -> anyhow::Result<Self> {
        anyhow::ensure!(!addresses.is_empty(), "there is nobody to listen to");
        let host = world.host.to_str()?;
        let request = format!(
            "GET /api/betting/stream?matchId={} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n\r\n",
            market.match_id
        );
        let (mut ears, mut listening, mut told) = (Vec::with_capacity(count), JoinSet::new(), Instant::now());
        while ears.len() < count {
            let some = (count - ears.len()).min(OPENED_AT_ONCE);
            let turns = addresses.iter().cycle().skip(ears.len() % addresses.len().max(1)).take(some);
            let opening = turns.map(|address| Listener::open(*address, request.as_bytes(), market.market_id));
            let opened = try_join_all(opening).await;
            let opened = opened.with_context(|| {
                format!(
                    "no listener after {} gets in; each takes a file here and one there (ulimit -n)",
                    ears.len()
                )
            })?;
            for listener in opened {
                ears.push(listener.ear());
                listening.spawn(listener.listen());
            }
            if told.elapsed() >= TOLD_EVERY {
                complain(format_args!("  {} of {count} listen", ears.len()));
                told = Instant::now();
            }
        }
        Ok(Self { ears, _listening: listening })
    }

    /// Waits until everybody has heard of all `bets`, which are in the order in which they were recorded.
    pub async fn heard(self, bets: &[Told]) -> Heard {
        let last = bets.last().map_or(0, |bet| bet.pool);
        let all = async {
            while self.ears.iter().any(|ear| is_behind(ear, last)) {
                time::sleep(POLL).await;
            }
        };
        // Whoever is still behind is counted below.
        let _ = time::timeout(PATIENCE, all).await;
        heard(&self.ears, bets)
    }
}

fn heard(ears: &[Ear], bets: &[Told]) -> Heard {
    let (mut spread, mut heard) = (Spread::default(), Heard::default());
    for ear in ears {
        let ear = ear.lock().unwrap_or_else(PoisonError::into_inner);
        heard.updates += ear.updates.len() as u64;
        let updates = ear.updates.iter().map(|update| (update.at, update.pool));
        let missed = bets.len() - lags(bets, updates, |lag| spread.note(lag));
        if let Some(broken) = &ear.broken {
            heard.errors.push(format!("a listener: {broken}"));
        } else if missed > 0 {
            heard.errors.push("a listener did not hear of every bet".to_owned());
        }
    }
    heard.lag = spread.told();
    heard
}

fn is_behind(ear: &Ear, last: i64) -> bool {
    let heard = ear.lock().unwrap_or_else(PoisonError::into_inner);
    heard.broken.is_none() && heard.updates.last().is_none_or(|update| update.pool < last)
}

/// Tells of each bet how long it took until an update included it, and answers how many were included at all. An update includes
/// a bet when the pool is what it was with the bet, or more.
fn lags(
    bets: &[Told],
    updates: impl Iterator<Item = (Instant, i64)>,
    mut told: impl FnMut(Duration),
) -> usize {
    let mut included = 0;
    for (at, pool) in updates {
        while let Some(bet) = bets.get(included).filter(|bet| bet.pool <= pool) {
            told(at.saturating_duration_since(bet.at));
            included += 1;
        }
    }
    included
}

#[cfg(test)]
mod tests {
    use super::*;
    use listener::Update;

    fn ear(pools: &[i64], broken: Option<&str>) -> Ear {
        let updates = pools.iter().map(|pool| Update { at: Instant::now(), pool: *pool });
        let (updates, broken) = (updates.collect(), broken.map(str::to_owned));
        Ear::new(std::sync::Mutex::new(listener::Heard { updates, broken }))
    }

    #[test]
    fn who_breaks_or_stays_behind_is_an_error() {
        let bets = [100, 200].map(|pool| Told { at: Instant::now(), pool });
        let ears = [ear(&[0, 100, 200], None), ear(&[0, 100], None), ear(&[0], Some("the stream was ended"))];
        assert_eq!(ears.iter().map(|ear| is_behind(ear, 200)).collect::<Vec<_>>(), [false, true, false]);
        let heard = heard(&ears, &bets);
        let expected = ["a listener did not hear of every bet", "a listener: the stream was ended"];
        assert_eq!(heard.errors, expected);
        assert_eq!(heard.updates, 6);
    }

    #[test]
    fn a_bet_is_heard_of_with_the_first_update_that_includes_it() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let bets = [(10, 100), (20, 200), (300, 300), (900, 400)].map(|(ms, pool)| Told { at: at(ms), pool });
        let mut found = Vec::new();
        let updates = [(0, 0), (250, 200), (500, 300)].map(|(ms, pool)| (at(ms), pool));
        let included = lags(&bets, updates.into_iter(), |lag| found.push(lag.as_millis()));
        assert_eq!(found, [240, 230, 200]);
        assert_eq!(included, 3, "of the last nobody has heard");
    }
}
