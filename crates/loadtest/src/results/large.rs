//! What has to be reached where much is there: listeners, bets of a market, bets in all.

use super::{
    Against, Endurance, Found, Listening, Replicas, Results, Row, Run, Wanted, mebibytes, ratios::ratio,
};
use crate::scenario::Kind;

/// What seasons, settlements, listeners and long loads tell.
pub(super) fn rows(results: &Results) -> Vec<Row> {
    let row = |what, unit, wanted, stretch, measured| Row { what, unit, wanted, stretch, measured };
    let (least, most) = (Wanted::AtLeast, Wanted::AtMost);
    let (listening, endurance) = (results.listening(), results.endurance());
    vec![
        row("season: requests/s, of a bare axum answer's", "×", least(0.35), least(0.5), results.season()),
        row(
            "settlement: bets/s, of the hot market's at 1,000 connections",
            "×",
            least(1.5),
            least(3.0),
            results.settlement(),
        ),
        row(
            "memory of a gateway, all listeners connected and quiet, above idle",
            "MiB",
            most(250.0),
            most(120.0),
            listening.map(|listening| mebibytes(listening.memory())),
        ),
        row(
            "an update seen by all listeners after the bet was recorded, p99",
            "s",
            most(1.0),
            most(0.5),
            listening.map(|listening| listening.lag.p99_ms / 1_000.0),
        ),
        row(
            "long: bets/s in the last tenth of all bets, of those in the first",
            "×",
            least(0.95),
            least(1.0),
            endurance.and_then(Endurance::last_over_first),
        ),
        row(
            "long: CPU without bets right after the last, of that with bets",
            "%",
            most(5.0),
            most(2.0),
            endurance.map(|endurance| endurance.background() * 100.0),
        ),
    ]
}

impl Results {
    /// Of what the gateway's process answers at most, at the same connections.
    fn season(&self) -> Option<f64> {
        let season = self.ours(Kind::Season)?;
        let bare = self.find(Kind::Bare, Against::Ours, Some(season.connections), 1)?;
        ratio(season.requests_per_second(), bare.requests_per_second())
    }

    fn settlement(&self) -> Option<f64> {
        let settle = self.ours(Kind::Settle)?;
        let hot = self.find(Kind::HotMarket, Against::Ours, Some(1_000), 1)?;
        ratio(settle.accepted_per_second(), hot.accepted_per_second())
    }

    fn listening(&self) -> Option<&Listening> {
        match &self.ours(Kind::Stream)?.found {
            Some(Found::Stream(listening)) => Some(listening),
            _ => None,
        }
    }

    fn endurance(&self) -> Option<&Endurance> {
        match &self.ours(Kind::Long)?.found {
            Some(Found::Long(endurance)) => Some(endurance),
            _ => None,
        }
    }

    /// The run of this kind; the largest, where it was made in several sizes.
    fn ours(&self, scenario: Kind) -> Option<&Run> {
        self.all(scenario, Against::Ours, None, Replicas::ONE).max_by_key(|run| run.accepted)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures, *};

    /// The hot market's run of the fixtures, as if it were another's.
    fn with(scenario: Kind, connections: usize, accepted: u64) -> Run {
        let run = fixtures::results().runs[0].clone();
        Run { scenario, connections, accepted, requests: accepted, ..run }
    }

    fn measured(runs: Vec<Run>, what: &str) -> Option<f64> {
        let mut results = fixtures::results();
        results.runs = runs;
        rows(&results).into_iter().find(|row| row.what.starts_with(what)).unwrap().measured
    }

    fn is(found: Option<f64>, expected: f64) -> bool {
        found.is_some_and(|found| (found - expected).abs() < 1e-9)
    }

    #[test]
    fn a_season_is_compared_with_the_bare_answer_at_its_connections() {
        let season = with(Kind::Season, 256, 30_000);
        let runs = vec![season.clone(), with(Kind::Bare, 64, 10), with(Kind::Bare, 256, 60_000)];
        assert!(is(measured(runs, "season"), 0.5));
        assert_eq!(measured(vec![season, with(Kind::Bare, 64, 10)], "season"), None);
    }

    #[test]
    fn a_settlement_is_compared_with_the_hot_market_at_a_thousand_connections() {
        let settle = with(Kind::Settle, 0, 200_000);
        let hot = [with(Kind::HotMarket, 256, 10), with(Kind::HotMarket, 1_000, 80_000)];
        assert!(is(measured(vec![settle.clone(), hot[0].clone(), hot[1].clone()], "settlement"), 2.5));
        assert_eq!(measured(vec![settle.clone(), hot[0].clone()], "settlement"), None);
        let smaller = with(Kind::Settle, 0, 50_000);
        assert!(is(measured(vec![smaller, settle, hot[1].clone()], "settlement"), 2.5), "the largest counts");
    }

    #[test]
    fn listeners_take_what_came_with_them() {
        let found = Some(Found::Stream(fixtures::listening(10_000)));
        let runs = vec![Run { found, ..with(Kind::Stream, 64, 1) }];
        assert!(is(measured(runs.clone(), "memory of a gateway"), 100.0));
        assert!(is(measured(runs, "an update seen"), 0.4));
    }
}
