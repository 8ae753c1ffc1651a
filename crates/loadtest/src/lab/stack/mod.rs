//! One system under test: replicas of betting, or of an old design, behind replicas of the gateway, with replicas of account.
//!
//! The lab's own account is the first of its replicas. league-schedule stays with it alone: it asks for nothing but who is an
//! admin, and with which keys tokens are signed.

mod pods;
mod start;

use std::net::SocketAddr;

use anyhow::Context;
use http::HeaderValue;
use sqlx::PgPool;

use super::{
    Lab,
    api::{Api, Session},
    config::At,
    filling, markets,
    process::Process,
    replicas::Addresses,
};
use crate::{
    measure::Subject,
    results::{Against, Replicas},
    scenario::{Kind, Market, World},
};

pub use pods::Pod;

/// A system that runs.
pub struct Stack {
    against: Against,
    replicas: Replicas,
    gateways: Vec<Replica>,
    betting: Vec<Process>,
    betting_at: Vec<At>,
    /// How gateways find account's replicas, and betting's.
    names: (Addresses, Addresses),
    /// But the lab's own.
    accounts: Vec<Replica>,
    api: Api,
    admin: Session,
    bets: PgPool,
    /// Those of betting's other cells.
    further_bets: Vec<PgPool>,
}

/// One of several.
struct Replica {
    at: At,
    process: Process,
}

impl Lab {
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
        filling::fill(betting.service, world, count).await
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

    /// The databases with the bets, one for each cell.
    pub fn all_bets(&self) -> impl Iterator<Item = &PgPool> {
        std::iter::once(&self.bets).chain(&self.further_bets)
    }

    pub(super) fn processes(&self) -> impl Iterator<Item = &Process> {
        let replicas = self.gateways.iter().chain(&self.accounts);
        replicas.map(|replica| &replica.process).chain(&self.betting)
    }

    /// Stops it: who calls first.
    pub async fn stop(self) {
        for pool in self.all_bets() {
            pool.close().await;
        }
        let processes = |replicas: Vec<Replica>| replicas.into_iter().map(|replica| replica.process);
        for process in processes(self.gateways).chain(self.betting).chain(processes(self.accounts)) {
            process.stop().await;
        }
    }
}
