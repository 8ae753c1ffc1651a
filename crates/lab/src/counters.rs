//! What each replica says of its own work: bets a second, from its counters.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::join_all;
use loljoa_loadtest::report::Line;
use reqwest::Client;
use tokio::time;

use crate::{pods::name, timeline::Timeline};

/// Between two looks at the replicas, so the length of a piece.
pub const EVERY: Duration = Duration::from_millis(500);
/// Each bet that a replica decided.
const BETS: &str = "loljoa_bets_total";

/// What a replica did in one piece of the time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    /// When it ended, since the load began. Seconds.
    pub until: f64,
    /// Bets, or answers, a second.
    pub rate: f64,
}

/// The pieces of each replica, in their order. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Counters(Arc<Mutex<Vec<Vec<Piece>>>>);

impl Counters {
    /// Reads the counters of the replicas with these admin ports again and again.
    pub async fn watch(&self, admins: &[SocketAddr], timeline: &Timeline) {
        let http = Client::builder().timeout(EVERY).build().unwrap_or_default();
        let mut before: Vec<(f64, f64)> = vec![(timeline.seconds(), f64::NAN); admins.len()];
        *self.lock() = vec![Vec::new(); admins.len()];
        let mut ticks = time::interval(EVERY);
        loop {
            ticks.tick().await;
            let read = join_all(admins.iter().map(|admin| count(&http, *admin))).await;
            let now = timeline.seconds();
            for (pod, count) in read.into_iter().enumerate() {
                // One that does not answer decides nothing.
                let (since, last) = before[pod];
                let more = count.map_or(0.0, |count| if count >= last { count - last } else { count });
                let rate = more / (now - since).max(0.001);
                if last.is_finite() {
                    self.lock()[pod].push(Piece { until: now, rate });
                }
                before[pod] = (now, count.unwrap_or(if last.is_nan() { 0.0 } else { last }));
            }
        }
    }

    /// Adds a piece for each replica, where they are counted otherwise.
    pub fn add(&self, pieces: Vec<Piece>) {
        let mut all = self.lock();
        let count = pieces.len().max(all.len());
        all.resize_with(count, Vec::new);
        for (pod, piece) in pieces.into_iter().enumerate() {
            all[pod].push(piece);
        }
    }

    /// What each replica did so far.
    #[must_use]
    pub fn pieces(&self) -> Vec<Vec<Piece>> {
        self.lock().clone()
    }

    /// The replica that decided most lately.
    #[must_use]
    pub fn busiest(&self) -> usize {
        let pieces = self.lock();
        let lately = |pod: &usize| pieces[*pod].iter().rev().take(3).map(|piece| piece.rate).sum::<f64>();
        (0..pieces.len()).max_by(|one, other| lately(one).total_cmp(&lately(other))).unwrap_or_default()
    }

    /// A line for each replica.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let line = |(pod, pieces): (usize, &Vec<Piece>)| Line {
            name: name(pod),
            points: pieces.iter().map(|piece| (piece.until, piece.rate)).collect(),
        };
        self.lock().iter().enumerate().map(line).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Piece>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn count(http: &Client, admin: SocketAddr) -> Option<f64> {
    let answer = http.get(format!("http://{admin}/metrics")).send().await.ok()?;
    Some(sum(&answer.text().await.ok()?))
}

/// The sum of all series of the counter.
fn sum(metrics: &str) -> f64 {
    let of = metrics.lines().filter(|line| {
        line.strip_prefix(BETS).is_some_and(|rest| rest.starts_with('{') || rest.starts_with(' '))
    });
    of.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_the_sum_of_its_series() {
        let metrics = "# HELP loljoa_bets_total Bets.\nloljoa_bets_total{result=\"placed\"} 40\n\
            loljoa_bets_total{result=\"refused\"} 2\nloljoa_bets_total_other 100\n";
        assert_eq!(vec![sum(metrics)], vec![42.0]);
    }
}
