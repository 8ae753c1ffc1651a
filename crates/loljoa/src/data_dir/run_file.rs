use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;
use loljoa_service_kit::{Cell, Slot};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    databases::Cells,
    system::{Service, ServiceAddresses},
};

/// What the other commands need to know of a running `loljoa up`. Holds no secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunFile {
    /// The port of PostgreSQL on the loopback interface.
    pub postgres_port: u16,
    /// Where the services listen.
    pub services: BTreeMap<Service, ServiceAddresses>,
    /// How many cells there are.
    #[serde(default)]
    pub cells: Cells,
    /// Where account's other cells listen, in their order.
    #[serde(default)]
    pub further_accounts: Vec<ServiceAddresses>,
    /// Where betting's other cells listen, in their order.
    #[serde(default)]
    pub further_bettings: Vec<ServiceAddresses>,
}

impl RunFile {
    /// Writes the file whole or not at all.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write(&self, file: &Path) -> anyhow::Result<()> {
        let draft = file.with_extension("new");
        fs::write(&draft, serde_json::to_vec_pretty(self)?)?;
        fs::rename(&draft, file).with_context(|| format!("{} cannot be written", file.display()))
    }

    /// Reads the file of a system that runs.
    ///
    /// # Errors
    ///
    /// When it is not there (yet).
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let content = fs::read(file)
            .with_context(|| format!("`loljoa up` does not run, or not yet: {}", file.display()))?;
        serde_json::from_slice(&content).with_context(|| format!("{} cannot be read", file.display()))
    }

    /// The gRPC URL of the cell of account that has the account of this name.
    ///
    /// # Errors
    ///
    /// When the file does not know it.
    pub fn account_of(&self, username: &str) -> anyhow::Result<Url> {
        let slot = Slot::of_name(username);
        let of = self.cells.account;
        let place = (0..of).position(|index| Cell { index, of }.owns(slot)).unwrap_or_default();
        match place.checked_sub(1).and_then(|further| self.further_accounts.get(further)) {
            Some(addresses) => Ok(format!("http://{}", addresses.service).parse()?),
            None => self.url(Service::Account),
        }
    }

    /// Where every cell of `service` listens.
    pub fn cells_of(&self, service: Service) -> impl Iterator<Item = &ServiceAddresses> {
        let further: &[_] = match service {
            Service::Account => &self.further_accounts,
            Service::Betting => &self.further_bettings,
            Service::LeagueSchedule | Service::Gateway => &[],
        };
        self.services.get(&service).into_iter().chain(further)
    }

    /// The gRPC or HTTP URL of `service`.
    ///
    /// # Errors
    ///
    /// When the file does not know it.
    pub fn url(&self, service: Service) -> anyhow::Result<Url> {
        let addresses = self.services.get(&service).with_context(|| format!("{service} does not run"))?;
        Ok(format!("http://{}", addresses.service).parse()?)
    }
}
