//! How a system is started.

use std::{
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    time::Duration,
};

use loljoa_private_postgres::free_port;
use tokio::{process::Command, time::Instant};

use super::{
    super::{
        ACCOUNT, BETTING, GATEWAY, Lab, OLD,
        api::Api,
        at,
        config::{At, in_cell},
        database_of, database_of_cell, numbered,
        process::{Process, Ready},
        replicas::{self, Addresses},
        url,
    },
    Replica, Stack,
};
use crate::{
    baseline::Design,
    results::{Against, Replicas, Service},
};

/// Each replica of betting has an address, of which this is the first.
const FIRST_BETTING: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 1);

impl Lab {
    /// Starts `against` with so many replicas.
    ///
    /// # Errors
    ///
    /// When a part does not start.
    pub async fn stack(&self, against: Against, replicas: impl Into<Replicas>) -> anyhow::Result<Stack> {
        let replicas = Replicas { cells: self.options.cells, ..replicas.into() };
        let (account_at, accounts) = self.accounts(replicas.account).await?;
        let first = SocketAddrV4::new(FIRST_BETTING, free_port()?);
        let addresses = Addresses::new(Service::Betting, first, replicas.betting)?;
        let mut betting = Vec::with_capacity(replicas.betting);
        let mut betting_at = Vec::with_capacity(replicas.betting);
        for service in addresses.each() {
            let at = At { service, admin: numbered()? };
            betting.push(match against.design() {
                None => self.betting(at, 0, &account_at).await?,
                Some(design) => self.old(design, service).await?,
            });
            betting_at.push(at);
        }
        let mut further_at = Vec::with_capacity(replicas.cells - 1);
        for cell in 1..replicas.cells {
            let address = numbered()?;
            let at = At { service: address, admin: numbered()? };
            betting.push(self.betting(at, cell, &account_at).await?);
            further_at.push(format!("http://{address}"));
        }
        let gateways =
            self.gateways(against, replicas.gateway, &account_at, (&addresses, further_at)).await?;
        let api = Api::new(&url(gateways[0].at));
        let admin = self.admin(&api).await?;
        let bets = self.connect(match against.design() {
            None => "betting",
            Some(design) => database_of(design),
        });
        let bets = bets.await?;
        let mut further_bets = Vec::with_capacity(replicas.cells - 1);
        for cell in 1..replicas.cells {
            further_bets.push(self.connect(&database_of_cell(BETTING, cell)).await?);
        }
        Ok(Stack {
            against,
            replicas,
            gateways,
            betting,
            betting_at,
            names: (account_at, addresses),
            accounts,
            api,
            admin,
            bets,
            further_bets,
        })
    }

    /// Where account's replicas are, and all of them but the first, which runs already.
    async fn accounts(&self, count: usize) -> anyhow::Result<(Addresses, Vec<Replica>)> {
        let SocketAddr::V4(first) = self.account_at.service else {
            anyhow::bail!("account listens on an address of IPv6");
        };
        let addresses = Addresses::new(Service::Account, first, count)?;
        let mut accounts = Vec::with_capacity(count);
        for address in addresses.each().skip(1) {
            let at = At { service: address, admin: numbered()? };
            let config = self.account_config(at);
            let process = self.starting().service(ACCOUNT, &config, at).await?;
            accounts.push(Replica { at, process });
        }
        Ok((addresses, accounts))
    }

    async fn gateways(
        &self,
        against: Against,
        count: usize,
        account: &Addresses,
        (betting, further): (&Addresses, Vec<String>),
    ) -> anyhow::Result<Vec<Replica>> {
        anyhow::ensure!(count > 0, "there can be 1 gateway or more");
        let mut gateways = Vec::with_capacity(count);
        for _ in 0..count {
            let at = at()?;
            let accounts = self.account_urls(account);
            let bettings: Vec<_> = std::iter::once(betting.url()).chain(further.iter().cloned()).collect();
            let config = self.common.gateway(against, at, &accounts, self.league_at.service, &bettings);
            let process = self.starting().caller(GATEWAY, &config, at, &[account, betting]).await?;
            gateways.push(Replica { at, process });
        }
        Ok(gateways)
    }

    /// Where each cell of account is.
    fn account_urls(&self, first: &Addresses) -> Vec<String> {
        std::iter::once(first.url()).chain(self.further_accounts()).collect()
    }

    async fn betting(&self, at: At, cell: usize, account: &Addresses) -> anyhow::Result<Process> {
        let mut process = self.begin_betting(at, cell, account).await?;
        process.ready(Ready::Says(at.admin)).await?;
        Ok(process)
    }

    /// Starts a replica of betting, and does not wait until it is ready.
    pub(super) async fn begin_betting(
        &self,
        at: At,
        cell: usize,
        account: &Addresses,
    ) -> anyhow::Result<Process> {
        let database = self.postgres.url(&database_of_cell(BETTING, cell));
        let accounts = self.account_urls(account);
        let config = self.common.betting(at, &database, &accounts, self.league_at.service);
        let config = in_cell(config, cell, self.options.cells);
        let program = self.options.experimenter.as_ref().unwrap_or(&self.options.program);
        let command = replicas::caller(program, &[account], self.postgres.directory())?;
        self.starting().begin(BETTING, &config, command).await
    }

    /// How long one more replica of betting takes from its start until it is ready. It ends at once.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub async fn start_another(&self) -> anyhow::Result<Duration> {
        let at = at()?;
        let (account, league) = ([url(self.account_at)], self.league_at.service);
        let config = self.common.betting(at, &self.postgres.url("betting"), &account, league);
        let command = Command::new(&self.options.program);
        let mut another = self.starting().begin(BETTING, &config, command).await?;
        let started = Instant::now();
        another.ready(Ready::Says(at.admin)).await?;
        let took = started.elapsed();
        another.stop().await;
        Ok(took)
    }

    async fn old(&self, design: Design, address: SocketAddr) -> anyhow::Result<Process> {
        let mut command = Command::new(&self.options.bench);
        command.args(["baseline", design.name(), "--listen"]).arg(address.to_string());
        command.env_clear().env("LOLJOA_BENCH_DATABASE", self.database(Against::from(design)));
        let mut process = Process::start(OLD, command, self.postgres.directory())?;
        process.ready(Ready::Listens(address)).await?;
        Ok(process)
    }
}
