//! Whether a canary may have more, by what it and the stable pods tell of the same time.

use serde::{Deserialize, Serialize};

use super::told::Told;

/// Fewer calls have no 99th percentile.
pub(super) const CALLS: u64 = 100;
/// Of a hundred bets, so many may fail more than at the stable pods, and so many calls be slow.
const OF_A_HUNDRED: f64 = 1.0;
/// So many may be refused more, which is mostly for what users asked.
const REFUSED_OF_A_HUNDRED: f64 = 10.0;
/// What is promised of a bet (docs/observability.md), and a bound of the histogram. Seconds.
const PROMISED: f64 = 0.25;
/// So many times the stable pods' time is no slower.
const SLOWER: f64 = 2.0;

/// What is thought of a canary in a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Judgement {
    /// It has had too few calls to tell.
    Unknown,
    /// It may have more.
    Good,
    /// Too many of its bets fail, and why that is so: it has to go at once.
    Failing(String),
    /// Too many of its calls are slow, so far.
    Slow(String),
}

impl Judgement {
    /// Whether it has to go.
    #[must_use]
    pub const fn is_bad(&self) -> bool {
        matches!(self, Self::Failing(_) | Self::Slow(_))
    }

    /// In words.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::Unknown => "too few calls to tell".to_owned(),
            Self::Good => "good".to_owned(),
            Self::Failing(why) | Self::Slow(why) => format!("bad ({why})"),
        }
    }
}

/// Judges a canary by what it and the stable pods told since the step began.
///
/// It is good when it had a hundred calls and, of a hundred, no more than one bet fails and ten are refused beyond the stable pods' shares, and no more than one call takes longer than
/// 250 ms or twice the stable pods' 99th percentile, whichever is more. A bet that fails beyond the one of a hundred calls is one too many at once: nothing that follows can mend
/// it. How long calls take is judged when there are enough of them: the first open connections.
#[must_use]
pub fn judge(canary: &Told, stable: &Told) -> Judgement {
    let bets = canary.bets;
    let may_fail = allowed(bets, OF_A_HUNDRED + 100.0 * share(stable.failed, stable.bets));
    if canary.failed > may_fail {
        return Judgement::Failing(format!("{} of {bets} bets failed, {may_fail} may", canary.failed));
    }
    let may_be_refused = allowed(bets, REFUSED_OF_A_HUNDRED + 100.0 * share(stable.refused, stable.bets));
    if canary.refused > may_be_refused {
        let refused = canary.refused;
        return Judgement::Failing(format!("{refused} of {bets} bets were refused, {may_be_refused} may"));
    }
    let calls = canary.calls();
    if calls < CALLS || bets == 0 {
        return Judgement::Unknown;
    }
    let bound = (SLOWER * stable.p99()).max(PROMISED);
    let (slow, may_be_slow) = (canary.slower_than(bound), allowed(calls, OF_A_HUNDRED));
    if slow > may_be_slow {
        let ms = bound * 1_000.0;
        return Judgement::Slow(format!(
            "{slow} of {calls} calls took longer than {ms:.0} ms, {may_be_slow} may"
        ));
    }
    Judgement::Good
}

/// So many of a hundred, of as many as there were and of a hundred at least.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a step has few bets"
)]
fn allowed(count: u64, of_a_hundred: f64) -> u64 {
    (count.max(CALLS) as f64 * of_a_hundred / 100.0) as u64
}

/// What part of `whole` it is; none of nothing.
#[expect(clippy::cast_precision_loss, reason = "a step has few bets")]
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many calls of one bet each, of which so many took longer than 250 ms, and so many failed.
    fn told(calls: u64, slow: u64, failed: u64) -> Told {
        let within = vec![
            (0.05, calls - slow),
            (0.25, calls - slow),
            (0.5, calls),
            (1.0, calls),
            (f64::INFINITY, calls),
        ];
        Told { bets: calls, refused: 0, failed, within }
    }

    #[test]
    fn a_canary_like_the_stable_pods_is_good_once_there_are_enough_calls() {
        let stable = told(900, 0, 0);
        assert_eq!(judge(&told(99, 0, 0), &stable), Judgement::Unknown);
        assert_eq!(judge(&told(100, 0, 0), &stable), Judgement::Good);
        assert_eq!(judge(&Told::default(), &stable), Judgement::Unknown);
    }

    #[test]
    fn one_of_a_hundred_may_fail_and_a_second_is_bad_at_once() {
        let stable = told(900, 0, 0);
        assert_eq!(judge(&told(100, 0, 1), &stable), Judgement::Good);
        assert_eq!(judge(&told(40, 0, 1), &stable), Judgement::Unknown);
        assert_eq!(
            judge(&told(40, 0, 2), &stable),
            Judgement::Failing("2 of 40 bets failed, 1 may".to_owned())
        );
        assert_eq!(judge(&told(300, 0, 3), &stable), Judgement::Good);
        assert!(judge(&told(300, 0, 4), &stable).is_bad());
    }

    #[test]
    fn what_fails_at_the_stable_pods_may_fail_at_the_canary() {
        let stable = told(900, 0, 45);
        assert_eq!(judge(&told(100, 0, 6), &stable), Judgement::Good);
        assert!(judge(&told(100, 0, 7), &stable).is_bad());
    }

    #[test]
    fn a_canary_that_refuses_what_the_stable_pods_take_is_bad() {
        let refuses = |bets, refused| Told { refused, ..told(bets, 0, 0) };
        assert_eq!(judge(&refuses(100, 12), &refuses(900, 18)), Judgement::Good);
        assert_eq!(
            judge(&refuses(50, 13), &refuses(900, 18)),
            Judgement::Failing("13 of 50 bets were refused, 12 may".to_owned())
        );
    }

    #[test]
    fn one_of_a_hundred_calls_may_be_slow() {
        let stable = told(900, 0, 0);
        assert_eq!(judge(&told(100, 1, 0), &stable), Judgement::Good);
        assert_eq!(
            judge(&told(120, 2, 0), &stable),
            Judgement::Slow("2 of 120 calls took longer than 250 ms, 1 may".to_owned())
        );
        assert_eq!(
            judge(&told(99, 2, 0), &stable),
            Judgement::Unknown,
            "of more than a hundred they may be few"
        );
        assert_eq!(judge(&told(200, 2, 0), &stable), Judgement::Good);
    }

    #[test]
    fn slow_is_what_is_slower_than_promised_and_than_twice_the_stable_pods() {
        let slow_everywhere = told(900, 90, 0);
        assert_eq!(vec![slow_everywhere.p99()], [0.5]);
        assert_eq!(
            judge(&told(100, 50, 0), &slow_everywhere),
            Judgement::Good,
            "none took longer than a second"
        );
    }

    #[test]
    fn a_canary_that_is_asked_and_decides_nothing_is_not_good() {
        let canary = Told { bets: 0, ..told(200, 0, 0) };
        assert_eq!(judge(&canary, &told(900, 0, 0)), Judgement::Unknown);
    }
}
