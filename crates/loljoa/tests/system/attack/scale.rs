//! How large, and what is said of it.

use std::{env, path::PathBuf, time::Duration};

use super::{figures::Figures, foes::Kind, watch::Watch};

/// The program whose services are attacked, instead of the one that tests are built with.
const PROGRAM: &str = "LOLJOA_TEST_PROGRAM";
/// How many times slower bets may be during the attack. Asked of a release build on a machine of one's own; without it the story
/// only tells a queue that grows from a machine that is busy.
const RATIO: &str = "LOLJOA_TEST_ATTACK_RATIO";

/// Kinds of attack, by name, with commas between: only these, to find out which of them it is.
const KINDS: &str = "LOLJOA_TEST_ATTACK_KINDS";

/// How large an attack is.
pub(super) struct Scale {
    pub(super) program: Option<PathBuf>,
    /// How long it is measured at a time.
    pub(super) window: Duration,
    /// How often it is attacked.
    pub(super) rounds: usize,
    /// Connections of each kind that are held.
    pub(super) connections: usize,
    /// Requests at once on each connection in HTTP/2.
    pub(super) streams: u32,
    /// Requests of each kind at once.
    pub(super) at_once: usize,
    /// The pause after each of them.
    pub(super) pause: Duration,
    /// How many times slower bets may be.
    pub(super) ratio: Option<f64>,
}

impl Scale {
    /// Small, or as large as a release build takes.
    pub(super) fn told() -> Self {
        let Some(program) = env::var_os(PROGRAM) else {
            return Self {
                program: None,
                window: Duration::from_secs(3),
                rounds: 2,
                connections: 40,
                streams: 10,
                at_once: 1,
                pause: Duration::from_millis(500),
                ratio: None,
            };
        };
        let is_search = env::var_os(KINDS).is_some();
        Self {
            program: Some(program.into()),
            window: Duration::from_secs(if is_search { 4 } else { 10 }),
            rounds: if is_search { 2 } else { 5 },
            connections: 400,
            streams: 50,
            at_once: 4,
            pause: Duration::from_millis(100),
            ratio: env::var(RATIO).ok().map(|ratio| ratio.parse().unwrap()),
        }
    }

    /// All kinds, or those that are asked for.
    pub(super) fn kinds() -> Vec<Kind> {
        let asked = env::var(KINDS).ok();
        let is_asked = |kind: &Kind| {
            asked.as_ref().is_none_or(|asked| asked.split(',').any(|name| name == format!("{kind:?}")))
        };
        Kind::ALL.iter().copied().filter(is_asked).collect()
    }

    /// Says what was measured.
    #[expect(clippy::print_stderr, reason = "the figures are what the command is for")]
    pub(super) fn print(what: &str, figures: &Figures, watch: &Watch) {
        eprintln!("\n{what}\n{figures}{watch}");
    }
}
