use std::{fmt, process::ExitCode};

use clap::ValueEnum;
use futures::future::try_join_all;
use loljoa_service_kit::{
    cli::{self, Listeners},
    config::{Check, Migration, checked},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::config::Configs;

/// One of the four services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// Users, sessions, the points ledger.
    Account,
    /// Matches and results.
    LeagueSchedule,
    /// Markets and bets.
    Betting,
    /// The public edge.
    Gateway,
}

impl Service {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Account, Self::LeagueSchedule, Self::Betting, Self::Gateway];
    /// Who calls stops before who is called.
    pub(super) const STOP_ORDER: [Self; 4] =
        [Self::Gateway, Self::Betting, Self::LeagueSchedule, Self::Account];

    /// The service's name, such as `league-schedule`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::LeagueSchedule => "league-schedule",
            Self::Betting => "betting",
            Self::Gateway => "gateway",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Runs the command line of one service to its end, as the service's own binary does.
pub async fn execute(service: Service, command: cli::Command) -> ExitCode {
    let name = service.name();
    match service {
        Service::Account => {
            cli::execute(name, command, loljoa_account::serve, Some(&loljoa_account::MIGRATOR)).await
        }
        Service::LeagueSchedule => {
            let schema = Some(&loljoa_league_schedule::MIGRATOR);
            cli::execute(name, command, loljoa_league_schedule::serve, schema).await
        }
        Service::Betting => {
            cli::execute(name, command, loljoa_betting::serve, Some(&loljoa_betting::MIGRATOR)).await
        }
        Service::Gateway => cli::execute(name, command, loljoa_gateway::serve, None).await,
    }
}

/// Serves one service in this process.
pub(super) async fn serve(
    service: Service,
    config: Value,
    listeners: Listeners,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    match service {
        Service::Account => loljoa_account::serve(read(config)?, listeners, shutdown).await,
        Service::LeagueSchedule => loljoa_league_schedule::serve(read(config)?, listeners, shutdown).await,
        Service::Betting => loljoa_betting::serve(read(config)?, listeners, shutdown).await,
        Service::Gateway => loljoa_gateway::serve(read(config)?, listeners, shutdown).await,
    }
}

/// Brings every database up to date.
pub(super) async fn migrate_all(configs: &Configs) -> anyhow::Result<()> {
    let migrations = configs.iter().map(async |(service, config)| {
        let database = || read(config.clone()).map(|config: Migration| config.database);
        match service {
            Service::Account => loljoa_account::migrate(&database()?).await,
            Service::LeagueSchedule => loljoa_league_schedule::migrate(&database()?).await,
            Service::Betting => loljoa_betting::migrate(&database()?).await,
            Service::Gateway => Ok(()),
        }
    });
    try_join_all(migrations).await?;
    Ok(())
}

fn read<C: DeserializeOwned + Check>(config: Value) -> anyhow::Result<C> {
    Ok(checked(serde_json::from_value(config)?)?)
}
