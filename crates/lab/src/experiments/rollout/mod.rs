//! Versions of betting come and go on a cluster: rolling updates and canaries, of which the bad ones go back by themselves.

mod betting;
mod canary;
mod judge;
mod looks;
mod span;
mod told;
mod updates;
mod verdict;
mod version;

use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use loljoa_loadtest::report::Plot;
use tokio::time;

use self::{betting::Betting, canary::Went, looks::Looks, span::Span, updates::Updated};
use super::{over_time, rate};
use crate::{
    clients::{Ask, Asked, Clients},
    cluster::{self, Cluster},
    report::{About, Findings},
    seen::{self, Seen},
    timeline::{Timeline, marks},
    undo::Undo,
};

pub use judge::{Judgement, judge};
pub use verdict::{Facts, verdict};

/// Between two parts, and before the first.
const CALM: Duration = Duration::from_secs(5);
/// The longest that all takes, besides the steps of the canaries.
const MOST: Duration = Duration::from_mins(6);
/// So many times as long as a step all of them take at the longest, where there are enough calls.
const STEPS: u32 = 4;
/// How long a piece of a line over time is. Seconds.
const PIECE: f64 = 1.0;

/// What is always the same.
pub const ABOUT: About = About {
    name: "rollout",
    title: "Versions come and go",
    what: "On a cluster with Istio, clients bet at a steady rate while betting gets another version four times: by a rolling update; by a rolling update to a version that does not begin; \
        by a canary that gets 10, 50 and then all of a hundred calls, and is promoted; and by a canary that is ready but has 5 ms for the ledger, where somebody meant seconds. \
        Each step of a canary is judged by what its pods and the stable ones tell themselves at `/metrics`: which part of the bets stands, and within which time 99 of a hundred calls are answered. \
        What is bad has to go back by itself.",
    then: "There was no step of deployment in the team's pipeline: versions were put onto the cluster by hand, and nothing looked whether the new one was good. No figures are left.",
    why: "A rolling update takes no old pod before a new one is ready (`maxUnavailable: 0`), and a pod that ends goes on serving until nobody sends it anything more. A version whose process refuses its settings never becomes ready, so the old pods \
        stay, all of them; what is missing is somebody who gives up. Kubernetes says that it makes no progress (`progressDeadlineSeconds`, ten minutes by itself, half a minute here), and does nothing about it: `helm upgrade --atomic` does (`--rollback-on-failure` in Helm 4), and so does this command. \
        Readiness knows nothing of a version that begins and then answers wrongly. A canary does, at the price of the requests that meet it: its share of them, for as long as it takes to know. \
        One of a hundred may fail, so a second failure is one too many for a hundred calls, and the canary goes at once instead of after the step. Good takes longer to know than bad. \
        The mesh shares calls out, and the gateway's calls carry whatever bets waited meanwhile (ADR 0043), so a canary with a tenth of the calls has a tenth of the bets on average only: with one bet a call, as here, the two are the same; \
        under load each call carries many, all of them meet the same version, and a bad one hurts them in lumps. A bet that failed at the bad canary may have its stake taken for a moment: the same key again completes it, and otherwise it is given back (`recovery.grace_ms`). \
        A canary goes in the order of ADR 0033: no share before it is ready, and no end before its share is gone.",
    stands_in: &[],
};

/// How it is made.
#[derive(Args, Clone, Debug)]
pub struct Options {
    #[command(flatten)]
    pub(crate) cluster: cluster::Options,
    /// The tag of a second version of betting, whose schema is there already [default: the present one, begun anew]
    #[arg(long)]
    pub tag: Option<String>,
    /// How long a step of a canary takes at least. Seconds
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(10..=300))]
    pub seconds: u64,
    /// Bets a second
    #[arg(long, default_value_t = 30.0, value_parser = rate)]
    pub rate: f64,
}

/// What happened.
struct Happened {
    updates: [Updated; 2],
    canaries: [Went; 2],
    looks: Looks,
}

/// Makes the experiment.
///
/// # Errors
///
/// When the release is not as expected, or something cannot be changed.
pub async fn run(cluster: &Cluster, undo: &Undo, options: &Options) -> anyhow::Result<Findings> {
    let timeline = Timeline::begin();
    // Before anybody signs up: this says whether the release is as expected.
    Betting::of(cluster, undo, timeline).await?;
    let step = Duration::from_secs(options.seconds);
    let most = MOST + step * STEPS;
    let world = cluster.world(options.rate * most.as_secs_f64()).await?;
    let clients =
        Clients::new(cluster.url.as_str(), world, options.rate, &[Ask::Bet])?.by(cluster.http.clone());

    let timeline = Timeline::begin();
    timeline.note("bets begin");
    let betting = Betting::of(cluster, undo, timeline.clone()).await?;
    let (end, ended) = tokio::sync::oneshot::channel();
    let asking = tokio::spawn(clients.run_until(timeline.clone(), most, ended));
    let tag = options.tag.as_deref();
    let happened = time::timeout(most, Box::pin(script(&betting, tag, step))).await;
    let happened = happened.context("it takes longer than there are bets for")??;
    let _ = end.send(());
    let asked = asking.await?;
    timeline.note("bets end");
    findings(&asked, happened, &timeline)
}

async fn script(betting: &Betting<'_>, tag: Option<&str>, step: Duration) -> anyhow::Result<Happened> {
    let mut looks = Looks::default();
    looks.look(betting).await?;
    time::sleep(CALM).await;
    let update = updates::update(betting, tag).await?;
    time::sleep(CALM).await;
    let bad_update = updates::update_to_a_bad_version(betting, tag).await?;
    time::sleep(CALM).await;
    let canary = canary::good(betting, tag, step, &mut looks).await?;
    time::sleep(CALM).await;
    let bad_canary = canary::bad(betting, tag, step, &mut looks).await?;
    time::sleep(CALM).await;
    Ok(Happened { updates: [update, bad_update], canaries: [canary, bad_canary], looks })
}

fn findings(asked: &[Asked], happened: Happened, timeline: &Timeline) -> anyhow::Result<Findings> {
    let Happened { updates, canaries, looks } = happened;
    let facts = Facts::of(updates, canaries, asked);
    Ok(Findings {
        verdict: verdict(&facts),
        table: table(&facts, asked),
        plots: plots(asked, &looks, timeline)?,
        events: timeline.events(),
    })
}

fn table(facts: &Facts, asked: &[Asked]) -> (Vec<String>, Vec<Vec<String>>) {
    let spans = [facts.update.0.span, facts.bad_update.0.span, facts.canary.0.span, facts.bad_canary.0.span];
    let is_calm = |asked: &&Asked| !spans.iter().any(|span: &Span| span.has(asked.due));
    let rows = [
        ("nothing is changed", &Seen::of(asked.iter().filter(is_calm))),
        ("rolling update, and back", &facts.update.1),
        ("update to a bad version", &facts.bad_update.1),
        ("good canary, promoted, and back", &facts.canary.1),
        ("bad canary", &facts.bad_canary.1),
        ("… while it has a share", &facts.hurt),
    ];
    (seen::header(), rows.map(|(name, seen)| seen.row(name)).to_vec())
}

fn plots(asked: &[Asked], looks: &Looks, timeline: &Timeline) -> anyhow::Result<Vec<Plot>> {
    let marks = marks(&timeline.events());
    let latency = [("p50", 50), ("p99", 99), ("longest", 100)]
        .map(|(name, percent)| seen::over_time(name, asked, PIECE, percent));
    let failed = [seen::failures_over_time("failed bets", asked, PIECE)];
    Ok(vec![
        over_time(
            "calls",
            "Calls with bets that the stable pods and the canaries tell of",
            &looks.lines(),
            "a second",
            &marks,
        )?,
        over_time("failures", "Bets that fail", &failed, "a second", &marks)?,
        over_time("latency", "How long bets take", &latency, "ms", &marks)?,
    ])
}
