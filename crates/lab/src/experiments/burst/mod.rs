//! A thousand users come at once: autoscaling on CPU, on what waits, and with a floor raised before.

mod autoscalers;
mod facts;
mod limit;

use std::{collections::BTreeMap, time::Duration};

use clap::Args;
use loljoa_loadtest::report::{Axes, Line, Mark, Plot, marked};
use serde::{Deserialize, Serialize};
use tokio::time;

use super::rate;
use crate::{
    clients::{Ask, Asked, Clients},
    cluster::{self, BETS_OF_A_USER, Cluster},
    report::{About, Findings},
    seen,
    timeline::Timeline,
    undo::Undo,
};
use autoscalers::{Autoscalers, Count, Look, Looks, SERVICES, settle};
use facts::{PIECE, Run, Times, verdict};

/// What a user asks for each time: the odds, a bet, and what is left.
const ASKS: [Ask; 3] = [Ask::Look, Ask::Bet, Ask::Me];

/// What is always the same.
pub const ABOUT: About = About {
    name: "burst",
    title: "A thousand users come at once",
    what: "A release is at rest. Within seconds its users come, each of whom looks at the odds, bets and looks at what is left, again and again; after a while they are gone. \
        Three times: with the autoscalers of the gateway and of betting on CPU alone; on CPU and on how many bets wait (`loljoa_bet_queue_depth`, by the custom metrics API); \
        on CPU with a floor that was raised before the users came, as `loljoa floor` raises it by the league's calendar. How long is it too much, how many are refused, and what do the pods cost? \
        In all runs pods go sooner than the chart lets them, so that the runs can follow each other.",
    then: "They set the HorizontalPodAutoscaler by hand, on CPU, and it came too late. No figures of it are left.",
    why: "An autoscaler follows. CPU is measured over a while, metrics-server tells it each 15 s, the autoscaler looks each 15 s, and a pod has to be scheduled, started and found ready before it helps. \
        What waits is known sooner than CPU, but the autoscaler looks no more often for it and a pod starts no faster: it can gain seconds. \
        A match's start is no surprise: it stands in the calendar. Pods that are there before are the only ones that are there in time. They cost what they cost while nothing happens: \
        the lead before each match, times the pods more; here pods are counted from the burst on. \
        On a cluster of one small node a pod more is no CPU more, and starting one takes CPU from those that serve: \
        the database, the users and Kubernetes are on it as well. So it shows when pods come, and not what they are worth. `--hold-to` holds each pod of the gateway to a part of a core, \
        as a small node would; then a pod more is CPU more, as long as the node has any.",
    stands_in: &[],
};

/// How it is made.
#[derive(Args, Clone, Debug)]
pub struct Options {
    #[command(flatten)]
    pub(crate) cluster: cluster::Options,
    /// Users
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(10..=5_000))]
    pub users: u16,
    /// Each of them comes so often, and bets once. Seconds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=60))]
    pub every: u16,
    /// Requests a second at most, however many users there are; a third of them are bets
    #[arg(long, default_value_t = 600.0, value_parser = rate)]
    pub rate: f64,
    /// How long it takes until all have come. Seconds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(0..=60))]
    pub rise: u64,
    /// How long they stay. Seconds
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u64).range(10..=600))]
    pub seconds: u64,
    /// How long nothing is asked before. Seconds
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(5..=300))]
    pub rest: u64,
    /// How long pods are counted afterwards, unless they are as few as before. Seconds
    #[arg(long, default_value_t = 180, value_parser = clap::value_parser!(u64).range(0..=900))]
    pub after: u64,
    /// Hold each pod of the gateway to so many thousandths of a core, for the time being
    #[arg(long, value_name = "MILLICORES", value_parser = clap::value_parser!(u16).range(10..=4_000))]
    pub hold_to: Option<u16>,
    #[command(flatten)]
    pub(crate) wishes: Wishes,
}

/// What the autoscalers are told.
#[derive(Args, Clone, Copy, Debug)]
pub struct Wishes {
    /// Bets that wait in a pod, on average, that the autoscaler aims at
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub queue_depth: u32,
    /// Pods of each service that are there before, within what the release allows
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..=20))]
    pub floor: u32,
    /// So long it has to be quiet before pods go. Seconds
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(0..=600))]
    pub scale_in: u32,
}

/// How pods are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// By CPU.
    Cpu,
    /// By CPU and by what waits.
    Queue,
    /// By CPU, with a floor that was raised before.
    Floor,
}

impl Manner {
    /// All of them, in the order in which they are made.
    pub const ALL: [Self; 3] = [Self::Cpu, Self::Queue, Self::Floor];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "on CPU",
            Self::Queue => "on queue depth",
            Self::Floor => "with a floor",
        }
    }
}

/// What a run left.
struct Made {
    run: Run,
    asked: Vec<Asked>,
    looks: Vec<Look>,
    times: Times,
}

/// Makes the experiment.
///
/// # Errors
///
/// When the release is not as expected, or something cannot be changed.
pub async fn run(cluster: &Cluster, undo: &Undo, options: &Options) -> anyhow::Result<Findings> {
    let world = cluster.world(bets(options).max(f64::from(options.users) * BETS_OF_A_USER)).await?;
    let clients = Clients::new(cluster.url.as_str(), world, requests(options), &ASKS)?
        .by(cluster.http.clone())
        .that_rise(Duration::from_secs(options.rise));
    if let Some(millicores) = options.hold_to {
        limit::hold(cluster, undo, millicores).await?;
    }
    let autoscalers = Autoscalers::find(cluster, undo).await?;
    let timeline = Timeline::begin();
    let mut made = Vec::new();
    for manner in Manner::ALL {
        made.push(Box::pin(one(cluster, &autoscalers, &clients, manner, options, &timeline)).await?);
    }
    for _ in SERVICES {
        undo.back().await?;
    }
    let changed = autoscalers.changed().await?;
    let runs: Vec<_> = made.iter().map(|made| made.run.clone()).collect();
    Ok(Findings {
        verdict: verdict(&runs, SERVICES.len(), &changed),
        table: table(&runs),
        plots: plots(&made)?,
        events: timeline.events(),
    })
}

async fn one(
    cluster: &Cluster,
    autoscalers: &Autoscalers<'_>,
    clients: &Clients,
    manner: Manner,
    options: &Options,
    timeline: &Timeline,
) -> anyhow::Result<Made> {
    let floors = autoscalers.patch(manner, &options.wishes).await?;
    settle(cluster, floors).await?;
    timeline.note(format_args!("{}: at rest with {floors:?} pods of {SERVICES:?}", manner.name()));
    let looks = Looks::default();
    let script = async {
        time::sleep(Duration::from_secs(options.rest)).await;
        timeline.note(format_args!("{} users come", options.users));
        let burst = timeline.seconds();
        let length = Duration::from_secs(options.rise + options.seconds);
        let asked = tokio::spawn(clients.clone().run(timeline.clone(), length)).await?;
        timeline.note("they are gone");
        let over = timeline.seconds();
        // A calendar lowers the floor again.
        let floors = autoscalers.patch(Manner::Cpu, &options.wishes).await?;
        // That they are not as few in time is told by the plots.
        let _ = time::timeout(Duration::from_secs(options.after), looks.until_scaled_in(floors)).await;
        anyhow::Ok((asked, Times { burst, over, end: timeline.seconds() }))
    };
    let (asked, times) = tokio::select! {
        failed = looks.watch(cluster, timeline) => match failed? {},
        done = script => done?,
    };
    let looks = looks.so_far();
    let run = Run::of(manner, &asked, &looks, times, options.wishes.floor);
    Ok(Made { run, asked, looks, times })
}

/// Requests a second when all users have come.
fn requests(options: &Options) -> f64 {
    (f64::from(options.users) / f64::from(options.every) * 3.0).min(options.rate)
}

/// Bets of all runs.
fn bets(options: &Options) -> f64 {
    let seconds = Duration::from_secs(options.rise + options.seconds).as_secs_f64();
    requests(options) / 3.0 * seconds * 3.0
}

fn table(runs: &[Run]) -> (Vec<String>, Vec<Vec<String>>) {
    let header = [
        "",
        "requests",
        "seconds of overload",
        "refused",
        "without an answer",
        "first pod more",
        "pod-minutes",
        "p50 ms",
        "p99 ms",
        "failed",
    ];
    let row = |run: &Run| {
        vec![
            run.manner.name().to_owned(),
            run.seen.requests.to_string(),
            run.overloaded.to_string(),
            run.refused.to_string(),
            run.unanswered.to_string(),
            run.more.map_or_else(|| "none".to_owned(), |seconds| format!("after {seconds:.0} s")),
            format!("{:.1}", run.pod_minutes),
            format!("{:.0}", run.seen.p50_ms),
            format!("{:.0}", run.seen.p99_ms),
            run.seen.told(),
        ]
    };
    (header.map(str::to_owned).to_vec(), runs.iter().map(row).collect())
}

fn plots(made: &[Made]) -> anyhow::Result<Vec<Plot>> {
    let marks = made.first().map_or_else(Vec::new, |made| {
        let over = made.times.over - made.times.burst;
        vec![Mark { at: 0.0, label: "they come".into() }, Mark { at: over, label: "they go".into() }]
    });
    let plot = |name: &str, caption: &str, lines: &[Line], y, is_logarithmic| {
        let axes = Axes { x: "seconds since the users came", y, is_logarithmic };
        anyhow::Ok(Plot { name: name.into(), caption: caption.into(), svg: marked(lines, axes, &marks)? })
    };
    let each = |line: &dyn Fn(&Made) -> Line| made.iter().map(line).collect::<Vec<_>>();
    let mut plots = Vec::new();
    let asked_for = made.iter().take(1).map(|made| bets_over_time("asked for", made, |_| true));
    let accepted =
        made.iter().map(|made| bets_over_time(made.run.manner.name(), made, |asked| asked.is_good));
    let bets: Vec<_> = asked_for.chain(accepted).collect();
    let caption =
        "Bets: those that are asked for, which is as many as there are users, and those that are accepted";
    plots.push(plot("bets", caption, &bets, "a second", false)?);
    for (index, service) in SERVICES.into_iter().enumerate() {
        let lines = each(&|made| pods_over_time(made, index));
        plots.push(plot(
            &format!("pods-{service}"),
            &format!("Pods of {service} that are ready"),
            &lines,
            "pods",
            false,
        )?);
    }
    let lines = each(&|made| {
        let line = seen::over_time(made.run.manner.name(), &made.asked, PIECE, 99);
        shifted(line, made.times.burst)
    });
    plots.push(plot("latency", "How long 99 of a hundred requests take", &lines, "ms (logarithmic)", true)?);
    let lines = each(&|made| {
        shifted(seen::failures_over_time(made.run.manner.name(), &made.asked, PIECE), made.times.burst)
    });
    plots.push(plot("failures", "Requests that come to nothing", &lines, "a second", false)?);
    Ok(plots)
}

fn bets_over_time(name: &str, made: &Made, counts: fn(&Asked) -> bool) -> Line {
    let mut pieces: BTreeMap<u32, u32> = BTreeMap::new();
    for asked in made.asked.iter().filter(|asked| asked.ask == Ask::Bet) {
        *pieces.entry(seen::piece_of(asked.due, PIECE)).or_default() += u32::from(counts(asked));
    }
    let points =
        pieces.into_iter().map(|(piece, count)| (f64::from(piece) * PIECE, f64::from(count) / PIECE));
    shifted(Line { name: name.to_owned(), points: points.collect() }, made.times.burst)
}

fn pods_over_time(made: &Made, service: usize) -> Line {
    let ready = |look: &Look| {
        let Count { ready, .. } = look.counts[service];
        (look.at, f64::from(ready))
    };
    let points = made.looks.iter().filter(|look| look.at <= made.times.end).map(ready).collect();
    shifted(Line { name: made.run.manner.name().to_owned(), points }, made.times.burst)
}

/// As it is since `from`; what was before is not shown.
fn shifted(line: Line, from: f64) -> Line {
    let points = line.points.into_iter().map(|(x, y)| (x - from, y)).filter(|(x, _)| *x >= 0.0);
    Line { points: points.collect(), ..line }
}
