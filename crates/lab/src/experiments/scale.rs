//! More pods of betting under the same load, beside the transaction of 2022.

use clap::Args;
use loljoa_loadtest::{
    baseline::Design,
    bench,
    lab::{Lab, Stack},
    report::{Axes, Line, Plot, lines},
    results::{Against, Replicas},
    scenario::Kind,
};
use serde::{Deserialize, Serialize};

use crate::{
    report::{About, Findings},
    system::{Scene, manner},
    timeline::Timeline,
    verdict::Verdict,
};

/// What ours with the most pods makes of what it makes with one, at least. All pods share the machine, so one more cannot help here;
/// what it must not do is to cost much.
const KEPT: f64 = 0.8;
/// So many times what the old design accepts is accepted at least, at every number of pods.
const AHEAD: f64 = 2.0;

/// What is always the same.
pub const ABOUT: About = About {
    name: "scale",
    title: "More pods under the same load",
    what: "Everybody bets on one match. The same connections are served by one pod of betting, then by two, four and eight; \
        once by this project's betting, once by the transaction of 2022 (`pessimistic`) in the same place, behind the same gateway, \
        on the same PostgreSQL.",
    then: "More pods made it slower: every bet locks the same rows of choice, game and account. Over 1,000 users at once the transaction \
        deadlocked: 60 % of the bets failed, and 20 % after retries.",
    why: "In 2022 each pod had a pool of 20 connections, all of them in line for the same rows. The rate on one match is one divided by the time for which a bet keeps the others from its rows. Pods do not shorten \
        it, they lengthen the line. Here a bet waits for a commit and not for a row: what arrives while one commit is under way goes \
        into the next, in one call and one statement, and rows are locked once for all of it, in one order. So there is no line to lengthen, \
        and no circle to deadlock in. Batches meet in one replica as long as it keeps up (ADR 0043), so that another replica does not make \
        them smaller. All pods share this machine's cores: that a pod more makes nothing faster here is no surprise, and that it \
        costs little is the result. On a cluster, scale betting for what it does besides (reads, streams, a node that dies) \
        and the gateway for connections.",
    stands_in: &[
        ("pods of a Deployment", "processes, each at an address of its own of the loopback network"),
        ("the Service's name", "a name in a hosts file that only the gateway sees"),
        ("the cluster's nodes", "one machine, whose cores all pods share"),
    ],
};

/// How it is made.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Numbers of pods
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2, 4, 8])]
    pub pods: Vec<usize>,
    /// Connections, each with one bet after the other
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=4_000))]
    pub connections: u16,
    /// How long each is measured. Seconds
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub seconds: u64,
    /// Who bets
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..=5_000))]
    pub users: u16,
}

/// What one system made with so many pods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Which system.
    pub against: Against,
    /// How many pods.
    pub pods: usize,
    /// Accepted bets.
    pub bets_per_second: f64,
    /// 99 of a hundred bets took no longer.
    pub p99_ms: f64,
    /// Transactions that PostgreSQL ended as deadlocks.
    pub deadlocks: u64,
    /// What went wrong: errors, and points that are not accounted for.
    pub failures: Vec<String>,
}

/// Makes the experiment.
///
/// # Errors
///
/// When a part does not start.
pub async fn run(scene: &Scene, options: &Options) -> anyhow::Result<Findings> {
    let mut lab = scene.lab(usize::from(options.users), vec![Design::Pessimistic]).await?;
    let timeline = Timeline::begin();
    let mut points = Vec::new();
    for pods in &options.pods {
        for against in [Against::Ours, Against::Pessimistic] {
            timeline.note(format_args!("{pods} × betting, {}", against.name()));
            points.push(measure(&mut lab, against, *pods, options).await?);
        }
    }
    lab.stop().await;
    Ok(Findings {
        verdict: verdict(&points),
        table: table(&points),
        plots: plots(&points)?,
        events: timeline.events(),
    })
}

async fn measure(lab: &mut Lab, against: Against, pods: usize, options: &Options) -> anyhow::Result<Point> {
    let stack = lab.stack(against, Replicas::from(pods)).await?;
    let before = deadlocks(&stack).await?;
    let manner = manner(1, options.seconds);
    let run = bench::one(lab, &stack, Kind::HotMarket, usize::from(options.connections), &manner).await?;
    let deadlocks = deadlocks(&stack).await?.saturating_sub(before);
    stack.stop().await;
    Ok(Point {
        against,
        pods,
        bets_per_second: run.accepted_per_second(),
        p99_ms: run.latency.p99_ms,
        deadlocks,
        failures: run.failures(),
    })
}

/// Of all databases, since the server began.
async fn deadlocks(stack: &Stack) -> anyhow::Result<u64> {
    let count: i64 = sqlx::query_scalar("SELECT coalesce(sum(deadlocks), 0)::bigint FROM pg_stat_database")
        .fetch_one(stack.bets())
        .await?;
    Ok(u64::try_from(count)?)
}

fn of(points: &[Point], against: Against) -> Vec<&Point> {
    let mut of: Vec<_> = points.iter().filter(|point| point.against == against).collect();
    of.sort_by_key(|point| point.pods);
    of
}

/// Whether more pods are no harm.
#[must_use]
pub fn verdict(points: &[Point]) -> Verdict {
    let (ours, old) = (of(points, Against::Ours), of(points, Against::Pessimistic));
    let failures: Vec<_> = ours.iter().flat_map(|point| point.failures.iter().cloned()).collect();
    let deadlocks: u64 = ours.iter().map(|point| point.deadlocks).sum();
    let kept = match (ours.first(), ours.last()) {
        (Some(one), Some(most)) => most.bets_per_second / one.bets_per_second,
        _ => 0.0,
    };
    let ahead = |point: &&Point| {
        let old = old.iter().find(|old| old.pods == point.pods)?;
        Some(point.bets_per_second / old.bets_per_second)
    };
    let least = ours.iter().filter_map(ahead).fold(f64::INFINITY, f64::min);
    Verdict::default()
        .rule(
            "no bet of ours fails, and every point is accounted for",
            failures.is_empty() && !ours.is_empty(),
            if failures.is_empty() { "none failed".to_owned() } else { failures.join("; ") },
        )
        .rule("ours never deadlocks", deadlocks == 0, format_args!("{deadlocks} deadlocks"))
        .rule(
            format_args!("with the most pods ours makes {KEPT} of what it makes with the fewest, or more"),
            kept >= KEPT,
            format_args!("{kept:.2}"),
        )
        .rule(
            format_args!("ours makes {AHEAD} times what the transaction of 2022 makes, or more"),
            least >= AHEAD && least.is_finite(),
            format_args!("{least:.1} times at the least"),
        )
}

fn table(points: &[Point]) -> (Vec<String>, Vec<Vec<String>>) {
    let header = ["", "pods", "bets/s", "p99 ms", "deadlocks", "failed"].map(str::to_owned).to_vec();
    let row = |point: &Point| {
        vec![
            point.against.name().to_owned(),
            point.pods.to_string(),
            format!("{:.0}", point.bets_per_second),
            format!("{:.0}", point.p99_ms),
            point.deadlocks.to_string(),
            if point.failures.is_empty() { "none".to_owned() } else { point.failures.join("; ") },
        ]
    };
    (header, points.iter().map(row).collect())
}

fn plots(points: &[Point]) -> anyhow::Result<Vec<Plot>> {
    let line = |name: &str, against: Against, value: fn(&Point) -> f64| {
        let of = of(points, against);
        let points = of.iter().map(|point| (pods(point.pods), value(point))).collect();
        Line { name: name.to_owned(), points }
    };
    let both = |value| [line("now", Against::Ours, value), line("as in 2022", Against::Pessimistic, value)];
    let plot = |name: &str, caption: &str, y, value: fn(&Point) -> f64, is_logarithmic| {
        let axes = Axes { x: "pods of betting", y, is_logarithmic };
        anyhow::Ok(Plot { name: name.into(), caption: caption.into(), svg: lines(&both(value), axes)? })
    };
    Ok(vec![
        plot("throughput", "Accepted bets/s", "bets/s", |point| point.bets_per_second, false)?,
        plot(
            "p99",
            "How long 99 of a hundred bets take at the most",
            "ms (logarithmic)",
            |point| point.p99_ms,
            true,
        )?,
    ])
}

#[expect(clippy::cast_precision_loss, reason = "pods are few")]
const fn pods(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(against: Against, pods: usize, bets_per_second: f64) -> Point {
        Point { against, pods, bets_per_second, p99_ms: 40.0, deadlocks: 0, failures: Vec::new() }
    }

    fn recorded() -> Vec<Point> {
        let (ours, old) = (Against::Ours, Against::Pessimistic);
        vec![point(ours, 1, 9_000.0), point(old, 1, 900.0), point(ours, 8, 8_100.0), point(old, 8, 300.0)]
    }

    #[test]
    fn more_pods_may_cost_little_and_nothing_may_fail() {
        assert!(verdict(&recorded()).holds());
        let broken = |change: fn(&mut Vec<Point>)| {
            let mut points = recorded();
            change(&mut points);
            verdict(&points).broken().len()
        };
        assert_eq!(broken(|points| points[2].bets_per_second = 7_000.0), 1, "pods cost much");
        assert_eq!(broken(|points| points[0].deadlocks = 1), 1, "a deadlock");
        assert_eq!(broken(|points| points[2].failures.push("500".into())), 1, "a failure");
        assert_eq!(broken(|points| points[1].bets_per_second = 5_000.0), 1, "the old design is as good");
        assert_eq!(broken(|points| points[1].deadlocks = 9), 0, "those of the old design are told only");
        assert_eq!(broken(Vec::clear), 3, "nothing was measured");
    }
}
