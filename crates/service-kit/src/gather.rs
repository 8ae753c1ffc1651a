//! Batches that are worth their price.
//!
//! A batch costs much before its first item: a call, a transaction, a commit. So workers that share a queue do not each take
//! whatever has just come. While no batch is under way, the next begins at once, and nobody waits on an idle system. While one is,
//! another begins only with enough items to pay for itself, or after a short wait, so that a batch that hangs holds nobody up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Mutex, Notify, mpsc},
    time::{self, Instant},
};

use crate::config::Problems;

/// How often a worker that gathers looks whether there is enough.
const LOOK: Duration = Duration::from_millis(1);

/// When a batch begins while another is under way.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gathering {
    /// With so many items, at once.
    pub further_from: usize,
    /// With fewer, after so long. Milliseconds.
    pub wait_ms: u64,
}

impl Default for Gathering {
    fn default() -> Self {
        Self { further_from: 128, wait_ms: 20 }
    }
}

impl Gathering {
    /// Complains about what makes no sense, below `key`.
    pub fn check(&self, key: &str, problems: &mut Problems) {
        let positive = self.further_from > 0;
        problems.require(positive, &format!("{key}.further_from"), self.further_from, "must be 1 or more");
        let short = self.wait_ms <= 1_000;
        problems.require(short, &format!("{key}.wait_ms"), self.wait_ms, "must be 1000 or less");
    }
}

/// The receiving end of a queue, shared by workers. Cheap to clone.
#[derive(Debug)]
pub struct Batches<T> {
    shared: Arc<Shared<T>>,
}

#[derive(Debug)]
struct Shared<T> {
    queue: Mutex<Queue<T>>,
    gathering: Gathering,
    limit: usize,
    weigh: fn(&T) -> usize,
    count: Arc<Count>,
}

#[derive(Debug)]
struct Queue<T> {
    items: mpsc::Receiver<T>,
    /// What did not fit into the batch before.
    carried: Option<T>,
}

/// How many batches are under way.
#[derive(Debug, Default)]
struct Count {
    under_way: AtomicUsize,
    ended: Notify,
}

/// What is worked on together. It is under way until all of it is dropped: its items can be taken out before.
#[derive(Debug)]
pub struct Batch<T> {
    /// In the order in which they came; at least one.
    pub items: Vec<T>,
    _under_way: UnderWay,
}

#[derive(Debug)]
struct UnderWay(Arc<Count>);

impl UnderWay {
    fn begin(count: &Arc<Count>) -> Self {
        count.under_way.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
        self.0.ended.notify_one();
    }
}

impl<T> Clone for Batches<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Batches<T> {
    /// Batches of what comes through `items`, each up to `limit` in weight, but of one item at least.
    #[must_use]
    pub fn new(items: mpsc::Receiver<T>, limit: usize, weigh: fn(&T) -> usize, gathering: Gathering) -> Self {
        let queue = Mutex::new(Queue { items, carried: None });
        Self { shared: Arc::new(Shared { queue, gathering, limit, weigh, count: Arc::default() }) }
    }

    /// Waits for the next batch; none when no more will come.
    pub async fn next(&self) -> Option<Batch<T>> {
        let Shared { queue, gathering, limit, weigh, count } = &*self.shared;
        let mut queue = queue.lock().await;
        let first = match queue.carried.take() {
            Some(carried) => carried,
            None => queue.items.recv().await?,
        };
        let mut weight = weigh(&first);
        let mut items = vec![first];
        let until = Instant::now() + Duration::from_millis(gathering.wait_ms);
        loop {
            weight = queue.fill(&mut items, weight, *limit, *weigh);
            let is_enough = weight >= gathering.further_from || queue.carried.is_some();
            if is_enough || count.under_way.load(Ordering::Relaxed) == 0 || Instant::now() >= until {
                break;
            }
            let _ = time::timeout(LOOK, count.ended.notified()).await;
        }
        Some(Batch { items, _under_way: UnderWay::begin(count) })
    }
}

impl<T> Queue<T> {
    /// Adds what waits, as far as it fits, and answers the new weight.
    fn fill(&mut self, items: &mut Vec<T>, mut weight: usize, limit: usize, weigh: fn(&T) -> usize) -> usize {
        while self.carried.is_none()
            && weight < limit
            && let Ok(item) = self.items.try_recv()
        {
            let heavier = weight + weigh(&item);
            if heavier > limit {
                self.carried = Some(item);
                break;
            }
            weight = heavier;
            items.push(item);
        }
        weight
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, poll};

    use super::*;

    /// Nobody waits so long here.
    const FOREVER: u64 = 600_000;

    fn batches(limit: usize, wait_ms: u64) -> (mpsc::Sender<usize>, Batches<usize>) {
        let (sender, receiver) = mpsc::channel(100);
        (sender, Batches::new(receiver, limit, |weight| *weight, Gathering { further_from: 3, wait_ms }))
    }

    async fn send(sender: &mpsc::Sender<usize>, items: &[usize]) {
        for item in items {
            sender.send(*item).await.unwrap();
        }
    }

    #[tokio::test]
    async fn on_an_idle_system_nobody_waits() {
        let (sender, batches) = batches(10, FOREVER);
        for _ in 0..2 {
            send(&sender, &[1]).await;
            assert_eq!(batches.next().now_or_never().unwrap().unwrap().items, [1]);
        }
    }

    #[tokio::test]
    async fn while_a_batch_is_under_way_the_next_waits_until_it_is_worth_it() {
        let (sender, batches) = batches(10, FOREVER);
        send(&sender, &[1]).await;
        let first = batches.next().await.unwrap();
        // As its worker does.
        drop(first.items);
        send(&sender, &[1, 1]).await;
        let mut second = Box::pin(batches.next());
        assert!(poll!(&mut second).is_pending());
        time::sleep(3 * LOOK).await;
        assert!(poll!(&mut second).is_pending());
        send(&sender, &[1]).await;
        assert_eq!(second.await.unwrap().items, [1, 1, 1]);
    }

    #[tokio::test]
    async fn when_a_batch_lands_the_next_begins_with_what_is_there() {
        let (sender, batches) = batches(10, FOREVER);
        send(&sender, &[1]).await;
        let first = batches.next().await.unwrap();
        send(&sender, &[1]).await;
        let mut second = Box::pin(batches.next());
        assert!(poll!(&mut second).is_pending());
        drop(first);
        assert_eq!(second.await.unwrap().items, [1]);
    }

    #[tokio::test]
    async fn a_batch_that_hangs_holds_the_next_up_for_a_moment_only() {
        let (sender, batches) = batches(10, 5);
        send(&sender, &[1]).await;
        let _hanging = batches.next().await.unwrap();
        send(&sender, &[1]).await;
        let mut second = Box::pin(batches.next());
        assert!(poll!(&mut second).is_pending());
        assert_eq!(second.await.unwrap().items, [1]);
    }

    #[tokio::test]
    async fn what_does_not_fit_is_the_first_of_the_next_and_a_giant_goes_alone() {
        let (sender, batches) = batches(10, FOREVER);
        send(&sender, &[6, 4, 3, 8, 20, 1]).await;
        drop(sender);
        let mut sizes = Vec::new();
        while let Some(batch) = batches.next().await {
            sizes.push(batch.items.clone());
        }
        assert_eq!(sizes, [vec![6, 4], vec![3], vec![8], vec![20], vec![1]]);
    }
}
