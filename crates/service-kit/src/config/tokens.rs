//! Which access tokens are taken.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Check, Problems};

/// Which access tokens are taken.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tokens {
    /// The issuer, `iss`.
    pub issuer: String,
    /// The audience, `aud`.
    pub audience: String,
    /// Verified tokens that the gateway remembers; nobody else remembers any.
    pub cache_size: u64,
    /// How often the keys are fetched anew. Milliseconds.
    pub refresh_every_ms: u64,
    /// The shortest time between two fetches, however many tokens name unknown keys. Milliseconds.
    pub refresh_pause_ms: u64,
    /// How often account is asked which sessions were ended and which keys removed: for so long, and the time of a call, their
    /// tokens are still taken. Milliseconds.
    pub revocations_every_ms: u64,
    /// How old what account told of that may be when betting or league-schedule lets an admin in. If it is older account is
    /// asked at once, and while it does not answer no admin is let in. 0 asks for every call. Milliseconds.
    pub revocations_stale_ms: u64,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            issuer: "loljoa".into(),
            audience: "loljoa-web".into(),
            cache_size: 50_000,
            refresh_every_ms: 60_000,
            refresh_pause_ms: 2_000,
            revocations_every_ms: 2_000,
            revocations_stale_ms: 10_000,
        }
    }
}

impl Tokens {
    /// The shortest time between two fetches of the keys.
    #[must_use]
    pub const fn refresh_pause(&self) -> Duration {
        Duration::from_millis(self.refresh_pause_ms)
    }

    /// How often the keys are fetched anew.
    #[must_use]
    pub const fn refresh_every(&self) -> Duration {
        Duration::from_millis(self.refresh_every_ms)
    }
}

impl Check for Tokens {
    fn check(&self, problems: &mut Problems) {
        for (key, value) in [("tokens.issuer", &self.issuer), ("tokens.audience", &self.audience)] {
            problems.require(!value.is_empty(), key, value, "must not be empty");
        }
        for (key, every) in [
            ("tokens.refresh_every_ms", self.refresh_every_ms),
            ("tokens.revocations_every_ms", self.revocations_every_ms),
        ] {
            problems.require(every > 0, key, every, "must be 1 or more");
        }
    }
}
