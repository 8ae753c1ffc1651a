//! How long bets took, and what the attackers were told.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::{foes::Told, scale::Scale};

/// A queue that grows makes bets wait so long, and so many times as long as in the calm. A machine that is merely busy does one or the
/// other.
const LONG: Duration = Duration::from_secs(5);
const TIMES: f64 = 10.0;

/// What was measured.
#[derive(Default)]
pub(super) struct Figures {
    /// How long each bet took, by window.
    pub(super) calm: Vec<Vec<Duration>>,
    /// The same while there was an attack.
    pub(super) attack: Vec<Vec<Duration>>,
    told: BTreeMap<(&'static str, Told), usize>,
}

impl Figures {
    /// Adds what attackers were told.
    pub(super) fn add(&mut self, told: BTreeMap<(&'static str, Told), usize>) {
        for (what, number) in told {
            *self.told.entry(what).or_default() += number;
        }
    }

    /// Every bet stood, which is checked where it is answered; here: in time, and no attacker broke anything.
    pub(super) fn are_good(&self, scale: &Scale) {
        let broken: Vec<_> = self.told.keys().filter(|(_, told)| told.is_our_fault()).collect();
        assert!(broken.is_empty(), "{broken:?}\n{self}");
        let attack = middle(&self.attack, 0.99);
        assert!(attack < LONG || self.ratio() < TIMES, "a bet takes {attack:?}\n{self}");
        if let Some(most) = scale.ratio {
            let ratio = self.ratio();
            assert!(ratio <= most, "bets are {ratio:.2} times as slow during the attack\n{self}");
        }
    }

    fn ratio(&self) -> f64 {
        middle(&self.attack, 0.99).as_secs_f64() / middle(&self.calm, 0.99).as_secs_f64()
    }
}

/// The time within which this share of a window's bets were answered; of all windows, the one in the middle.
fn middle(windows: &[Vec<Duration>], share: f64) -> Duration {
    let mut each: Vec<_> = windows.iter().map(|window| quantile(window, share)).collect();
    each.sort_unstable();
    each[each.len() / 2]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a share of a few thousand bets"
)]
fn quantile(window: &[Duration], share: f64) -> Duration {
    let mut took = window.to_vec();
    took.sort_unstable();
    let rank = (took.len() as f64 * share).ceil() as usize;
    took[rank.clamp(1, took.len()) - 1]
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, windows) in [("calm", &self.calm), ("attack", &self.attack)] {
            let bets: usize = windows.iter().map(Vec::len).sum();
            let [half, most] = [0.5, 0.99].map(|share| middle(windows, share));
            write!(
                f,
                "  {name:6} {bets:5} bets, all stand: p50 {half:6.1?}, p99 {most:6.1?}; p99 by window:"
            )?;
            for window in windows {
                write!(f, " {:.1?}", quantile(window, 0.99))?;
            }
            writeln!(f)?;
        }
        writeln!(f, "  p99 during the attack: {:.2} times that of the calm", self.ratio())?;
        let mut kinds: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for ((kind, told), number) in &self.told {
            kinds.entry(kind).or_default().push(format!("{told} {number}"));
        }
        kinds.iter().try_for_each(|(kind, told)| writeln!(f, "  {kind:28} {}", told.join(", ")))
    }
}
