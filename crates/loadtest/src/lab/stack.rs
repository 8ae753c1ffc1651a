//! One system under test: replicas of betting, or of an old design, behind one gateway.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use http::HeaderValue;
use loljoa_private_postgres::free_port;
use sqlx::PgPool;
use tokio::{process::Command, time::Instant};

use super::{
    BETTING, GATEWAY, Lab, OLD,
    api::{Api, Session},
    at,
    config::At,
    filling, markets, numbered,
    process::{Process, Ready},
    replicas::Replicas,
};
use crate::{
    baseline::Design,
    measure::Subject,
    results::Against,
    scenario::{Kind, Market, World},
};

/// A system that runs.
pub struct Stack {
    against: Against,
    replicas: usize,
    gateway: Process,
    gateway_at: At,
    betting: Vec<Process>,
    betting_at: Vec<SocketAddr>,
    api: Api,
    admin: Session,
    bets: PgPool,
}

impl Lab {
    /// Starts `against` with so many replicas.
    ///
    /// # Errors
    ///
    /// When a part does not start.
    pub async fn stack(&self, against: Against, replicas: usize) -> anyhow::Result<Stack> {
        let addresses = Replicas::new(replicas, free_port()?)?;
        let betting_at: Vec<_> = addresses.addresses().collect();
        let mut betting = Vec::with_capacity(replicas);
        for address in betting_at.iter().copied() {
            betting.push(match against.design() {
                None => self.betting(address).await?,
                Some(design) => self.old(design, address).await?,
            });
        }
        let gateway_at = at()?;
        let (account, league) = (self.account_at.service, self.league_at.service);
        let config = self.common.gateway(gateway_at, account, league, &addresses.url());
        let command = addresses.caller(&self.options.program, self.postgres.directory())?;
        let mut gateway = self.starting().begin(GATEWAY, &config, command).await?;
        gateway.ready(Ready::Says(gateway_at.admin)).await?;
        let api = Api::new(&format!("http://{}", gateway_at.service));
        let admin = self.admin(&api).await?;
        let bets = self.connect(match against.design() {
            None => "betting",
            Some(design) => super::database_of(design),
        });
        let bets = bets.await?;
        Ok(Stack { against, replicas, gateway, gateway_at, betting, betting_at, api, admin, bets })
    }

    async fn betting(&self, address: SocketAddr) -> anyhow::Result<Process> {
        let at = At { service: address, admin: numbered()? };
        let (account, league) = (self.account_at.service, self.league_at.service);
        let config = self.common.betting(at, &self.postgres.url("betting"), account, league);
        self.starting().service(BETTING, &config, at).await
    }

    /// How long one more replica of betting takes from its start until it is ready. It ends at once.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub async fn start_another(&self) -> anyhow::Result<Duration> {
        let at = at()?;
        let (account, league) = (self.account_at.service, self.league_at.service);
        let config = self.common.betting(at, &self.postgres.url("betting"), account, league);
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
        let host = HeaderValue::from_str(&stack.gateway_at.service.to_string())?;
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

    /// Replicas of betting.
    #[must_use]
    pub const fn replicas(&self) -> usize {
        self.replicas
    }

    /// Where the gateway listens.
    #[must_use]
    pub const fn gateway(&self) -> SocketAddr {
        self.gateway_at.service
    }

    /// Where the gateway's process answers with the least that it can do.
    #[must_use]
    pub const fn admin_port(&self) -> SocketAddr {
        self.gateway_at.admin
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
        std::iter::once(&self.gateway).chain(&self.betting)
    }

    /// Stops it: who calls first.
    pub async fn stop(self) {
        self.bets.close().await;
        self.gateway.stop().await;
        for process in self.betting {
            process.stop().await;
        }
    }
}
