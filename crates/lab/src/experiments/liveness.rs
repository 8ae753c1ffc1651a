//! A pod is turned off again and again, and restarted.

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
    counters::Counters,
    kubelet::{Care, Kubelet},
    kubernetes::{self, Watched},
    pods::{Pods, name},
    report::{About, Findings},
    seen::{self, Seen},
    system::{Scene, base, ours, turn_off},
    timeline::Timeline,
    undo::Undo,
    verdict::Verdict,
};

/// What is asked for in turn.
const ASKS: [Ask; 3] = [Ask::Bet, Ask::Bet, Ask::Look];
/// Before a pod is turned off, and between two times.
const CALM: Duration = Duration::from_secs(2);

/// What is always the same.
pub const ABOUT: About = About {
    name: "liveness",
    title: "A pod is turned off, and restarted",
    what: "Clients bet at a steady rate, and send a bet that failed again with the same key. The pod of betting that takes most of the bets is \
        turned off, as `POST /api/betting/turnoff` does: its liveness fails until it is restarted. That is done again and again, so that the back-off shows.",
    then: "Each service had an endpoint `turnoff`, which broke its liveness. They called it by hand and watched the pod being restarted. No figures of what \
        clients saw are left.",
    why: "Liveness is a last resort: what it ends loses whatever it was doing. Here a pod that is turned off is not ready either, so it \
        leaves the endpoints before it is ended; it ends by SIGTERM, so it answers what it has; and the gateway leaves alone a replica that does not \
        answer. What is left of a restart is what a client repeats: with the same key it gets the same bet. The back-off is the kubelet's: \
        the first restart is made at once, the next after 10 s, then after 20 s, and twice as long each time up to five minutes. It protects \
        whatever a crashing pod would hammer at its start. Ten minutes without a crash forget it.",
    stands_in: &[
        (
            "the liveness probe, three failures",
            "the lab asks /livez each second; the chart asks every five seconds",
        ),
        (
            "the kubelet's restart with back-off",
            "the lab starts the process again, after the kubelet's times",
        ),
        ("the endpoints of the Service", "the names that the gateway looks up every five seconds"),
        ("POST /api/betting/turnoff", "the same call at the pod itself"),
    ],
};

/// How it is made.
#[derive(Args, Clone, Debug)]
pub struct Options {
    #[command(flatten)]
    pub(crate) cluster: cluster::Options,
    /// Pods of betting
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(2..=4))]
    pub pods: u8,
    /// How often the pod is turned off; on a cluster once, since each time another pod may answer
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=5))]
    pub times: u8,
    /// How long it all takes at the most. Seconds
    #[arg(long, default_value_t = 75, value_parser = clap::value_parser!(u64).range(10..=600))]
    pub seconds: u64,
    /// Requests a second
    #[arg(long, default_value_t = 100.0, value_parser = rate)]
    pub rate: f64,
}

/// One time that the pod was turned off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Restart {
    /// From then until it was started again. Seconds.
    pub restarted: f64,
    /// From then until it was among the endpoints again. Seconds.
    pub back: f64,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// By clients.
    pub seen: Seen,
    /// How often the pod was to be turned off.
    pub times: usize,
    /// What came of each time.
    pub restarts: Vec<Restart>,
    /// Points that are not accounted for, where all of them were looked at.
    pub differences: Option<Vec<String>>,
}

/// Makes the experiment on this machine.
///
/// # Errors
///
/// When a part does not start, or the pods cannot be looked after.
pub async fn run(scene: &Scene, options: &Options) -> anyhow::Result<Findings> {
    let mut lab = scene.lab(200, Vec::new()).await?;
    let (mut stack, world) = ours(&mut lab, usize::from(options.pods), Kind::HotMarket).await?;
    let most = Duration::from_secs(options.seconds);
    let clients = Clients::new(&base(&stack), world.clone(), options.rate, &ASKS)?.that_insist();
    let replicas = stack.pods();
    let admins: Vec<_> = replicas.iter().map(|pod| pod.admin).collect();

    let timeline = Timeline::begin();
    timeline.note("bets begin");
    let kubelet = Kubelet::new(&lab, &mut stack, Care::BRISK, timeline.clone())?;
    let (pods, counters) = (kubelet.pods(), Counters::default());
    let (end, ended) = tokio::sync::oneshot::channel();
    let asking = tokio::spawn(clients.run_until(timeline.clone(), most, ended));
    let script = async {
        let mut restarts = Vec::new();
        time::sleep(CALM).await;
        let pod = counters.busiest();
        let replica = replicas.get(pod).context("there is no such pod")?.service;
        for _ in 0..options.times {
            let before = pods.of(pod).map_or(0, |known| known.restarts);
            turn_off(replica).await?;
            restarts.push(turned_off(pod, before, &pods, &timeline).await);
            time::sleep(CALM).await;
        }
        let _ = end.send(());
        anyhow::Ok(restarts)
    };
    let (restarts, asked) = tokio::select! {
        failed = kubelet.run() => match failed? {},
        () = counters.watch(&admins, &timeline) => anyhow::bail!("the counters are not watched any more"),
        both = async { (time::timeout(most, script).await, asking.await) } => (both.0, both.1?),
    };
    timeline.note("bets end");
    let accepted = asked.iter().filter(|asked| asked.ask == Ask::Bet && asked.is_good).count();
    let audit = lab.audit(&stack, &world, u64::try_from(accepted)?).await?;
    stack.stop().await;
    lab.stop().await;
    let facts = Facts {
        seen: Seen::of(&asked),
        times: usize::from(options.times),
        restarts: restarts.ok().transpose()?.unwrap_or_default(),
        differences: Some(audit.differences),
    };
    findings(&facts, &asked, &counters, &timeline)
}

/// Makes the experiment on a cluster, where a pod is turned off once.
///
/// # Errors
///
/// When the release is not as expected, or something cannot be changed.
pub async fn on_cluster(cluster: &Cluster, undo: &Undo, options: &Options) -> anyhow::Result<Findings> {
    kubernetes::scale(cluster, undo, "betting", usize::from(options.pods)).await?;
    let admin = kubernetes::admin(cluster).await?;
    let most = Duration::from_secs(options.seconds);
    let world = cluster.world(options.rate * most.as_secs_f64()).await?;
    let clients = Clients::new(cluster.url.as_str(), world, options.rate, &ASKS)?;
    let clients = clients.by(cluster.http.clone()).that_insist();

    let timeline = Timeline::begin();
    timeline.note("bets begin");
    let watched = Watched::begin(cluster, timeline.clone()).await?;
    let (pods, counters) = (watched.pods(), Counters::default());
    let (end, ended) = tokio::sync::oneshot::channel();
    let asking = tokio::spawn(clients.run_until(timeline.clone(), most, ended));
    let script = async {
        time::sleep(CALM * 3).await;
        let pod = watched.order(&admin, "turnoff").await?;
        let before = pods.of(pod).map_or(0, |known| known.restarts);
        let restart = turned_off(pod, before, &pods, &timeline).await;
        time::sleep(CALM * 3).await;
        let _ = end.send(());
        anyhow::Ok(vec![restart])
    };
    let (restarts, asked) = tokio::select! {
        failed = watched.run() => match failed? {},
        () = watched.greet(&counters) => anyhow::bail!("nobody is greeted any more"),
        both = async { (time::timeout(most, script).await, asking.await) } => (both.0, both.1?),
    };
    timeline.note("bets end");
    let facts = Facts {
        seen: Seen::of(&asked),
        times: 1,
        restarts: restarts.ok().transpose()?.unwrap_or_default(),
        differences: None,
    };
    findings(&facts, &asked, &counters, &timeline)
}

fn findings(
    facts: &Facts,
    asked: &[Asked],
    counters: &Counters,
    timeline: &Timeline,
) -> anyhow::Result<Findings> {
    Ok(Findings {
        verdict: verdict(facts),
        table: (seen::header(), vec![facts.seen.row("all")]),
        plots: pods_over_time(asked, counters, timeline)?,
        events: timeline.events(),
    })
}

/// Waits until a pod that is turned off was restarted, and is back.
async fn turned_off(pod: usize, before: u32, pods: &Pods, timeline: &Timeline) -> Restart {
    timeline.note(format_args!("{} is turned off", name(pod)));
    let off = timeline.seconds();
    pods.until(pod, |known| known.restarts > before).await;
    let restarted = timeline.seconds() - off;
    pods.until(pod, |known| known.is_in).await;
    Restart { restarted, back: timeline.seconds() - off }
}

/// Whether the pod came back each time, and nothing was lost.
#[must_use]
pub fn verdict(facts: &Facts) -> Verdict {
    let Facts { seen, times, restarts, differences } = facts;
    let longer = restarts.windows(2).all(|pair| pair[1].restarted > pair[0].restarted);
    let told: Vec<_> = restarts.iter().map(|restart| format!("{:.1} s", restart.restarted)).collect();
    let verdict = Verdict::default()
        .rule(
            "no request is lost",
            seen.lost == 0 && seen.requests > 0,
            format_args!("{} lost, {} sent again ({})", seen.lost, seen.repeated, seen.told()),
        )
        .rule(
            "the pod is restarted each time, and comes back",
            restarts.len() == *times,
            format_args!("{} of {times} times", restarts.len()),
        )
        .rule("each restart waits longer than the one before", longer, told.join(", "));
    let Some(differences) = differences else { return verdict };
    let told = if differences.is_empty() { "no differences".to_owned() } else { differences.join("; ") };
    verdict.rule("every point is accounted for", differences.is_empty(), told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded() -> Facts {
        let restart = |restarted| Restart { restarted, back: restarted + 1.5 };
        Facts {
            seen: Seen { requests: 6_000, repeated: 3, ..Seen::default() },
            times: 3,
            restarts: vec![restart(3.4), restart(13.5), restart(23.4)],
            differences: Some(Vec::new()),
        }
    }

    #[test]
    fn what_failed_may_be_sent_again_and_nothing_may_be_lost() {
        assert!(verdict(&recorded()).holds());
        let broken = |change: fn(&mut Facts)| {
            let mut facts = recorded();
            change(&mut facts);
            verdict(&facts).broken().len()
        };
        assert_eq!(broken(|facts| facts.seen.lost = 1), 1);
        assert_eq!(broken(|facts| facts.restarts.truncate(2)), 1);
        assert_eq!(broken(|facts| facts.restarts[2].restarted = 5.0), 1, "no back-off");
        assert_eq!(broken(|facts| facts.differences = Some(vec!["a pool differs".into()])), 1);
    }
}
