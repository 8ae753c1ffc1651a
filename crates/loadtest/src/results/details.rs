//! What only some scenarios tell, in rows.

use super::{Endurance, Found, Listening, Overload, Results, Run, Traces, mebibytes, table::whole};

/// The header and the rows of what only some scenarios tell; no rows where none of them was run.
#[must_use]
pub fn of_details(results: &Results) -> (Vec<String>, Vec<Vec<String>>) {
    let header = ["run", "what", "figure"].map(str::to_owned).to_vec();
    (header, results.runs.iter().flat_map(run).collect())
}

fn run(run: &Run) -> Vec<Vec<String>> {
    let told = match &run.found {
        None => return Vec::new(),
        Some(Found::Overload(overload)) => of_overload(*overload),
        Some(Found::Stream(listening)) => of_listening(listening),
        Some(Found::Long(endurance)) => of_endurance(endurance),
        Some(Found::Traces(traces)) => of_traces(traces),
    };
    told.into_iter().map(|(what, figure)| vec![run.title(), what, figure]).collect()
}

fn of_overload(overload: Overload) -> Vec<(String, String)> {
    let told = [
        ("bets/s that are sustained", whole(overload.peak)),
        ("memory of the gateway before anybody came", in_mebibytes(overload.memory_before)),
        ("the most of it from then on", in_mebibytes(overload.memory_most)),
    ];
    told.map(|(what, figure)| (what.to_owned(), figure)).into()
}

fn of_listening(listening: &Listening) -> Vec<(String, String)> {
    let lag = listening.lag;
    let told = [
        ("listeners", listening.listeners.to_string()),
        ("memory of the gateway before they came", in_mebibytes(listening.before_bytes)),
        ("the same with all of them connected and quiet", in_mebibytes(listening.quiet_bytes)),
        ("updates that they read", listening.updates.to_string()),
        ("from a bet's record to an update that includes it, p50", ms(lag.p50_ms)),
        ("the same, p99", ms(lag.p99_ms)),
        ("the same, the slowest", ms(lag.max_ms)),
    ];
    told.map(|(what, figure)| (what.to_owned(), figure)).into()
}

fn of_endurance(endurance: &Endurance) -> Vec<(String, String)> {
    let Endurance { placed, legs, before, after, .. } = endurance;
    let from_to = |from: f64, to: f64, unit: &str| format!("{from:.2} {unit} → {to:.2} {unit}");
    let mut told = vec![
        ("bets in all".to_owned(), placed.to_string()),
        ("markets, one after the other".to_owned(), legs.len().to_string()),
        (
            "CPU while nobody bets, before the first and after the last".to_owned(),
            from_to(before.quiet_cpu * 100.0, after.quiet_cpu * 100.0, "% of a core"),
        ),
        ("loljoa audit".to_owned(), from_to(before.audit_seconds, after.audit_seconds, "s")),
        (
            "one more replica of betting until it is ready".to_owned(),
            from_to(before.start_seconds, after.start_seconds, "s"),
        ),
    ];
    let (Some(first), Some(last)) = (legs.first(), legs.last()) else { return told };
    for (process, to) in &last.memory_bytes {
        let from = first.memory_bytes.get(process).copied().unwrap_or_default();
        let figure = format!("{} → {}", in_mebibytes(from), in_mebibytes(*to));
        told.push((format!("memory of {process} after the first market and the last"), figure));
    }
    told
}

fn of_traces(traces: &Traces) -> Vec<(String, String)> {
    let told = traces.legs.iter().map(|leg| {
        let rate = whole(leg.accepted_per_second());
        let spans = if leg.share.is_some() {
            format!(", {:.1} spans of gateway and betting a bet arrived", leg.spans_per_bet())
        } else {
            String::new()
        };
        (format!("bets/s, {}", leg.told()), format!("{rate}, {} µs a bet{spans}", whole(leg.cpu_per_bet())))
    });
    told.collect()
}

fn in_mebibytes(bytes: u64) -> String {
    format!("{} MiB", whole(mebibytes(bytes)))
}

fn ms(figure: f64) -> String {
    format!("{} ms", whole(figure))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Latency, fixtures};

    #[test]
    fn only_what_was_found_is_told() {
        let mut results = fixtures::results();
        assert_eq!(of_details(&results).1, Vec::<Vec<String>>::new());
        let lag = Latency { p99_ms: 312.0, ..Latency::default() };
        results.runs[0].found = Some(Found::Stream(Listening {
            listeners: 10_000,
            before_bytes: 40 << 20,
            quiet_bytes: 240 << 20,
            updates: 7,
            lag,
        }));
        let rows = of_details(&results).1;
        let told: Vec<_> = rows.iter().map(|row| row[1..].join(": ")).collect();
        assert!(
            told.contains(&"the same with all of them connected and quiet: 240 MiB".to_owned()),
            "{told:?}"
        );
        assert!(told.contains(&"the same, p99: 312 ms".to_owned()), "{told:?}");
    }
}
