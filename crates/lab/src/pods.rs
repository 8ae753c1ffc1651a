//! What is known of pods, and what is asked of them, while they are looked after.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use nix::sys::signal::Signal;
use tokio::time;

/// What is known of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Whether its callers know it.
    pub is_in: bool,
    /// How often its process has ended.
    pub deaths: u32,
    /// How often it was started again.
    pub restarts: u32,
}

/// What is known of all pods. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Pods(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    known: Vec<Known>,
    /// Signals that pods are to get.
    signals: Vec<(usize, Signal)>,
}

impl Pods {
    /// What is known of one.
    #[must_use]
    pub fn of(&self, pod: usize) -> Option<Known> {
        self.lock().known.get(pod).copied()
    }

    /// Waits until what is known of a pod is as wanted.
    pub async fn until(&self, pod: usize, is_wanted: impl Fn(Known) -> bool) -> Known {
        loop {
            if let Some(known) = self.of(pod).filter(|known| is_wanted(*known)) {
                return known;
            }
            time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Lets a pod's process get a signal.
    pub fn signal(&self, pod: usize, signal: Signal) {
        self.lock().signals.push((pod, signal));
    }

    /// Takes note of what is known now.
    pub(crate) fn set(&self, pods: Vec<Known>) {
        self.lock().known = pods;
    }

    /// The signals that pods are to get, once.
    pub(crate) fn signals(&self) -> Vec<(usize, Signal)> {
        mem::take(&mut self.lock().signals)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a pod is called.
#[must_use]
pub fn name(pod: usize) -> String {
    format!("betting-{}", pod + 1)
}
