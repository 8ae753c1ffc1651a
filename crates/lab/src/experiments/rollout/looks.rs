//! What pods told, look by look.

use loljoa_loadtest::report::Line;

use super::{
    betting::{Betting, Reading},
    told::between,
};

/// Looks at what pods tell, and the calls that they had in between.
#[derive(Default)]
pub(super) struct Looks {
    last: Option<Reading>,
    /// When it was looked, and how many calls a second the stable pods and the canary had since the look before.
    rates: Vec<(f64, f64, f64)>,
}

impl Looks {
    /// Looks.
    ///
    /// # Errors
    ///
    /// When the cluster does not tell which pods there are.
    pub(super) async fn look(&mut self, betting: &Betting<'_>) -> anyhow::Result<Reading> {
        let now = betting.read().await?;
        self.add(now.clone());
        Ok(now)
    }

    fn add(&mut self, now: Reading) {
        if let Some(last) = &self.last {
            let seconds = (now.at - last.at).max(0.001);
            #[expect(clippy::cast_precision_loss, reason = "there are few calls between two looks")]
            let rate = |calls: u64| calls as f64 / seconds;
            let stable = between(&last.stable, &now.stable);
            let canary = between(&last.canary, &now.canary);
            self.rates.push((now.at, rate(stable.calls()), rate(canary.calls())));
        }
        self.last = Some(now);
    }

    /// Calls a second over time, of the stable pods and of the canary.
    #[must_use]
    pub(super) fn lines(&self) -> [Line; 2] {
        let line = |name: &str, of: fn(&(f64, f64, f64)) -> f64| Line {
            name: name.to_owned(),
            points: self.rates.iter().map(|rate| (rate.0, of(rate))).collect(),
        };
        [line("stable", |rate| rate.1), line("canary", |rate| rate.2)]
    }
}

#[cfg(test)]
mod tests {
    use super::{super::told::Told, *};

    #[test]
    fn calls_a_second_are_counted_from_look_to_look() {
        let told = |calls| Told { within: vec![(f64::INFINITY, calls)], ..Told::default() };
        let mut looks = Looks::default();
        for (at, stable, canary) in [(1.0, 10, None), (3.0, 30, Some(4)), (5.0, 30, Some(24))] {
            let mut reading = Reading { at, ..Reading::default() };
            reading.stable.insert("a".to_owned(), told(stable));
            reading.canary.extend(canary.map(|calls| ("b".to_owned(), told(calls))));
            looks.add(reading);
        }
        let [stable, canary] = looks.lines();
        assert_eq!(
            (stable.points, canary.points),
            (vec![(3.0, 10.0), (5.0, 0.0)], vec![(3.0, 2.0), (5.0, 10.0)])
        );
    }
}
