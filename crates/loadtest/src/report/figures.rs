//! What each plot shows, taken out of the results.

use crate::{
    results::{Against, Endurance, Latency, PROCESSES, Replicas, Results, Run, Service, Slice, mebibytes},
    scenario::Kind,
};

type Percentile = fn(&Latency) -> f64;

/// No line over time has more points, however long the run is.
const POINTS: usize = 150;

/// The processes of a bet, as people call them.
pub(super) const LEGEND: [&str; PROCESSES.len()] = ["gateway", "betting", "account", "PostgreSQL"];

/// A line of a plot: its name and its points.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it is, in the legend.
    pub name: String,
    /// Along the bottom, and up the side.
    pub points: Vec<(f64, f64)>,
}

/// A bar whose parts lie on each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What it is, above it.
    pub name: String,
    /// In the order of the legend.
    pub parts: Vec<f64>,
}

fn hot(results: &Results, against: Against) -> impl Iterator<Item = &Run> {
    let is_hot = move |run: &&Run| {
        run.scenario == Kind::HotMarket && run.against == Some(against) && run.rate.is_none()
    };
    results.runs.iter().filter(is_hot)
}

/// A line for each system that has points.
fn lines(results: &Results, points: impl Fn(Against) -> Vec<(f64, f64)>) -> Vec<Line> {
    let of = |against: Against| {
        let mut points = points(against);
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        Line { name: against.name().to_owned(), points }
    };
    let known = Against::ALL
        .into_iter()
        .filter(|against| results.runs.iter().any(|run| run.against == Some(*against)));
    known.map(of).filter(|line| !line.points.is_empty()).collect()
}

/// Accepted bets a second by connections.
pub(super) fn throughput(results: &Results) -> Vec<Line> {
    by_connections(results, Run::accepted_per_second)
}

/// One percentile by connections.
pub(super) fn percentile(results: &Results, of: impl Fn(&Latency) -> f64) -> Vec<Line> {
    by_connections(results, |run| of(&run.latency))
}

fn by_connections(results: &Results, figure: impl Fn(&Run) -> f64) -> Vec<Line> {
    lines(results, |against| {
        let single = hot(results, against).filter(|run| run.replicas == Replicas::ONE);
        single.map(|run| (number(run.connections), figure(run))).collect()
    })
}

/// Accepted bets a second by replicas of a service, with one of all others, where there is more than one number of them.
pub(super) fn replicas(results: &Results, service: Service) -> Vec<Line> {
    let count = |run: &Run| run.replicas.of(service);
    let mut found = lines(results, |against| {
        let alone =
            || hot(results, against).filter(|run| run.replicas == Replicas::only(service, count(run)));
        let Some(connections) = alone().find(|run| count(run) > 1).map(|run| run.connections) else {
            return Vec::new();
        };
        let same = alone().filter(|run| run.connections == connections);
        same.map(|run| (number(count(run)), run.accepted_per_second())).collect()
    });
    found.retain(|line| line.points.len() > 1);
    found
}

/// Memory by process by connections, of ours on the hot market. MiB at the end of the run.
pub(super) fn memory_by_connections(results: &Results) -> Vec<Line> {
    let line = |(process, name): (&str, &str)| {
        let runs = hot(results, Against::Ours).filter(|run| run.replicas == Replicas::ONE);
        let point = |run: &Run| {
            let bytes = run.cost.as_ref()?.memory_bytes.get(process)?;
            Some((number(run.connections), mebibytes(*bytes)))
        };
        let mut points: Vec<_> = runs.filter_map(point).collect();
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        Line { name: name.to_owned(), points }
    };
    PROCESSES.into_iter().zip(LEGEND).map(line).filter(|line| line.points.len() > 1).collect()
}

/// Percentiles over time of one run, of each piece the worst where there are too many. Seconds and milliseconds.
pub(super) fn over_time(run: &Run) -> Vec<Line> {
    let percentiles: [(&str, Percentile); 3] = [
        ("p50", |latency| latency.p50_ms),
        ("p99", |latency| latency.p99_ms),
        ("p99.9", |latency| latency.p999_ms),
    ];
    let slices: Vec<_> = run.slices.iter().filter(|slice| slice.requests > 0).collect();
    let pieces = || slices.chunks(slices.len().div_ceil(POINTS).max(1));
    let worst = |piece: &[&Slice], of: Percentile| {
        let from = piece.first().map(|slice| seconds(slice.from_ms))?;
        Some((from, piece.iter().map(|slice| of(&slice.latency)).fold(0.0, f64::max)))
    };
    let line = |(name, of): (&str, Percentile)| Line {
        name: name.to_owned(),
        points: pieces().filter_map(|piece| worst(piece, of)).collect(),
    };
    percentiles.map(line).into()
}

/// The runs whose latency over time is shown: the bursts, and ours on the hot market.
pub(super) fn shown_over_time(results: &Results) -> impl Iterator<Item = &Run> {
    results.runs.iter().filter(|run| {
        let is_ours = run.against.is_none_or(|against| against == Against::Ours);
        run.scenario == Kind::Burst || (is_ours && run.replicas == Replicas::ONE && run.slices.len() > 1)
    })
}

/// Processor time of a bet by process, for each run that only bets. Microseconds.
pub(super) fn costs(results: &Results) -> Vec<Bar> {
    let bets =
        results.runs.iter().filter(|run| run.scenario.only_bets() && run.accepted > 0 && run.cost.is_some());
    bets.map(|run| Bar {
        name: short(run),
        parts: PROCESSES.map(|process| run.cpu_per_bet(process).unwrap_or_default()).into(),
    })
    .collect()
}

/// What a bet wrote to PostgreSQL's log. Bytes.
pub(super) fn wal(results: &Results) -> Vec<Bar> {
    let bets = results.runs.iter().filter(|run| run.scenario.only_bets());
    bets.filter_map(|run| Some(Bar { name: short(run), parts: vec![run.wal_per_bet()?] })).collect()
}

/// Memory by process at the end of each run. MiB.
pub(super) fn memory(results: &Results) -> Vec<Bar> {
    let known = results.runs.iter().filter_map(|run| Some((run, run.cost.as_ref()?)));
    known
        .map(|(run, cost)| {
            let part = |process| cost.memory_bytes.get(process).copied().unwrap_or_default();
            Bar { name: short(run), parts: PROCESSES.map(|process| mebibytes(part(process))).into() }
        })
        .collect()
}

/// Bets a second by the bets that were there.
pub(super) fn rate_by_bets(endurance: &Endurance) -> Vec<Line> {
    let points = endurance.legs.iter().map(|leg| (millions(leg.placed), leg.accepted_per_second()));
    vec![Line { name: "bets/s".to_owned(), points: points.collect() }]
}

/// Memory of each process by the bets that were there. MiB.
pub(super) fn memory_by_bets(endurance: &Endurance) -> Vec<Line> {
    let line = |(process, name): (&str, &str)| {
        let known =
            endurance.legs.iter().filter_map(|leg| Some((leg.placed, *leg.memory_bytes.get(process)?)));
        let points = known.map(|(placed, bytes)| (millions(placed), mebibytes(bytes)));
        Line { name: name.to_owned(), points: points.collect() }
    };
    PROCESSES.into_iter().zip(LEGEND).map(line).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a plot is not that precise")]
const fn millions(bets: u64) -> f64 {
    bets as f64 / 1e6
}

fn short(run: &Run) -> String {
    let against = run.against.map_or("target", Against::name);
    let many = Service::ALL.into_iter().filter(|service| run.replicas.of(*service) != 1);
    let replicas = many.map(|service| format!(" ×{} {}", run.replicas.of(service), service.name()));
    let replicas = replicas.collect::<Vec<_>>().concat();
    let connections = if run.connections == 0 { String::new() } else { format!(" {}", run.connections) };
    format!("{} {against}{connections}{replicas}", run.scenario.name())
}

#[expect(clippy::cast_precision_loss, reason = "connections and replicas are few")]
const fn number(number: usize) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "a run is short")]
const fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::fixtures;

    #[test]
    fn a_line_is_one_system_by_connections_and_replicas_have_a_plot_of_their_own() {
        let results = fixtures::results();
        let line = |name: &str, points: &[(f64, f64)]| Line { name: name.into(), points: points.into() };
        assert_eq!(
            throughput(&results),
            [line("ours", &[(256.0, 10_000.0)]), line("pessimistic", &[(256.0, 500.0)])]
        );
        let of = |service| replicas(&results, service);
        assert_eq!(of(Service::Betting), [line("ours", &[(1.0, 10_000.0), (4.0, 9_000.0)])]);
        assert_eq!(of(Service::Gateway), [line("ours", &[(1.0, 10_000.0), (4.0, 9_500.0)])]);
        assert_eq!(of(Service::Account), []);
    }

    #[test]
    fn memory_by_connections_is_that_of_ours_without_replicas() {
        let mut results = fixtures::results();
        assert_eq!(memory_by_connections(&results), [], "one number of connections is no line");
        let mut more = results.runs[0].clone();
        more.connections = 64;
        results.runs.push(more);
        let expected = Line { name: "gateway".into(), points: vec![(64.0, 64.0), (256.0, 64.0)] };
        assert_eq!(memory_by_connections(&results), [expected]);
    }

    #[test]
    fn a_long_run_is_thinned_to_the_worst_of_each_piece() {
        let mut run = fixtures::results().runs.remove(0);
        assert_eq!(over_time(&run)[1].points[3], (3.0, 50.0), "a short one is shown as it is");
        let slice = run.slices[0];
        run.slices = (0..1_000).map(|n| Slice { from_ms: n * 1_000, ..slice }).collect();
        run.slices[17].latency.p99_ms = 700.0;
        let [_, p99, _] = over_time(&run).try_into().unwrap();
        assert_eq!(p99.points.len(), 143);
        assert_eq!(p99.points[1..4], [(7.0, 50.0), (14.0, 700.0), (21.0, 50.0)]);
    }

    #[test]
    fn a_long_load_is_drawn_by_the_bets_that_are_there() {
        let endurance = fixtures::endurance(&[500_000, 250_000]);
        assert_eq!(rate_by_bets(&endurance)[0].points, [(0.5, 50_000.0), (0.75, 25_000.0)]);
        let memory = memory_by_bets(&endurance);
        let betting = memory.iter().find(|line| line.name == "betting").unwrap();
        assert_eq!(betting.points, [(0.5, 32.0), (0.75, 32.0)]);
    }

    #[test]
    fn a_bar_has_a_part_for_each_process() {
        let costs = costs(&fixtures::results());
        assert_eq!(costs[0], Bar { name: "hot-market ours 256".into(), parts: vec![20.0, 7.0, 3.0, 50.0] });
    }
}
