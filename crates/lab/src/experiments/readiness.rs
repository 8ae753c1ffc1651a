//! A pod refuses traffic for a while, and is alive.

use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use loljoa_loadtest::scenario::Kind;
use serde::{Deserialize, Serialize};
use tokio::time;

use super::{pods_over_time, rate};
use crate::{
    clients::{Ask, Asked, Clients},
    cluster::{self, Cluster},
    counters::{Counters, EVERY, Piece},
    kubelet::{Care, Kubelet},
    kubernetes::{self, Watched},
    pods::{Pods, name},
    report::{About, Findings},
    seen::{self, Seen},
    system::{Scene, base, block, ours},
    timeline::Timeline,
    undo::Undo,
    verdict::{Verdict, after},
};

/// What is asked for in turn.
const ASKS: [Ask; 3] = [Ask::Bet, Ask::Bet, Ask::Look];
/// Of the time, before anything happens.
const CALM: u32 = 5;

/// What is always the same.
pub const ABOUT: About = About {
    name: "readiness",
    title: "A pod refuses traffic for a while",
    what: "Clients bet at a steady rate. The pod of betting that takes most of the bets is told to refuse traffic, as \
        `POST /api/betting/block` does: its readiness fails, its liveness does not. It leaves the endpoints, others take over, and when it is \
        ready again it comes back. Nobody should notice.",
    then: "Each service had an endpoint `block`, which made its readiness fail for 15 seconds. They called it by hand and watched the pod leave and \
        come back. No figures of what clients saw are left.",
    why: "Readiness is advice for whoever sends traffic, and advice takes time: the probe's period, the failures that it takes, \
        the endpoints' way to every caller. Requests go on arriving meanwhile. So a pod that says `not ready` must go on serving: here it \
        does, and stops nothing that reached it. What clients would see of a pod that refuses at once is a 503 for every request of these seconds. \
        Batches meet in one replica (ADR 0043), which is why one pod takes nearly all bets and another takes them over.",
    stands_in: &[
        (
            "the readiness probe and the endpoints of the Service",
            "the lab asks /readyz each second, and writes the names that the gateway looks up",
        ),
        (
            "kube-proxy, or Envoy's endpoints",
            "the gateway's own balancer, which looks the name up every five seconds",
        ),
        (
            "POST /api/betting/block",
            "the same call at the pod itself, so that it is known which pod is meant",
        ),
    ],
};

/// How it is made.
#[derive(Args, Clone, Debug)]
pub struct Options {
    #[command(flatten)]
    pub(crate) cluster: cluster::Options,
    /// Pods of betting
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(2..=4))]
    pub pods: u8,
    /// For how long the pod refuses. Seconds
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(8..=300))]
    pub blocked: u32,
    /// How long it all takes. Seconds
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u64).range(14..=600))]
    pub seconds: u64,
    /// Requests a second
    #[arg(long, default_value_t = 100.0, value_parser = rate)]
    pub rate: f64,
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// By clients.
    pub seen: Seen,
    /// From the block until the pod had left the endpoints. Seconds.
    pub left: Option<f64>,
    /// From the block until it answered nothing more. Seconds.
    pub quiet: Option<f64>,
    /// From the block until it was among the endpoints again. Seconds.
    pub back: Option<f64>,
    /// What other pods answered while it was out.
    pub by_others: f64,
}

/// Makes the experiment on this machine.
///
/// # Errors
///
/// When a part does not start, or the pods cannot be looked after.
pub async fn run(scene: &Scene, options: &Options) -> anyhow::Result<Findings> {
    let mut lab = scene.lab(200, Vec::new()).await?;
    let (mut stack, world) = ours(&mut lab, usize::from(options.pods), Kind::HotMarket).await?;
    let length = Duration::from_secs(options.seconds);
    let clients = Clients::new(&base(&stack), world, options.rate, &ASKS)?;
    let replicas = stack.pods();
    let admins: Vec<_> = replicas.iter().map(|pod| pod.admin).collect();

    let timeline = Timeline::begin();
    timeline.note("bets begin");
    let kubelet = Kubelet::new(&lab, &mut stack, Care::BRISK, timeline.clone())?;
    let (pods, counters) = (kubelet.pods(), Counters::default());
    let script = async {
        time::sleep(length / CALM).await;
        let pod = counters.busiest();
        let replica = replicas.get(pod).context("there is no such pod")?;
        block(replica.service, options.blocked).await?;
        anyhow::Ok(blocked(pod, options.blocked, &pods, &timeline).await)
    };
    let asking = tokio::spawn(clients.run(timeline.clone(), length));
    let (at, asked) = tokio::select! {
        failed = kubelet.run() => match failed? {},
        () = counters.watch(&admins, &timeline) => anyhow::bail!("the counters are not watched any more"),
        both = async { (time::timeout(length, script).await, asking.await) } => (both.0, both.1?),
    };
    timeline.note("bets end");
    stack.stop().await;
    lab.stop().await;
    findings(&asked, at.ok().transpose()?, &counters, &timeline)
}

/// Makes the experiment on a cluster.
///
/// # Errors
///
/// When the release is not as expected, or something cannot be changed.
pub async fn on_cluster(cluster: &Cluster, undo: &Undo, options: &Options) -> anyhow::Result<Findings> {
    kubernetes::scale(cluster, undo, "betting", usize::from(options.pods)).await?;
    let admin = kubernetes::admin(cluster).await?;
    let length = Duration::from_secs(options.seconds);
    let world = cluster.world(options.rate * length.as_secs_f64()).await?;
    let clients = Clients::new(cluster.url.as_str(), world, options.rate, &ASKS)?.by(cluster.http.clone());

    let timeline = Timeline::begin();
    timeline.note("bets begin");
    let watched = Watched::begin(cluster, timeline.clone()).await?;
    let (pods, counters) = (watched.pods(), Counters::default());
    let script = async {
        time::sleep(length / CALM).await;
        let pod = watched.order(&admin, &format!("block?seconds={}", options.blocked)).await?;
        anyhow::Ok(blocked(pod, options.blocked, &pods, &timeline).await)
    };
    let asking = tokio::spawn(clients.run(timeline.clone(), length));
    let (at, asked) = tokio::select! {
        failed = watched.run() => match failed? {},
        () = watched.greet(&counters) => anyhow::bail!("nobody is greeted any more"),
        both = async { (time::timeout(length, script).await, asking.await) } => (both.0, both.1?),
    };
    timeline.note("bets end");
    findings(&asked, at.ok().transpose()?, &counters, &timeline)
}

fn findings(
    asked: &[Asked],
    at: Option<At>,
    counters: &Counters,
    timeline: &Timeline,
) -> anyhow::Result<Findings> {
    let facts = facts(asked, at, &counters.pieces());
    Ok(Findings {
        verdict: verdict(&facts),
        table: (seen::header(), vec![facts.seen.row("all")]),
        plots: pods_over_time(asked, counters, timeline)?,
        events: timeline.events(),
    })
}

/// When a pod was blocked, had left, and was back.
#[derive(Clone, Copy, Debug)]
struct At {
    pod: usize,
    blocked: f64,
    left: f64,
    back: f64,
}

/// Waits until a pod that refuses has left the endpoints, and is among them again.
async fn blocked(pod: usize, seconds: u32, pods: &Pods, timeline: &Timeline) -> At {
    timeline.note(format_args!("{} refuses traffic for {seconds} s", name(pod)));
    let blocked = timeline.seconds();
    pods.until(pod, |known| !known.is_in).await;
    let left = timeline.seconds();
    pods.until(pod, |known| known.is_in).await;
    At { pod, blocked, left, back: timeline.seconds() }
}

fn facts(asked: &[Asked], at: Option<At>, pieces: &[Vec<Piece>]) -> Facts {
    let seen = Seen::of(asked);
    let Some(At { pod, blocked, left, back }) = at else { return Facts { seen, ..Facts::default() } };
    let while_out = |piece: &&Piece| (left..back).contains(&piece.until);
    let quiet = pieces[pod].iter().filter(while_out).find(|piece| piece.rate <= 0.0);
    let others = pieces.iter().enumerate().filter(|(other, _)| *other != pod);
    let by_others = others
        .flat_map(|(_, pieces)| pieces.iter().filter(while_out))
        .map(|piece| piece.rate * EVERY.as_secs_f64());
    Facts {
        seen,
        left: Some(left - blocked),
        quiet: quiet.map(|piece| piece.until - blocked),
        back: Some(back - blocked),
        by_others: by_others.sum(),
    }
}

/// Whether nobody noticed.
#[must_use]
pub fn verdict(facts: &Facts) -> Verdict {
    let Facts { seen, left, quiet, back, by_others } = facts;
    let failed = seen.lost + seen.repeated;
    Verdict::default()
        .rule(
            "no request fails",
            failed == 0 && seen.requests > 0,
            format_args!("{failed} of {} failed ({})", seen.requests, seen.told()),
        )
        .rule("the pod leaves the endpoints", left.is_some(), after(*left))
        .rule("the pod gets nothing more then", quiet.is_some(), after(*quiet))
        .rule(
            "other pods take over",
            *by_others > 0.0,
            format_args!("{by_others:.0} answers while it was out"),
        )
        .rule("the pod comes back", back.is_some(), after(*back))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded() -> Facts {
        Facts {
            seen: Seen { requests: 4_000, p99_ms: 20.0, ..Seen::default() },
            left: Some(1.6),
            quiet: Some(5.0),
            back: Some(15.4),
            by_others: 900.0,
        }
    }

    #[test]
    fn a_pod_has_to_go_and_come_back_and_nobody_may_notice() {
        assert!(verdict(&recorded()).holds());
        let broken = |change: fn(&mut Facts)| {
            let mut facts = recorded();
            change(&mut facts);
            verdict(&facts).broken().len()
        };
        assert_eq!(broken(|facts| facts.seen.repeated = 1), 1);
        assert_eq!(broken(|facts| facts.left = None), 1);
        assert_eq!(broken(|facts| facts.quiet = None), 1);
        assert_eq!(broken(|facts| facts.back = None), 1);
        assert_eq!(broken(|facts| facts.by_others = 0.0), 1);
        assert_eq!(broken(|facts| *facts = Facts::default()), 5);
    }

    #[test]
    fn a_pod_is_quiet_from_its_first_piece_without_bets_while_it_is_out() {
        let piece = |until, rate| Piece { until, rate };
        let pieces = [
            vec![piece(1.0, 0.0), piece(5.0, 60.0), piece(9.0, 0.0), piece(20.0, 0.0)],
            vec![piece(5.0, 0.0), piece(9.0, 50.0), piece(20.0, 70.0)],
        ];
        let at = At { pod: 0, blocked: 3.0, left: 4.0, back: 18.0 };
        let facts = facts(&[], Some(at), &pieces);
        let told = (facts.left, facts.quiet, facts.back, facts.by_others);
        assert_eq!(told, (Some(1.0), Some(6.0), Some(15.0), 25.0));
    }
}
