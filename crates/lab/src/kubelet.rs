//! What Kubernetes does for pods, done for the processes of this machine: probes, endpoints, restarts with back-off.
//!
//! Every replica of betting is probed. One that is not ready is taken out of the names that gateways look up, as it would leave
//! the endpoints of its Service. One that is not alive is told to end, and started again; so is one that has ended.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use futures::future::join_all;
use loljoa_loadtest::lab::{Lab, Stack};
use nix::sys::signal::Signal;
use reqwest::Client;
use tokio::time::{self, Instant};

use crate::{
    pods::{Known, Pods, name},
    timeline::Timeline,
};

/// Between the first restart's end and the second's beginning, as a kubelet has it; then twice as long each time.
const BACK_OFF: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_mins(5);
/// How long a probe waits.
const PATIENCE: Duration = Duration::from_secs(1);

/// How pods are looked after.
#[derive(Clone, Copy, Debug)]
pub struct Care {
    /// Between two probes.
    pub every: Duration,
    /// So many failures of readiness in a row take a pod out.
    pub unready_after: u32,
    /// So many failures of liveness in a row end it.
    pub dead_after: u32,
    /// What is told to end may take so long.
    pub grace: Duration,
    /// Whether a pod that ends again and again waits before it is started.
    pub backs_off: bool,
}

impl Care {
    /// As the chart has it, but for the time between probes: a second instead of two and five.
    pub const BRISK: Self = Self {
        every: Duration::from_secs(1),
        unready_after: 2,
        dead_after: 3,
        grace: Duration::from_secs(15),
        backs_off: true,
    };
}

/// One pod, as it is looked after.
struct Kept {
    admin: SocketAddr,
    unready: u32,
    dead: u32,
    is_in: bool,
    is_starting: bool,
    deaths: u32,
    restarts: u32,
    ending: Option<Instant>,
    waits_until: Option<Instant>,
}

/// Looks after the pods of one stack.
pub struct Kubelet<'a> {
    lab: &'a Lab,
    stack: &'a mut Stack,
    care: Care,
    timeline: Timeline,
    known: Pods,
    kept: Vec<Kept>,
    /// Which of them callers were told of.
    told: Vec<bool>,
    http: Client,
}

impl<'a> Kubelet<'a> {
    /// One that does not look yet.
    ///
    /// # Errors
    ///
    /// When the HTTP client cannot be made.
    pub fn new(lab: &'a Lab, stack: &'a mut Stack, care: Care, timeline: Timeline) -> anyhow::Result<Self> {
        let kept = |admin| Kept {
            admin,
            unready: 0,
            dead: 0,
            is_in: true,
            is_starting: true,
            deaths: 0,
            restarts: 0,
            ending: None,
            waits_until: None,
        };
        let kept: Vec<_> = stack.pods().into_iter().map(|pod| kept(pod.admin)).collect();
        let http = Client::builder().timeout(PATIENCE).build()?;
        let told = vec![true; kept.len()];
        let kubelet = Self { lab, stack, care, timeline, known: Pods::default(), kept, told, http };
        kubelet.tell();
        Ok(kubelet)
    }

    /// What it will know of the pods.
    #[must_use]
    pub fn pods(&self) -> Pods {
        self.known.clone()
    }

    /// Looks after them until it is dropped.
    ///
    /// # Errors
    ///
    /// When a pod cannot be started again, or its callers cannot be told.
    pub async fn run(mut self) -> anyhow::Result<Infallible> {
        let mut ticks = time::interval(self.care.every);
        loop {
            ticks.tick().await;
            self.look().await?;
        }
    }

    async fn look(&mut self) -> anyhow::Result<()> {
        for (pod, signal) in self.known.signals() {
            self.stack.signal(pod, signal);
        }
        let admins: Vec<_> = self.kept.iter().map(|kept| kept.admin).collect();
        let probed = join_all(admins.into_iter().map(|admin| probe(&self.http, admin))).await;
        for (pod, (is_ready, is_live)) in probed.into_iter().enumerate() {
            self.keep_running(pod, is_live).await?;
            self.note_readiness(pod, is_ready);
        }
        let ready: Vec<_> = self.kept.iter().map(|kept| kept.is_in).collect();
        if ready != self.told {
            self.lab.route(self.stack, &ready)?;
            self.told = ready;
        }
        self.tell();
        Ok(())
    }

    async fn keep_running(&mut self, pod: usize, is_live: bool) -> anyhow::Result<()> {
        let now = Instant::now();
        let kept = &mut self.kept[pod];
        if let Some(until) = kept.waits_until {
            if now >= until {
                self.lab.start_again(self.stack, pod).await?;
                kept.restarts += 1;
                (kept.waits_until, kept.dead, kept.is_starting) = (None, 0, true);
                self.timeline.note(format_args!(
                    "{} is started again (restart {})",
                    name(pod),
                    kept.restarts
                ));
            }
            return Ok(());
        }
        if self.stack.has_ended(pod)? {
            let wait = if self.care.backs_off { back_off(kept.restarts) } else { Duration::ZERO };
            let next = if wait.is_zero() { "at once".to_owned() } else { format!("in {} s", wait.as_secs()) };
            self.timeline.note(format_args!("{} has ended; it is started again {next}", name(pod)));
            kept.deaths += 1;
            (kept.waits_until, kept.ending) = (Some(now + wait), None);
            return Ok(());
        }
        if let Some(since) = kept.ending {
            if since.elapsed() > self.care.grace {
                self.stack.signal(pod, Signal::SIGKILL);
            }
            return Ok(());
        }
        // What was just started answers nobody yet; its startup probe waits.
        kept.is_starting &= !is_live;
        kept.dead = if is_live || kept.is_starting { 0 } else { kept.dead + 1 };
        if kept.dead >= self.care.dead_after {
            self.timeline.note(format_args!(
                "{} failed liveness {} times, and is told to end",
                name(pod),
                kept.dead
            ));
            self.stack.signal(pod, Signal::SIGTERM);
            kept.ending = Some(now);
        }
        Ok(())
    }

    fn note_readiness(&mut self, pod: usize, is_ready: bool) {
        let kept = &mut self.kept[pod];
        kept.unready = if is_ready { 0 } else { kept.unready + 1 };
        let is_gone = kept.waits_until.is_some();
        if kept.is_in && (is_gone || kept.unready >= self.care.unready_after) {
            kept.is_in = false;
            self.timeline.note(format_args!("{} leaves the endpoints", name(pod)));
        } else if !kept.is_in && is_ready {
            kept.is_in = true;
            self.timeline.note(format_args!("{} is among the endpoints again", name(pod)));
        }
    }

    fn tell(&self) {
        let known = |kept: &Kept| Known { is_in: kept.is_in, deaths: kept.deaths, restarts: kept.restarts };
        self.known.set(self.kept.iter().map(known).collect());
    }
}

/// How long a pod waits that was started again so often: not at all, then 10 s, and twice as long each time.
fn back_off(restarts: u32) -> Duration {
    match restarts {
        0 => Duration::ZERO,
        more => BACK_OFF.saturating_mul(2_u32.saturating_pow(more - 1)).min(LONGEST),
    }
}

async fn probe(http: &Client, admin: SocketAddr) -> (bool, bool) {
    let ask = async |path: &str| {
        let answer = http.get(format!("http://{admin}{path}")).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    };
    (ask("/readyz").await, ask("/livez").await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_that_ends_again_and_again_waits_longer_each_time_and_no_longer_than_five_minutes() {
        let waits = [0, 1, 2, 3, 6, 40].map(|restarts| back_off(restarts).as_secs());
        assert_eq!(waits, [0, 10, 20, 40, 300, 300]);
    }
}
