//! Whether what was promised was kept.

use std::fmt::Display;

use serde::{Deserialize, Serialize};

/// One rule, and what was seen of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// What has to hold.
    pub what: String,
    /// What was seen.
    pub seen: String,
    /// Whether it holds.
    pub holds: bool,
}

/// All rules of an experiment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// In the order in which they are told.
    pub rules: Vec<Rule>,
}

impl Verdict {
    /// Adds a rule.
    #[must_use]
    pub fn rule(mut self, what: impl Display, holds: bool, seen: impl Display) -> Self {
        self.rules.push(Rule { what: what.to_string(), seen: seen.to_string(), holds });
        self
    }

    /// Whether every rule holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.rules.iter().all(|rule| rule.holds)
    }

    /// The rules that do not hold.
    #[must_use]
    pub fn broken(&self) -> Vec<&str> {
        self.rules.iter().filter(|rule| !rule.holds).map(|rule| rule.what.as_str()).collect()
    }
}

/// A time that may not have come. Seconds.
#[must_use]
pub fn after(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "never".to_owned(), |seconds| format!("after {seconds:.1} s"))
}
