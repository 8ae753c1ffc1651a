//! The process of a pod dies at a chosen step of a bet.

use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, builder::PossibleValuesParser};
use loljoa_loadtest::scenario::Kind;
use serde::{Deserialize, Serialize};
use tokio::time;

use super::{kill_pods::SERVICES, pods_over_time, rate};
use crate::{
    clients::{Ask, Clients},
    cluster,
    counters::Counters,
    kubelet::{Care, Kubelet},
    pods::{Pods, name},
    report::{About, Findings},
    seen::{self, Seen},
    serve::Kill,
    system::{Scene, base, ours},
    timeline::Timeline,
    verdict::Verdict,
};

/// Before a process is killed, and between two.
const CALM: Duration = Duration::from_secs(2);
/// For so long a process may go on that is to die at its next batch.
const DIES: Duration = Duration::from_secs(10);
/// For so long a pod may take to be back.
const RETURNS: Duration = Duration::from_secs(30);

/// What is always the same.
pub const ABOUT: About = About {
    name: "kill",
    title: "Killed in the middle of a bet",
    what: "Clients bet at a steady rate, and send a bet that failed again with the same key. The process of the pod that takes the bets dies at a \
        chosen step of a batch, as by kill -9: before the stakes are taken, after they were taken and before the bets are recorded, and after \
        that and before anybody is answered. In the end every bet must be there once, and every point accounted for.",
    then: "They found distributed transactions hard. That a bet which spans two services is applied once, or not at all, whatever crashes, is what this \
        project owes to that.",
    why: "The ids of a bet and of its stake are derived from the account and the client's key, so whoever sends the same bet again means the same \
        rows. Killed before the debit, nothing has happened, and the repetition is the bet. Killed after the debit, the stake is there; the repetition finds \
        it and records the bet; if nobody repeats, the reconciler writes a tombstone and the stake goes back. Killed after the record, the bet \
        is there, and the repetition is told so. A whole batch dies at once: dozens of clients see a broken call in the same moment, \
        and each gets its own bet by asking again. \
        While there is time the gateway asks again by itself, so that most clients only wait a little.",
    stands_in: &[
        (
            "kill -9 in a container at a moment that nobody can choose",
            "a fail point in betting, set by a signal, at which the process aborts",
        ),
        (
            "the kubelet's restart",
            "the lab starts the process again at once; a kubelet waits longer each time",
        ),
    ],
};

/// How it is made.
#[derive(Args, Clone, Debug)]
pub struct Options {
    #[command(flatten)]
    pub(crate) cluster: cluster::Options,
    /// On a cluster: services that lose a pod, in turn
    #[arg(long, value_delimiter = ',', default_values_t = SERVICES.map(str::to_owned), value_parser = PossibleValuesParser::new(SERVICES))]
    pub services: Vec<String>,
    /// On this machine: steps at which a process dies, in turn
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Kill::ALL)]
    pub steps: Vec<Kill>,
    /// Pods of betting; on a cluster of each of the services
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=4))]
    pub pods: u8,
    /// Requests a second, of which nine in ten are bets
    #[arg(long, default_value_t = 200.0, value_parser = rate)]
    pub rate: f64,
    /// On this machine: how long it all takes at the most. Seconds
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u64).range(10..=600))]
    pub seconds: u64,
}

/// A process that was to die.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Killed {
    /// Where.
    pub step: Kill,
    /// From its death until it was among the endpoints again, if it died. Seconds.
    pub back: Option<f64>,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// By clients.
    pub seen: Seen,
    /// Each process that was to die.
    pub killed: Vec<Killed>,
    /// At how many steps one was to die.
    pub steps: usize,
    /// Bets that clients know to stand.
    pub accepted: u64,
    /// Bets that are recorded.
    pub recorded: u64,
    /// Points that are not accounted for.
    pub differences: Vec<String>,
}

/// Makes the experiment.
///
/// # Errors
///
/// When a part does not start, or the pods cannot be looked after.
pub async fn run(scene: &Scene, options: &Options) -> anyhow::Result<Findings> {
    let mut lab = scene.lab(200, Vec::new()).await?;
    let (mut stack, world) = ours(&mut lab, usize::from(options.pods), Kind::HotMarket).await?;
    let most = Duration::from_secs(options.seconds);
    let mut asks = vec![Ask::Bet; 9];
    asks.push(Ask::Look);
    let clients = Clients::new(&base(&stack), world.clone(), options.rate, &asks)?.that_insist();
    let replicas = stack.pods();
    let admins: Vec<_> = replicas.iter().map(|pod| pod.admin).collect();

    let timeline = Timeline::begin();
    timeline.note("bets begin");
    let care = Care { backs_off: false, ..Care::BRISK };
    let kubelet = Kubelet::new(&lab, &mut stack, care, timeline.clone())?;
    let (pods, counters) = (kubelet.pods(), Counters::default());
    let (end, ended) = tokio::sync::oneshot::channel();
    let asking = tokio::spawn(clients.run_until(timeline.clone(), most, ended));
    let script = async {
        let mut killed = Vec::new();
        for step in &options.steps {
            time::sleep(CALM).await;
            killed.push(kill(*step, counters.busiest(), &pods, &timeline).await?);
        }
        time::sleep(CALM).await;
        let _ = end.send(());
        anyhow::Ok(killed)
    };
    let (killed, asked) = tokio::select! {
        failed = kubelet.run() => match failed? {},
        () = counters.watch(&admins, &timeline) => anyhow::bail!("the counters are not watched any more"),
        both = async { (time::timeout(most, script).await, asking.await) } => (both.0, both.1?),
    };
    timeline.note("bets end");
    let accepted = asked.iter().filter(|asked| asked.ask == Ask::Bet && asked.is_good).count();
    let accepted = u64::try_from(accepted)?;
    let audit = lab.audit(&stack, &world, accepted).await?;
    let recorded = lab.recorded(&stack, &world).await?;
    stack.stop().await;
    lab.stop().await;
    let facts = Facts {
        seen: Seen::of(&asked),
        killed: killed.ok().transpose()?.unwrap_or_default(),
        steps: options.steps.len(),
        accepted,
        recorded,
        differences: audit.differences,
    };
    Ok(Findings {
        verdict: verdict(&facts),
        table: (seen::header(), vec![facts.seen.row("all")]),
        plots: pods_over_time(&asked, &counters, &timeline)?,
        events: timeline.events(),
    })
}

/// Lets the process of a pod die at a step of its next batch, and waits until the pod is back.
async fn kill(step: Kill, pod: usize, pods: &Pods, timeline: &Timeline) -> anyhow::Result<Killed> {
    let before = pods.of(pod).context("there is no such pod")?;
    pods.signal(pod, step.signal());
    timeline.note(format_args!("{} dies at its next {}", name(pod), step.name()));
    let died = time::timeout(DIES, pods.until(pod, |known| known.deaths > before.deaths)).await;
    if died.is_err() {
        timeline.note(format_args!("{} did not die", name(pod)));
        return Ok(Killed { step, back: None });
    }
    let dead = timeline.seconds();
    let back = pods.until(pod, |known| known.is_in && known.restarts > before.restarts);
    let is_back = time::timeout(RETURNS, back).await.is_ok();
    Ok(Killed { step, back: is_back.then(|| timeline.seconds() - dead) })
}

/// Whether every bet is there once, whatever died.
#[must_use]
pub fn verdict(facts: &Facts) -> Verdict {
    let Facts { seen, killed, steps, accepted, recorded, differences } = facts;
    let died: Vec<_> = killed.iter().filter(|killed| killed.back.is_some()).collect();
    let told: Vec<_> = died.iter().map(|killed| killed.step.name()).collect();
    Verdict::default()
        .rule(
            "a process dies at every step that was named, and its pod comes back",
            died.len() == *steps && *steps > 0,
            format_args!("{} of {steps} ({})", died.len(), told.join(", ")),
        )
        .rule(
            "every request comes to something, if it is sent again",
            seen.lost == 0 && seen.requests > 0,
            format_args!("{} lost, {} sent again ({})", seen.lost, seen.repeated, seen.told()),
        )
        .rule(
            "each accepted bet is recorded once, and no other",
            accepted == recorded && *accepted > 0,
            format_args!("{accepted} accepted, {recorded} recorded"),
        )
        .rule(
            "every point is accounted for",
            differences.is_empty(),
            if differences.is_empty() { "no differences".to_owned() } else { differences.join("; ") },
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded() -> Facts {
        Facts {
            seen: Seen { requests: 3_000, repeated: 40, ..Seen::default() },
            killed: Kill::ALL.map(|step| Killed { step, back: Some(2.0) }).to_vec(),
            steps: 3,
            accepted: 2_700,
            recorded: 2_700,
            differences: Vec::new(),
        }
    }

    #[test]
    fn every_bet_has_to_be_there_once() {
        assert!(verdict(&recorded()).holds());
        let broken = |change: fn(&mut Facts)| {
            let mut facts = recorded();
            change(&mut facts);
            verdict(&facts).broken().len()
        };
        assert_eq!(broken(|facts| facts.recorded += 1), 1, "one twice");
        assert_eq!(broken(|facts| facts.recorded -= 1), 1, "one lost");
        assert_eq!(broken(|facts| facts.seen.lost = 1), 1);
        assert_eq!(broken(|facts| facts.killed[1].back = None), 1, "nobody died there");
        assert_eq!(broken(|facts| facts.killed.truncate(2)), 1);
        assert_eq!(broken(|facts| facts.differences.push("a stake has no bet".into())), 1);
    }
}
