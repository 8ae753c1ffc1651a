//! What has to be reached under an overload.

use serde::{Deserialize, Serialize};

use super::{Against, Found, Part, Results, Row, Run, Wanted, mebibytes};
use crate::scenario::{Kind, overload};

/// What the chart gives a gateway: what holds more is killed. MiB.
const POD: f64 = 256.0;

/// What an overload is compared with.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Overload {
    /// Bets a second that were accepted just before, each connection waiting for its answers.
    pub peak: f64,
    /// What the gateway held before anybody connected. Bytes.
    pub memory_before: u64,
    /// The most that it held from then on. Bytes.
    pub memory_most: u64,
}

/// The figures of an overload.
pub(super) fn rows(results: &Results) -> Vec<Row> {
    let run = results.find(Kind::Overload, Against::Ours, None, 1);
    let of = |figure: fn(&Run, Overload) -> Option<f64>| run.and_then(|run| figure(run, told(run)?));
    let (least, most) = (Wanted::AtLeast, Wanted::AtMost);
    let rows = [
        ("overload: requests that came, of what is sustained", "×", least(2.8), least(3.0), of(arrivals)),
        (
            "overload: accepted bets/s meanwhile, of what is sustained",
            "×",
            least(0.9),
            least(0.97),
            of(accepted),
        ),
        ("overload: p99 of refusals, from when they were sent", "ms", most(100.0), most(50.0), of(refusals)),
        ("overload: the gateway's memory, at most", "MiB", most(POD), most(POD * 0.75), of(memory)),
        ("overload: p99 of bets 5 s afterwards, of that before", "×", most(1.5), most(1.1), of(recovery)),
    ];
    rows.into_iter()
        .map(|(what, unit, wanted, stretch, measured)| Row { what, unit, wanted, stretch, measured })
        .collect()
}

const fn told(run: &Run) -> Option<Overload> {
    match run.found {
        Some(Found::Overload(overload)) => Some(overload),
        _ => None,
    }
}

fn part<'a>(run: &'a Run, name: &str) -> Option<&'a Part> {
    run.parts.iter().find(|part| part.name == name)
}

fn arrivals(run: &Run, overload: Overload) -> Option<f64> {
    Some(part(run, overload::DURING)?.sent_per_second() / overload.peak)
}

fn accepted(run: &Run, overload: Overload) -> Option<f64> {
    let during = part(run, overload::DURING)?;
    Some(during.per_second(&during.accepted) / overload.peak)
}

fn refusals(run: &Run, _: Overload) -> Option<f64> {
    let refused = part(run, overload::DURING)?.refused;
    (refused.count > 0).then_some(refused.latency.p99_ms)
}

fn memory(_: &Run, overload: Overload) -> Option<f64> {
    (overload.memory_most > 0).then(|| mebibytes(overload.memory_most))
}

fn recovery(run: &Run, _: Overload) -> Option<f64> {
    let p99 = |name| part(run, name).map(|part| part.accepted.latency.p99_ms).filter(|p99| *p99 > 0.0);
    Some(p99(overload::AFTER)? / p99(overload::BEFORE)?)
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixtures::{self, part},
        *,
    };

    fn measured(refused: u64) -> Vec<Option<f64>> {
        let mut results = fixtures::results();
        let run = &mut results.runs[0];
        run.scenario = Kind::Overload;
        let overload = Overload { peak: 1_000.0, memory_before: 100, memory_most: 200 << 20 };
        run.found = Some(Found::Overload(overload));
        run.parts = vec![
            part(overload::BEFORE, 3_300, 3_300, 10.0, 0),
            part(overload::DURING, 29_000, 9_500, 400.0, refused),
            part(overload::AFTER, 3_300, 3_300, 12.0, 0),
        ];
        rows(&results).iter().map(|row| row.measured).collect()
    }

    #[test]
    fn an_overload_is_compared_with_what_was_sustained_before_it() {
        let all: Vec<_> = measured(19_500).into_iter().flatten().collect();
        for (measured, expected) in all.iter().zip([2.9, 0.95, 80.0, 200.0, 1.2]) {
            assert!((measured - expected).abs() < 1e-9, "{measured} is not {expected}");
        }
        assert_eq!(all.len(), 5);
    }

    #[test]
    fn where_nothing_was_refused_nobody_knows_how_soon_refusals_come() {
        assert_eq!(measured(0)[2], None);
        let none: Vec<_> = rows(&fixtures::results()).iter().filter_map(|row| row.measured).collect();
        assert_eq!(none, Vec::<f64>::new());
    }
}
