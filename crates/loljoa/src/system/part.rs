use std::fmt;

use super::Service;

/// A cell of a service: one, unless there are several (docs/scaling.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// The service.
    pub service: Service,
    /// Its place among the service's cells.
    pub cell: u16,
}

impl Part {
    /// The first cell of a service, and the only one as a rule.
    #[must_use]
    pub const fn first(service: Service) -> Self {
        Self { service, cell: 0 }
    }

    /// All there are, of so many cells of account and of betting.
    pub(super) fn all(account: u16, betting: u16) -> impl Iterator<Item = Self> {
        let cells = move |service| match service {
            Service::Account => account,
            Service::Betting => betting,
            Service::LeagueSchedule | Service::Gateway => 1,
        };
        Service::ALL
            .into_iter()
            .flat_map(move |service| (0..cells(service)).map(move |cell| Self { service, cell }))
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, cell } = self;
        if *cell == 0 { service.fmt(f) } else { write!(f, "{service} {cell}") }
    }
}
