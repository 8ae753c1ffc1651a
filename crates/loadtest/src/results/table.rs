//! Results in rows and columns, for the terminal and for documents.

use super::{Part, Results, Row, Run, ratios::PROCESSES};

/// The header and the rows of all runs.
#[must_use]
pub fn of_runs(results: &Results) -> (Vec<String>, Vec<Vec<String>>) {
    let header = [
        "run",
        "bets/s",
        "requests/s",
        "p50 ms",
        "p90",
        "p99",
        "p99.9",
        "max",
        "refused",
        "errors",
        "µs/bet",
        "gateway",
        "betting",
        "account",
        "PostgreSQL",
        "WAL B/bet",
        "audit",
    ];
    (header.map(str::to_owned).to_vec(), results.runs.iter().map(run).collect())
}

fn run(run: &Run) -> Vec<String> {
    let latency = run.latency;
    let waited = |figure| if run.requests == 0 { "–".to_owned() } else { whole(figure) };
    let sum = |counts: &std::collections::BTreeMap<String, u64>| counts.values().sum::<u64>().to_string();
    let mut row = vec![run.title(), whole(run.accepted_per_second()), waited(run.requests_per_second())];
    row.extend([latency.p50_ms, latency.p90_ms, latency.p99_ms, latency.p999_ms, latency.max_ms].map(waited));
    row.extend([sum(&run.refused), sum(&run.errors), known(run.cpu_per_bet_in_all())]);
    row.extend(PROCESSES.map(|process| known(run.cpu_per_bet(process))));
    row.extend([known(run.wal_per_bet()), audit(run)]);
    row
}

/// The header and the rows of all parts that are told by themselves.
#[must_use]
pub fn of_parts(results: &Results) -> (Vec<String>, Vec<Vec<String>>) {
    let header = [
        "part",
        "seconds",
        "due/s",
        "sent/s",
        "given up",
        "bets/s",
        "p50 ms",
        "p99",
        "others/s",
        "p50 ms",
        "p99",
        "refused/s",
        "p50 ms",
        "p99",
        "cores",
        "of client",
    ];
    let parts = results.runs.iter().flat_map(|run| run.parts.iter().map(move |of| part(run, of)));
    (header.map(str::to_owned).to_vec(), parts.collect())
}

fn part(run: &Run, part: &Part) -> Vec<String> {
    let mut row = vec![format!("{}: {}", run.title(), part.name), whole(part.seconds), known(part.rate)];
    row.extend([whole(part.sent_per_second()), part.given_up.to_string()]);
    for answers in [part.accepted, part.fine, part.refused] {
        let latency = answers.latency;
        row.extend([part.per_second(&answers), latency.p50_ms, latency.p99_ms].map(whole));
    }
    let cores = part.cores();
    row.extend([known(cores.map(|cores| cores.0)), known(cores.map(|cores| cores.1))]);
    row
}

fn audit(run: &Run) -> String {
    match &run.audit {
        None => "–".to_owned(),
        Some(audit) if audit.differences.is_empty() => "0".to_owned(),
        Some(audit) => format!("{} differ", audit.differences.len()),
    }
}

fn known(figure: Option<f64>) -> String {
    figure.map_or_else(|| "–".to_owned(), whole)
}

/// A figure without what nobody reads: thousands apart, decimals only where they are all there is.
pub(super) fn whole(figure: f64) -> String {
    if figure < 10.0 {
        return format!("{figure:.1}");
    }
    let digits = format!("{figure:.0}");
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// The header and the rows of what has to be reached.
#[must_use]
pub fn of_ratios(rows: &[Row]) -> (Vec<String>, Vec<Vec<String>>) {
    let header = ["what", "at least", "stretch", "measured", "met"].map(str::to_owned).to_vec();
    (header, rows.iter().map(ratio).collect())
}

fn ratio(row: &Row) -> Vec<String> {
    let figure = |figure: f64| {
        if figure.is_infinite() { "never".to_owned() } else { format!("{} {}", precise(figure), row.unit) }
    };
    let wanted = |wanted| match wanted {
        super::Wanted::AtLeast(least) => format!("≥ {}", figure(least)),
        super::Wanted::AtMost(most) => format!("≤ {}", figure(most)),
    };
    let met = match row.is_met() {
        None => "not measured",
        Some(true) if row.is_stretched() => "yes, and more",
        Some(true) => "yes",
        Some(false) => "no",
    };
    let measured = row.measured.map_or_else(|| "–".to_owned(), figure);
    vec![row.what.to_owned(), wanted(row.wanted), wanted(row.stretch), measured, met.to_owned()]
}

fn precise(figure: f64) -> String {
    if figure >= 10.0 { whole(figure) } else { format!("{figure:.2}") }
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures, *};

    #[test]
    fn figures_can_be_read() {
        let figures = [0.04, 9.96, 24.4, 999.6, 12_957.0, 1_234_567.0].map(whole);
        assert_eq!(figures, ["0.0", "10.0", "24", "1,000", "12,957", "1,234,567"]);
    }

    #[test]
    fn each_part_is_told_with_bets_others_and_refusals_apart() {
        let mut results = fixtures::results();
        assert!(of_parts(&results).1.is_empty());
        results.runs[2].parts = vec![fixtures::part("storm", 29_000, 9_500, 400.0, 19_500)];
        let (header, rows) = of_parts(&results);
        assert_eq!((rows.len(), rows[0].len()), (1, header.len()));
        let run = "hot-market, ours, 256 connections, 4 replicas: storm";
        let expected = [
            run, "10", "–", "2,900", "0", "950", "0.0", "400", "0.0", "0.0", "0.0", "1,950", "0.0", "80",
            "1.2", "0.5",
        ];
        assert_eq!(rows[0], expected);
    }
}
