//! A hot market beside quiet ones.

use std::time::Duration;

use clap::Args;
use loljoa_loadtest::{
    engine::{
        Load, Pace, Window, drive,
        view::{Live, View},
    },
    report::{Line, Plot},
    scenario::Kind,
};
use serde::{Deserialize, Serialize};
use tokio::time;

use super::over_time;
use crate::{
    clients::{Ask, Asked, Clients},
    report::{About, Findings},
    seen::{self, Seen},
    system::{Scene, base, ours},
    timeline::{Timeline, marks},
    verdict::Verdict,
};

/// What a person does not notice while a bet is confirmed. Milliseconds.
const UNNOTICED_MS: f64 = 250.0;
/// On a machine that is slow without the crowd, so many times what it takes then is not noticed either.
const UNNOTICED: f64 = 2.0;
/// How long a piece of a line over time is. Seconds.
const PIECE: f64 = 0.5;

/// What is always the same.
pub const ABOUT: About = About {
    name: "noisy",
    title: "One hot market beside 200 quiet ones",
    what: "A few bets a second go to 200 markets in turn. After a third of the time a crowd comes and bets on one other market, as \
        fast as it is answered; after two thirds it goes. Does anybody who bets on the quiet markets notice?",
    then: "Not this: the experiment is new. What they did see explains why it is made: every bet locked rows that others needed, and one pool of \
        connections, shared by all, ran dry.",
    why: "All markets share batches (ADR 0015). A bet on a quiet market goes into the next batch like any other, and a batch with \
        hundreds of bets on the hot market holds the rows of that market for one round trip. So a quiet bet waits for one batch that is under \
        way and for its own, whoever else is in them. A market whose rows somebody holds goes aside, and does not hold up its \
        batch. What the quiet ones do feel is the machine: on two cores, the crowd and its bets leave less for everybody.",
    stands_in: &[("the cluster's nodes", "one machine, which the crowd shares as well")],
};

/// How it is made.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Bets a second on the quiet markets, all together
    #[arg(long, default_value_t = 50.0, value_parser = super::rate)]
    pub rate: f64,
    /// Connections of the crowd
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=4_000))]
    pub crowd: u16,
    /// How long it all takes. Seconds
    #[arg(long, default_value_t = 45, value_parser = clap::value_parser!(u64).range(3..=600))]
    pub seconds: u64,
    /// Who bets
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..=5_000))]
    pub users: u16,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Of the quiet markets, before the crowd.
    pub before: Seen,
    /// While it was there.
    pub during: Seen,
    /// After it.
    pub after: Seen,
    /// What the quiet markets were asked for while it was there. Bets a second.
    pub quiet_per_second: f64,
    /// What the crowd's market took. Bets a second.
    pub crowd_per_second: f64,
    /// What went wrong with the crowd's bets, and points that are not accounted for.
    pub failures: Vec<String>,
}

/// Makes the experiment.
///
/// # Errors
///
/// When a part does not start.
pub async fn run(scene: &Scene, options: &Options) -> anyhow::Result<Findings> {
    let mut lab = scene.lab(usize::from(options.users), Vec::new()).await?;
    let (stack, quiet) = ours(&mut lab, 1, Kind::Markets).await?;
    let hot = lab.world(&stack, Kind::HotMarket).await?;
    let clients = Clients::new(&base(&stack), quiet.clone(), options.rate, &[Ask::Bet])?;

    let timeline = Timeline::begin();
    let third = Duration::from_secs(options.seconds) / 3;
    timeline.note("bets on the quiet markets begin");
    let asking = tokio::spawn(clients.run(timeline.clone(), third * 3));
    time::sleep(third).await;
    timeline.note(format_args!("a crowd of {} comes for one market", options.crowd));
    let from = timeline.seconds();
    let load = Load {
        connections: usize::from(options.crowd),
        pace: Pace::Closed,
        window: Window { from: Duration::ZERO, until: third, slice: Duration::from_secs(1) },
    };
    let live = Live::begin(&View::Lines, "the crowd".to_owned(), &load)?;
    let scenario = Kind::HotMarket.of(hot.clone());
    let (crowd, (), ()) = drive(stack.gateways(), load, scenario, live, async || Ok(())).await?;
    timeline.note("the crowd goes");
    let until = timeline.seconds();
    let asked = asking.await?;

    let quietly = asked.iter().filter(|asked| asked.is_good).count();
    let mut failures: Vec<_> =
        crowd.tally().errors.iter().map(|(what, times)| format!("{times} × {what}")).collect();
    for (world, accepted) in [(&quiet, u64::try_from(quietly)?), (&hot, crowd.accepted_in_all())] {
        failures.extend(lab.audit(&stack, world, accepted).await?.differences);
    }
    stack.stop().await;
    lab.stop().await;
    let part = |from: f64, until: f64| asked.iter().filter(move |asked| (from..until).contains(&asked.due));
    let during = Seen::of(part(from, until));
    let facts = Facts {
        before: Seen::of(part(0.0, from)),
        quiet_per_second: per_second(u64::try_from(during.requests)?, Duration::from_secs_f64(until - from)),
        during,
        after: Seen::of(part(until, f64::INFINITY)),
        crowd_per_second: per_second(crowd.tally().accepted, third),
        failures,
    };
    Ok(Findings {
        verdict: verdict(&facts),
        table: table(&facts),
        plots: vec![plot(&asked, &timeline)?],
        events: timeline.events(),
    })
}

#[expect(clippy::cast_precision_loss, reason = "a crowd's bets are not that many")]
fn per_second(count: u64, length: Duration) -> f64 {
    count as f64 / length.as_secs_f64()
}

/// Whether nobody quiet noticed.
#[must_use]
pub fn verdict(facts: &Facts) -> Verdict {
    let Facts { before, during, after, quiet_per_second, crowd_per_second, failures } = facts;
    let lost: usize = [before, during, after].into_iter().map(|seen| seen.lost + seen.repeated).sum();
    Verdict::default()
        .rule("no bet on a quiet market fails", lost == 0, format_args!("{lost} failed"))
        .rule(
            format_args!(
                "with the crowd, 99 of a hundred quiet bets take {UNNOTICED_MS} ms or less, or {UNNOTICED} times what they took before"
            ),
            during.requests > 0 && during.p99_ms <= UNNOTICED_MS.max(before.p99_ms * UNNOTICED),
            format_args!("{:.0} ms; {:.0} ms before", during.p99_ms, before.p99_ms),
        )
        .rule(
            "the crowd was one: it bet ten times as much as the quiet markets",
            *crowd_per_second >= 10.0 * quiet_per_second,
            format_args!("{crowd_per_second:.0} bets/s"),
        )
        .rule(
            "every point is accounted for",
            failures.is_empty(),
            if failures.is_empty() { "no differences".to_owned() } else { failures.join("; ") },
        )
}

fn table(facts: &Facts) -> (Vec<String>, Vec<Vec<String>>) {
    let rows = [("before", &facts.before), ("with the crowd", &facts.during), ("after", &facts.after)];
    (seen::header(), rows.map(|(name, seen)| seen.row(name)).to_vec())
}

fn plot(asked: &[Asked], timeline: &Timeline) -> anyhow::Result<Plot> {
    let of = |name, percent| seen::over_time(name, asked, PIECE, percent);
    let lines: [Line; 2] = [of("p50", 50), of("p99", 99)];
    over_time("latency", "How long bets on the quiet markets take", &lines, "ms", &marks(&timeline.events()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded() -> Facts {
        let seen = |p99_ms| Seen { requests: 1_500, p50_ms: 6.0, p99_ms, max_ms: 300.0, ..Seen::default() };
        Facts {
            before: seen(12.0),
            during: seen(70.0),
            after: seen(13.0),
            quiet_per_second: 100.0,
            crowd_per_second: 6_000.0,
            failures: Vec::new(),
        }
    }

    #[test]
    fn the_quiet_notice_what_fails_and_what_takes_long() {
        assert!(verdict(&recorded()).holds());
        let broken = |change: fn(&mut Facts)| {
            let mut facts = recorded();
            change(&mut facts);
            verdict(&facts).broken().len()
        };
        assert_eq!(broken(|facts| facts.during.p99_ms = 251.0), 1);
        let slow = |during| {
            let mut facts = recorded();
            (facts.before.p99_ms, facts.during.p99_ms) = (400.0, during);
            verdict(&facts).holds()
        };
        assert!(slow(790.0) && !slow(810.0), "a slow machine is slow before, too");
        assert_eq!(broken(|facts| facts.after.lost = 1), 1);
        assert_eq!(broken(|facts| facts.before.repeated = 1), 1);
        assert_eq!(broken(|facts| facts.crowd_per_second = 900.0), 1, "that is no crowd");
        assert_eq!(broken(|facts| facts.failures.push("a pool differs".into())), 1);
        assert_eq!(broken(|facts| facts.during = Seen::default()), 1, "nobody was asked");
    }
}
