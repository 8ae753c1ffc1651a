//! What a run shows, and whether that is as promised. No IO.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Manner, autoscalers::Look};
use crate::{
    clients::Asked,
    seen::{self, Seen},
    verdict::{Verdict, after},
};

/// A second is overloaded when more than this share of what was due in it came to nothing …
const REFUSED: f64 = 0.01;
/// … or when more than one of a hundred took longer. Milliseconds.
const SLOW_MS: f64 = 250.0;
/// How long a piece of the time is. Seconds.
pub(super) const PIECE: f64 = 1.0;
/// Answers of whoever has no room, or no time left.
const REFUSALS: [&str; 3] = ["429", "503", "504"];

/// When a run's parts began and ended, since the experiment began. Seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Times {
    /// The burst.
    pub(super) burst: f64,
    /// Its end.
    pub(super) over: f64,
    /// The end of the observation.
    pub(super) end: f64,
}

/// What was seen in one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Run {
    /// How pods were scaled.
    pub(super) manner: Manner,
    /// By clients.
    pub(super) seen: Seen,
    /// Requests that were answered with 429, 503 or 504.
    pub(super) refused: usize,
    /// Requests that had no answer: a broken connection, none at all, or nothing in time.
    pub(super) unanswered: usize,
    /// Seconds of overload: of what was due in such a second, more than one of a hundred came to nothing, or took longer than 250 ms.
    pub(super) overloaded: usize,
    /// Pods that were ready when the burst began, of all services.
    pub(super) ready: u32,
    /// From then until one more was ready. Seconds.
    pub(super) more: Option<f64>,
    /// Pods × minutes from the burst's begin to the end of the observation.
    pub(super) pod_minutes: f64,
    /// How many services had as many pods ready as the floor says when the burst began.
    pub(super) at_floor: usize,
}

impl Run {
    /// What `asked` and `looks` show of the run.
    #[must_use]
    pub(super) fn of(manner: Manner, asked: &[Asked], looks: &[Look], times: Times, floor: u32) -> Self {
        let failures =
            || asked.iter().filter(|asked| !asked.is_good).filter_map(|asked| asked.failures.last());
        let has_answer = |failure: &&String| failure.starts_with(|first: char| first.is_ascii_digit());
        let is_refusal = |failure: &&String| REFUSALS.iter().any(|status| failure.starts_with(status));
        let before = looks.iter().rfind(|look| look.at <= times.burst).or(looks.first());
        let ready = before.map_or(0, |look| look.sum(|count| count.ready));
        let during = || looks.iter().filter(|look| (times.burst..=times.end).contains(&look.at));
        let more = during().find(|look| look.sum(|count| count.ready) > ready);
        Self {
            manner,
            seen: Seen::of(asked),
            refused: failures().filter(is_refusal).count(),
            unanswered: failures().filter(|failure| !has_answer(failure)).count(),
            overloaded: overloaded(asked),
            ready,
            more: more.map(|look| look.at - times.burst),
            pod_minutes: pod_seconds(during(), times.burst) / 60.0,
            at_floor: before
                .map_or(0, |look| look.counts.iter().filter(|count| count.ready >= floor).count()),
        }
    }
}

/// Seconds of overload.
fn overloaded(asked: &[Asked]) -> usize {
    let mut pieces: BTreeMap<u32, Vec<&Asked>> = BTreeMap::new();
    for one in asked {
        pieces.entry(seen::piece_of(one.due, PIECE)).or_default().push(one);
    }
    let is_overloaded = |asked: &&Vec<&Asked>| {
        let seen = Seen::of(asked.iter().copied());
        share(seen.lost, seen.requests) > REFUSED || seen.p99_ms > SLOW_MS
    };
    pieces.values().filter(is_overloaded).count()
}

#[expect(clippy::cast_precision_loss, reason = "requests of a second are few")]
const fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

/// Pods × seconds: each look holds since the one before it.
fn pod_seconds<'a>(looks: impl Iterator<Item = &'a Look>, from: f64) -> f64 {
    let mut since = from;
    looks
        .map(|look| {
            let length = look.at - since;
            since = look.at;
            f64::from(look.sum(|count| count.there)) * length
        })
        .sum()
}

/// Whether it went as promised. `changed` are the services whose autoscaler was not put back.
#[must_use]
pub(super) fn verdict(runs: &[Run], services: usize, changed: &[String]) -> Verdict {
    let of = |manner| runs.iter().find(|run| run.manner == manner);
    let unanswered: usize = runs.iter().map(|run| run.unanswered).sum();
    let were_asked = !runs.is_empty() && runs.iter().all(|run| run.seen.requests > 0);
    let more = |manner| of(manner).and_then(|run| run.more);
    let overloaded = |manner| of(manner).map(|run| run.overloaded);
    let told = |seconds: Option<usize>| {
        seconds.map_or_else(|| "not made".to_owned(), |seconds| format!("{seconds} s"))
    };
    let (on_cpu, on_floor) = (overloaded(Manner::Cpu), overloaded(Manner::Floor));
    let at_floor = of(Manner::Floor).map_or(0, |run| run.at_floor);
    let changed =
        if changed.is_empty() { "all of them".to_owned() } else { format!("not {}", changed.join(", ")) };
    Verdict::default()
        .rule(
            "no request is left without an answer",
            were_asked && unanswered == 0,
            format_args!("{unanswered} were"),
        )
        .rule("it scales out on CPU", more(Manner::Cpu).is_some(), after(more(Manner::Cpu)))
        .rule("it scales out on queue depth", more(Manner::Queue).is_some(), after(more(Manner::Queue)))
        .rule(
            "with the floor raised, the pods are ready before the burst",
            at_floor == services,
            format_args!("{at_floor} of {services} services had them"),
        )
        .rule(
            "with the floor raised, there are no more seconds of overload than on CPU alone",
            on_cpu.zip(on_floor).is_some_and(|(on_cpu, on_floor)| on_floor <= on_cpu),
            format_args!("{}; on CPU {}", told(on_floor), told(on_cpu)),
        )
        .rule("autoscalers are as they were", changed == "all of them", changed)
}

#[cfg(test)]
mod tests {
    use super::{super::autoscalers::Count, *};
    use crate::clients::Ask;

    fn asked(due: f64, ms: f64, failure: Option<&str>) -> Asked {
        let failures = failure.map(str::to_owned).into_iter().collect();
        Asked { ask: Ask::Bet, due, took: ms / 1_000.0, failures, is_good: failure.is_none() }
    }

    fn look(at: f64, there: u32, ready: u32) -> Look {
        let one = Count { wanted: 1, there: 1, ready: 1 };
        Look { at, counts: [Count { wanted: there, there, ready }, one] }
    }

    #[test]
    fn a_second_is_overloaded_when_too_much_of_it_fails_or_is_slow() {
        let second = |due: f64, slow: usize, failed: usize| {
            (0..200).map(move |number| {
                let ms = if number < slow { 300.0 } else { 20.0 };
                asked(
                    due + f64::from(u8::try_from(number).unwrap()) / 300.0,
                    ms,
                    (number < failed).then_some("503 busy"),
                )
            })
        };
        let of = |slow, failed| overloaded(&second(7.0, slow, failed).collect::<Vec<_>>());
        assert_eq!((of(0, 0), of(2, 0), of(3, 0), of(0, 2), of(0, 3)), (0, 0, 1, 0, 1));
        let two: Vec<_> = second(7.0, 3, 0).chain(second(8.0, 0, 0)).chain(second(9.0, 0, 9)).collect();
        assert_eq!(overloaded(&two), 2);
    }

    #[test]
    fn what_was_refused_is_told_from_what_had_no_answer() {
        let all = [
            asked(1.0, 5.0, None),
            asked(1.1, 5.0, Some("429 too_many")),
            asked(1.2, 5.0, Some("503 busy")),
            asked(1.3, 5.0, Some("504")),
            asked(1.4, 5.0, Some("500 internal")),
            asked(1.5, 5.0, Some("500 internal")),
            asked(1.6, 5.0, Some("no answer in time")),
        ];
        let times = Times { burst: 1.0, over: 2.0, end: 3.0 };
        let run = Run::of(Manner::Cpu, &all, &[], times, 3);
        assert_eq!((run.seen.requests, run.refused, run.unanswered), (7, 3, 1));
    }

    #[test]
    fn pods_are_counted_from_the_burst_to_the_end() {
        let looks = [look(9.0, 1, 1), look(40.0, 3, 1), look(50.0, 3, 2), look(70.0, 1, 1), look(99.0, 9, 9)];
        let times = Times { burst: 10.0, over: 60.0, end: 70.0 };
        let run = Run::of(Manner::Cpu, &[], &looks, times, 2);
        assert_eq!((run.ready, run.more, run.at_floor), (2, Some(40.0), 0));
        // 30 s and 10 s with four of all services, 20 s with two.
        assert_eq!(vec![run.pod_minutes], vec![(40.0 * 4.0 + 20.0 * 2.0) / 60.0]);
    }

    fn recorded() -> Vec<Run> {
        let run = |manner, overloaded, at_floor, more| Run {
            manner,
            seen: Seen { requests: 9_000, ..Seen::default() },
            refused: 40,
            unanswered: 0,
            overloaded,
            ready: 2,
            more,
            pod_minutes: 12.0,
            at_floor,
        };
        vec![
            run(Manner::Cpu, 30, 0, Some(41.0)),
            run(Manner::Queue, 20, 0, Some(22.0)),
            run(Manner::Floor, 3, 2, None),
        ]
    }

    #[test]
    fn it_has_to_scale_out_to_answer_and_to_be_put_back() {
        assert!(verdict(&recorded(), 2, &[]).holds(), "{:?}", verdict(&recorded(), 2, &[]));
        let broken = |change: fn(&mut Vec<Run>)| {
            let mut runs = recorded();
            change(&mut runs);
            verdict(&runs, 2, &[]).broken().len()
        };
        assert_eq!(broken(|runs| runs[1].unanswered = 1), 1);
        assert_eq!(broken(|runs| runs[2].seen.requests = 0), 1, "nobody asked");
        assert_eq!(broken(|runs| runs[0].more = None), 1);
        assert_eq!(broken(|runs| runs[1].more = None), 1);
        assert_eq!(broken(|runs| runs[2].at_floor = 1), 1);
        assert_eq!(broken(|runs| runs[2].overloaded = 30), 0, "as many are no more");
        assert_eq!(broken(|runs| runs[2].overloaded = 31), 1);
        assert_eq!(broken(Vec::clear), 5, "nothing was made");
        assert_eq!(
            verdict(&recorded(), 2, &["gateway".to_owned()]).broken(),
            ["autoscalers are as they were"]
        );
    }
}
