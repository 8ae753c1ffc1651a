//! Why pods made the system of 2022 slower, and what they do to this one.

use super::{super::gallery::replicas, Pictures};
use crate::{
    results::{Against, Replicas, Results, Run, Service},
    scenario::Kind,
};

/// Rates within this share of each other are the same.
const SAME: f64 = 0.05;

const THEN: &str = "\
In 2022 a bet was one transaction: it locked the rows of choice, account and game, changed them one by one, wrote the bet, and \
committed. That is `pessimistic` here, on a pool of 20 connections for each pod, behind the same gateway and on the same \
PostgreSQL. Whoever bets on a match needs that match's rows. The first to lock them keeps them for every round trip that is \
left, and for the commit's way to the disk; everybody else stands in line, each with a connection, an open transaction and a \
process of PostgreSQL. So the rate on one match is one divided by the time for which a bet holds the lock, however many pods \
there are. One pod more brings 20 more into the same line. Nobody is served sooner for it, and PostgreSQL has more processes \
to wake, longer queues to keep and more waiting to search for deadlocks, on the same cores.";

const NOW: &str = "\
Now a bet waits for a commit, and not for a row. What arrives while a commit is under way is in the next one: the gateway \
sends it in one call, betting takes all stakes in one statement of the ledger's and records all bets in one of its own. Rows \
are locked once for a batch, always in the same order, for one round trip. More people at once make batches larger and lines \
no longer. One pod more adds no line either: the ledger merges what all of them ask. (All pods share this machine's cores, so \
the best that a pod more can do here is to cost nothing.)";

/// The section.
pub(super) fn section(results: &Results, pictures: &Pictures<'_>) -> String {
    format!(
        "## Why more pods made it slower, and whether they still do\n\n{THEN}\n\n{}{NOW}\n\n{}{}",
        measured(results, Against::Pessimistic, then).unwrap_or_default(),
        measured(results, Against::Ours, now).unwrap_or_default(),
        Service::ALL.map(|service| pictures.show(&replicas(service))).concat(),
    )
}

/// What the curve of a system is, and what that means.
fn measured(results: &Results, against: Against, meaning: fn(f64) -> &'static str) -> Option<String> {
    let curve = curve(results, against);
    let (one, many) = (curve.first()?, curve.last().filter(|many| many.replicas.betting > 1)?);
    let list = |of: fn(&Run) -> String| curve.iter().map(|run| of(run)).collect::<Vec<_>>().join(", ");
    let ratio = many.accepted_per_second() / one.accepted_per_second();
    let costs = one.cpu_per_bet_in_all().zip(many.cpu_per_bet_in_all());
    let costs = costs.map(|(one, many)| {
        format!(", at {one:.0} µs of CPU for each bet with the fewest and {many:.0} with the most")
    });
    Some(format!(
        "Measured with {} pods of `{}`: {} bets/s{}. {} pods make {ratio:.2} of what {} makes: {}\n\n",
        list(|run| run.replicas.betting.to_string()),
        against.name(),
        list(|run| format!("{:.0}", run.accepted_per_second())),
        costs.unwrap_or_default(),
        many.replicas.betting,
        one.replicas.betting,
        meaning(ratio)
    ))
}

/// The runs that differ in nothing but replicas of betting, the fewest first.
fn curve(results: &Results, against: Against) -> Vec<&Run> {
    let is_hot = |run: &&Run| {
        let has_one_of_all_else = run.replicas == Replicas::from(run.replicas.betting);
        run.scenario == Kind::HotMarket
            && run.against == Some(against)
            && run.rate.is_none()
            && has_one_of_all_else
    };
    let hot = || results.runs.iter().filter(is_hot);
    let Some(connections) = hot().find(|run| run.replicas.betting > 1).map(|run| run.connections) else {
        return Vec::new();
    };
    let mut curve: Vec<_> = hot().filter(|run| run.connections == connections).collect();
    curve.sort_by_key(|run| run.replicas.betting);
    curve
}

fn then(ratio: f64) -> &'static str {
    match ratio {
        ..0.95 => "pods make it slower, as they did then.",
        _ if ratio <= 1.0 + SAME => "pods change nothing, for the line is the same.",
        _ => {
            "pods help it here, unlike then: on this machine something else than the locks holds it up first."
        }
    }
}

fn now(ratio: f64) -> &'static str {
    match ratio {
        ..0.95 => "pods do cost something still, on cores that they share with everything else.",
        _ if ratio <= 1.0 + SAME => "pods cost nothing.",
        _ => "pods help.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::fixtures;

    fn text(results: &Results) -> String {
        section(results, &Pictures { plots: &[], folder: "" })
    }

    #[test]
    fn what_pods_do_is_said_by_the_figures() {
        let mut results = fixtures::results();
        let ours = "Measured with 1, 4 pods of `ours`: 10000, 9000 bets/s, at 80 µs of CPU for each bet with the fewest and 89 with \
            the most. 4 pods make 0.90 of what 1 makes: pods do cost something still";
        assert!(text(&results).contains(ours), "{}", text(&results));
        assert!(!text(&results).contains("pods of `pessimistic`: "), "it was not measured");
        results.runs[2].accepted = 101_000;
        assert!(text(&results).contains("1.01 of what 1 makes: pods cost nothing"), "{}", text(&results));
        let mut old = results.runs[1].clone();
        (old.replicas, old.accepted) = (Replicas::from(8), 3_000);
        results.runs.push(old);
        assert!(
            text(&results).contains("8 pods make 0.60 of what 1 makes: pods make it slower, as"),
            "{}",
            text(&results)
        );
    }

    #[test]
    fn each_way_in_which_figures_can_fall_has_its_sentence() {
        let sentences = |of: fn(f64) -> &'static str| [0.7, 1.0, 1.3].map(of);
        for [less, same, more] in [sentences(then), sentences(now)] {
            assert!(less != same && same != more && less != more, "{less} {same} {more}");
        }
    }
}
