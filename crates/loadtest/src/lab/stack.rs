//! One system under test: replicas of betting, or of an old design, behind replicas of the gateway, with replicas of account.
//!
//! The lab's own account is the first of its replicas. league-schedule stays with it alone: it asks for nothing but who is an
//! admin, and with which keys tokens are signed.

use std::{
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    time::Duration,
};

use anyhow::Context;
use http::HeaderValue;
use loljoa_private_postgres::free_port;
use sqlx::PgPool;
use tokio::{process::Command, time::Instant};

use super::{
    ACCOUNT, BETTING, GATEWAY, Lab, OLD,
    api::{Api, Session},
    at,
    config::At,
    filling, markets, numbered,
    process::{Process, Ready},
    replicas::Addresses,
    url,
};
use crate::{
    baseline::Design,
    measure::Subject,
    results::{Against, Replicas, Service},
    scenario::{Kind, Market, World},
};

/// Each replica of betting has an address, of which this is the first.
const FIRST_BETTING: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 1);

/// A system that runs.
pub struct Stack {
    against: Against,
    replicas: Replicas,
    gateways: Vec<Replica>,
    betting: Vec<Process>,
    betting_at: Vec<SocketAddr>,
    /// But the lab's own.
    accounts: Vec<Replica>,
    api: Api,
    admin: Session,
    bets: PgPool,
}

/// One of several.
struct Replica {
    at: At,
    process: Process,
}

impl Lab {
    /// Starts `against` with so many replicas.
    ///
    /// # Errors
    ///
    /// When a part does not start.
    pub async fn stack(&self, against: Against, replicas: impl Into<Replicas>) -> anyhow::Result<Stack> {
        let replicas = replicas.into();
        let (account_at, accounts) = self.accounts(replicas.account).await?;
        let first = SocketAddrV4::new(FIRST_BETTING, free_port()?);
        let betting_at = Addresses::new(Service::Betting, first, replicas.betting)?;
        let mut betting = Vec::with_capacity(replicas.betting);
        for address in betting_at.each() {
            betting.push(match against.design() {
                None => self.betting(address, &account_at).await?,
                Some(design) => self.old(design, address).await?,
            });
        }
        let gateways = self.gateways(against, replicas.gateway, &account_at, &betting_at).await?;
        let api = Api::new(&url(gateways[0].at));
        let admin = self.admin(&api).await?;
        let bets = self.connect(match against.design() {
            None => "betting",
            Some(design) => super::database_of(design),
        });
        let (betting_at, bets) = (betting_at.each().collect(), bets.await?);
        Ok(Stack { against, replicas, gateways, betting, betting_at, accounts, api, admin, bets })
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
            let config = self.account_config(at, None);
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
        betting: &Addresses,
    ) -> anyhow::Result<Vec<Replica>> {
        anyhow::ensure!(count > 0, "there can be 1 gateway or more");
        let mut gateways = Vec::with_capacity(count);
        for _ in 0..count {
            let at = at()?;
            let config =
                self.common.gateway(against, at, &account.url(), self.league_at.service, &betting.url());
            let process = self.starting().caller(GATEWAY, &config, at, &[account, betting]).await?;
            gateways.push(Replica { at, process });
        }
        Ok(gateways)
    }

    async fn betting(&self, address: SocketAddr, account: &Addresses) -> anyhow::Result<Process> {
        let at = At { service: address, admin: numbered()? };
        let database = self.postgres.url("betting");
        let config = self.common.betting(at, &database, &account.url(), self.league_at.service);
        self.starting().caller(BETTING, &config, at, &[account]).await
    }

    /// How long one more replica of betting takes from its start until it is ready. It ends at once.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub async fn start_another(&self) -> anyhow::Result<Duration> {
        let at = at()?;
        let (account, league) = (url(self.account_at), self.league_at.service);
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

    /// Markets of this scenario's own, and who bets on them.
    ///
    /// # Errors
    ///
    /// When the markets cannot be made.
    pub async fn world(&mut self, stack: &Stack, kind: Kind) -> anyhow::Result<World> {
        let wants_locked = kind == Kind::Refusals;
        let (markets, locked) = if stack.against == Against::Ours {
            self.matches(stack, kind, wants_locked).await?
        } else {
            let locked =
                if wants_locked { Some(markets::of_baseline(&stack.bets, false).await?) } else { None };
            (vec![markets::of_baseline(&stack.bets, true).await?], locked)
        };
        let host = HeaderValue::from_str(&stack.gateway().to_string())?;
        Ok(World { host, users: self.users.clone(), markets, locked })
    }

    async fn matches(
        &mut self,
        stack: &Stack,
        kind: Kind,
        wants_locked: bool,
    ) -> anyhow::Result<(Vec<Market>, Option<Market>)> {
        let Stack { api, admin, .. } = stack;
        let markets = self.calendar.open(api, admin, kind.markets()).await?;
        if !wants_locked {
            return Ok((markets, None));
        }
        let locked = self.calendar.open(api, admin, 1).await?.pop();
        if let Some(market) = &locked {
            api.lock(admin, market.market_id).await?;
        }
        Ok((markets, locked))
    }

    /// What of the whole system is looked at.
    ///
    /// # Errors
    ///
    /// When a process has ended.
    pub fn subject_of(&self, stack: &Stack) -> anyhow::Result<Subject> {
        self.subject(stack)
    }

    /// Leaves no work of before to PostgreSQL.
    ///
    /// # Errors
    ///
    /// When the server does not answer.
    pub async fn settle_down(&self) -> anyhow::Result<()> {
        self.postgres.checkpoint().await
    }
}

impl Stack {
    /// Which system it is.
    #[must_use]
    pub const fn against(&self) -> Against {
        self.against
    }

    /// With how many replicas of what.
    #[must_use]
    pub const fn replicas(&self) -> Replicas {
        self.replicas
    }

    /// Where the gateway listens, or the first of several.
    #[must_use]
    pub fn gateway(&self) -> SocketAddr {
        self.gateways[0].at.service
    }

    /// Where every gateway listens.
    #[must_use]
    pub fn gateways(&self) -> Vec<SocketAddr> {
        self.gateways.iter().map(|gateway| gateway.at.service).collect()
    }

    /// The admin ports of every gateway, and of every replica of account but the lab's own.
    pub fn admins(&self) -> impl Iterator<Item = SocketAddr> {
        self.gateways.iter().chain(&self.accounts).map(|replica| replica.at.admin)
    }

    /// Where every gateway's process answers with the least that it can do.
    #[must_use]
    pub fn probes(&self) -> Vec<SocketAddr> {
        self.gateways.iter().map(|gateway| gateway.at.admin).collect()
    }

    /// Places `count` bets on the hot market of `world`, without the gateway.
    ///
    /// # Errors
    ///
    /// When betting does not take one.
    pub async fn fill(&self, world: &World, count: u64) -> anyhow::Result<()> {
        let betting = self.betting_at.first().context("there is no betting")?;
        filling::fill(*betting, world, count).await
    }

    /// Settles `market`, which is locked: its first outcome wins. Answers before anybody is paid.
    ///
    /// # Errors
    ///
    /// When that is refused.
    pub async fn settle(&self, market: &Market) -> anyhow::Result<()> {
        let outcome_id = market.outcome_ids.first().context("the market has no outcomes")?;
        self.api.settle(&self.admin, market.market_id, *outcome_id).await
    }

    /// Locks `market`.
    ///
    /// # Errors
    ///
    /// When that is refused.
    pub async fn lock(&self, market: &Market) -> anyhow::Result<()> {
        self.api.lock(&self.admin, market.market_id).await
    }

    /// Where `market` stands, such as `settled`.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn state(&self, market: &Market) -> anyhow::Result<String> {
        Ok(self.api.market(market.market_id).await?.state)
    }

    /// The database with the bets.
    #[must_use]
    pub const fn bets(&self) -> &PgPool {
        &self.bets
    }

    pub(super) fn processes(&self) -> impl Iterator<Item = &Process> {
        let replicas = self.gateways.iter().chain(&self.accounts);
        replicas.map(|replica| &replica.process).chain(&self.betting)
    }

    /// Stops it: who calls first.
    pub async fn stop(self) {
        self.bets.close().await;
        let processes = |replicas: Vec<Replica>| replicas.into_iter().map(|replica| replica.process);
        for process in processes(self.gateways).chain(self.betting).chain(processes(self.accounts)) {
            process.stop().await;
        }
    }
}
