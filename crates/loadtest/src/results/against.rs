//! Which system was measured.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::baseline::Design;

/// Which system was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Against {
    /// This one
    Ours,
    /// The transaction of 2022
    Pessimistic,
    /// One statement for each bet
    SingleStatement,
}

impl Against {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ours, Self::Pessimistic, Self::SingleStatement];

    /// Its name, such as `single-statement`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.design() {
            None => "ours",
            Some(design) => design.name(),
        }
    }

    /// Which old design it is, if it is one.
    #[must_use]
    pub const fn design(self) -> Option<Design> {
        match self {
            Self::Ours => None,
            Self::Pessimistic => Some(Design::Pessimistic),
            Self::SingleStatement => Some(Design::SingleStatement),
        }
    }
}

impl From<Design> for Against {
    fn from(design: Design) -> Self {
        match design {
            Design::Pessimistic => Self::Pessimistic,
            Design::SingleStatement => Self::SingleStatement,
        }
    }
}
