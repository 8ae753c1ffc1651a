//! How many replicas of what.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A service of a bet's way: there can be more than one of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Service {
    /// Betting, or the old design in its place
    Betting,
    /// The gateway
    Gateway,
    /// Account
    Account,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Betting, Self::Gateway, Self::Account];

    /// Its name, such as `betting`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Betting => "betting",
            Self::Gateway => "gateway",
            Self::Account => "account",
        }
    }
}

/// How many replicas there are of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replicas {
    /// Of betting, or of the old design in its place.
    #[serde(rename = "replicas")]
    pub betting: usize,
    /// Of the gateway; connections take turns.
    #[serde(rename = "gateways", default = "one")]
    pub gateway: usize,
    /// Of account.
    #[serde(rename = "accounts", default = "one")]
    pub account: usize,
    /// Cells of account, and as many of betting, each with a database of its own.
    #[serde(default = "one")]
    pub cells: usize,
}

const fn one() -> usize {
    1
}

impl Replicas {
    /// One of each.
    pub const ONE: Self = Self { betting: 1, gateway: 1, account: 1, cells: 1 };

    /// So many of one service, and one of all others.
    #[must_use]
    pub const fn only(service: Service, count: usize) -> Self {
        match service {
            Service::Betting => Self { betting: count, ..Self::ONE },
            Service::Gateway => Self { gateway: count, ..Self::ONE },
            Service::Account => Self { account: count, ..Self::ONE },
        }
    }

    /// How many there are of a service.
    #[must_use]
    pub const fn of(self, service: Service) -> usize {
        match service {
            Service::Betting => self.betting,
            Service::Gateway => self.gateway,
            Service::Account => self.account,
        }
    }

    /// Such as `, 4 replicas, 2 gateways`; nothing for one of each.
    pub(super) fn told(self) -> String {
        let counts = [
            (self.betting, "replicas"),
            (self.gateway, "gateways"),
            (self.account, "accounts"),
            (self.cells, "cells"),
        ];
        let many = counts.into_iter().filter(|(count, _)| *count != 1);
        many.map(|(count, what)| format!(", {count} {what}")).collect::<Vec<_>>().concat()
    }
}

/// So many of betting, and one of all others.
impl From<usize> for Replicas {
    fn from(betting: usize) -> Self {
        Self::only(Service::Betting, betting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_more_of_is_told() {
        assert_eq!(Replicas::ONE.told(), "");
        assert_eq!(
            Replicas { betting: 4, ..Replicas::only(Service::Gateway, 2) }.told(),
            ", 4 replicas, 2 gateways"
        );
        assert_eq!(Replicas::only(Service::Account, 2).told(), ", 2 accounts");
        assert_eq!(Replicas { cells: 2, ..Replicas::ONE }.told(), ", 2 cells");
    }

    #[test]
    fn results_that_know_of_betting_only_had_one_of_all_else() {
        let read: Replicas = serde_json::from_str(r#"{"replicas":4}"#).unwrap();
        assert_eq!(read, Replicas::only(Service::Betting, 4));
    }
}
