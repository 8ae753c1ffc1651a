//! The designs side by side on one market.

use super::{Pictures, table};
use crate::{
    results::{Against, Replicas, Results, Run},
    scenario::Kind,
};

const OLD: Against = Against::Pessimistic;

const SINGLE: &str = "\
`single-statement` does all of a bet in one statement, so it holds its locks for one round trip; every bet has a commit of its own still. ";

/// The section.
pub(super) fn section(results: &Results, pictures: &Pictures<'_>) -> String {
    let hot: Vec<_> = results.runs.iter().filter(|run| is_hot(run)).collect();
    if hot.is_empty() {
        return String::new();
    }
    let has_single = hot.iter().any(|run| run.against == Some(Against::SingleStatement));
    let most = hot.iter().filter(|run| run.against == Some(Against::Ours)).max_by_key(|run| run.connections);
    let sentence = most.and_then(|ours| compared(ours, of_old(&hot, ours.connections)?)).unwrap_or_default();
    format!(
        "## The designs side by side\n\n{}{sentence}\n\n{}\n{}",
        if has_single { SINGLE } else { "" },
        table((header(), hot.iter().map(|run| row(run, of_old(&hot, run.connections))).collect())),
        ["throughput", "p99", "cpu", "wal", "memory-by-connections"].map(|name| pictures.show(name)).concat(),
    )
}

fn is_hot(run: &Run) -> bool {
    run.scenario == Kind::HotMarket
        && run.replicas == Replicas::ONE
        && run.rate.is_none()
        && run.against.is_some()
}

fn of_old<'a>(hot: &[&'a Run], connections: usize) -> Option<&'a Run> {
    hot.iter().find(|run| run.against == Some(OLD) && run.connections == connections).copied()
}

fn header() -> Vec<String> {
    let columns = [
        "hot market",
        "connections",
        "bets/s",
        "of `pessimistic`'s",
        "p50 ms",
        "p99 ms",
        "µs CPU/bet",
        "WAL B/bet",
    ];
    columns.map(str::to_owned).into()
}

fn row(run: &Run, old: Option<&Run>) -> Vec<String> {
    let known = |figure: Option<f64>| figure.map_or_else(|| "–".to_owned(), |figure| format!("{figure:.0}"));
    let of_old = old.and_then(|old| ratio(run.accepted_per_second(), old.accepted_per_second()));
    vec![
        run.against.map_or("target", Against::name).to_owned(),
        run.connections.to_string(),
        format!("{:.0}", run.accepted_per_second()),
        of_old.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.1} ×")),
        format!("{:.0}", run.latency.p50_ms),
        format!("{:.0}", run.latency.p99_ms),
        known(run.cpu_per_bet_in_all()),
        known(run.wal_per_bet()),
    ]
}

/// The largest run of ours beside the same of the old design.
fn compared(ours: &Run, old: &Run) -> Option<String> {
    let rate = ratio(ours.accepted_per_second(), old.accepted_per_second())?;
    let wait = ratio(ours.latency.p99_ms, old.latency.p99_ms)?;
    let cpu = ours.cpu_per_bet_in_all().zip(old.cpu_per_bet_in_all());
    let cpu = cpu.and_then(|(one, other)| ratio(one, other));
    let log = ours.wal_per_bet().zip(old.wal_per_bet()).and_then(|(one, other)| ratio(one, other));
    Some(format!(
        "With {} connections `ours` takes {rate:.1} times as many bets as `pessimistic`, and the slowest in a hundred waits {wait:.2} of \
        the time.{}{}",
        ours.connections,
        cpu.map(|cpu| format!(" A bet costs {cpu:.2} of the CPU.")).unwrap_or_default(),
        log.map(logged).unwrap_or_default()
    ))
}

fn logged(log: f64) -> String {
    if log <= 1.0 {
        return format!(" It writes {log:.2} of the log.");
    }
    format!(
        " It writes {log:.1} times the log: the ledger keeps a transfer and betting a bet, each with what audits and feeds need, while \
        the old designs keep the bet alone."
    )
}

fn ratio(one: f64, other: f64) -> Option<f64> {
    (other > 0.0).then(|| one / other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::fixtures;

    fn text(results: &Results) -> String {
        section(results, &Pictures { plots: &[], folder: "" })
    }

    #[test]
    fn designs_stand_beside_each_other_without_replicas() {
        let text = text(&fixtures::results());
        assert!(text.contains("| ours | 256 | 10000 | 20.0 × | 1 | 50 | 80 | 1000 |"), "{text}");
        assert!(text.contains("| pessimistic | 256 | 500 | 1.0 × | 1 | 1000 | 1600 | 1000 |"), "{text}");
        assert_eq!(text.matches("| ours |").count(), 1, "{text}");
    }

    #[test]
    fn what_is_said_follows_the_figures() {
        let mut results = fixtures::results();
        let sentence = "`ours` takes 20.0 times as many bets as `pessimistic`, and the slowest in a hundred waits 0.05 of the time. A bet costs \
            0.05 of the CPU. It writes 1.00 of the log.";
        assert!(text(&results).contains(sentence), "{}", text(&results));
        results.runs[0].cost.as_mut().unwrap().wal_bytes *= 2;
        assert!(text(&results).contains("It writes 2.0 times the log: the ledger"), "{}", text(&results));
        results.runs.remove(1);
        assert!(!text(&results).contains("times as many"), "there is nothing to compare with");
    }
}
