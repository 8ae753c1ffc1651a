//! The configuration of betting.

use std::{net::SocketAddr, time::Duration};

use chrono::TimeDelta;
use loljoa_service_kit::{
    Cell,
    cli::ServiceConfig,
    config::{Check, Database, GrpcServer, Problems, Runtime, Tokens, Upstream},
    gather::Gathering,
};
use serde::{Deserialize, Serialize};

/// Everything that betting can be told.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What every service has.
    #[serde(default)]
    pub runtime: Runtime,
    /// The gRPC port.
    #[serde(default)]
    pub grpc: GrpcServer,
    /// Betting's own database.
    pub database: Database,
    /// The account service, for its ledger and the keys of its tokens.
    pub account: Upstream,
    /// The league-schedule service, for its feed.
    pub league_schedule: Upstream,
    /// Which access tokens of admins are taken.
    #[serde(default)]
    pub tokens: Tokens,
    /// The path of a bet.
    #[serde(default)]
    pub placement: Placement,
    /// How long before the lock cancelling ends, so that nobody fakes the odds. Milliseconds.
    #[serde(default = "default_cancel_window_ms")]
    pub cancel_window_ms: u32,
    /// Settling and voiding, and telling the ledger.
    #[serde(default)]
    pub settlement: Settlement,
    /// Comparing the ledger with the bets.
    #[serde(default)]
    pub recovery: Recovery,
    /// Following matches, and locking markets in time.
    #[serde(default)]
    pub life: Life,
    /// How long what nobody needs any more is kept.
    #[serde(default)]
    pub retention: Retention,
    /// How often watchers are told of changes. Milliseconds.
    #[serde(default = "default_watch_interval_ms")]
    pub watch_interval_ms: u64,
    /// Which of betting's cells this is.
    #[serde(default)]
    pub cell: Cell,
}

impl Config {
    /// The defaults, with these neighbours.
    #[must_use]
    pub fn new(database: Database, account: Upstream, league_schedule: Upstream) -> Self {
        Self {
            runtime: Runtime::default(),
            grpc: GrpcServer::default(),
            database,
            account,
            league_schedule,
            tokens: Tokens::default(),
            placement: Placement::default(),
            cancel_window_ms: default_cancel_window_ms(),
            settlement: Settlement::default(),
            recovery: Recovery::default(),
            life: Life::default(),
            retention: Retention::default(),
            watch_interval_ms: default_watch_interval_ms(),
            cell: Cell::default(),
        }
    }

    /// How long before the lock cancelling ends.
    #[must_use]
    pub fn cancel_window(&self) -> TimeDelta {
        TimeDelta::milliseconds(i64::from(self.cancel_window_ms))
    }
}

const fn default_cancel_window_ms() -> u32 {
    300_000
}

const fn default_watch_interval_ms() -> u64 {
    250
}

/// The path of a bet.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Placement {
    /// Bets that may wait; the next one is told to come again.
    pub queue: usize,
    /// The most bets in one batch.
    pub batch: usize,
    /// The most batches under way at once.
    pub workers: usize,
    /// When a batch begins while another is under way.
    pub gather: Gathering,
    /// How long a transaction waits for a market's row before that market is put aside. Milliseconds.
    pub lock_timeout_ms: u32,
    /// For how long a bet whose stake is taken is tried to be recorded while its market cannot be had. Milliseconds; after
    /// `recovery.grace_ms` the stake is given back in any case.
    pub record_within_ms: u32,
}

impl Default for Placement {
    fn default() -> Self {
        Self {
            queue: 20_000,
            batch: 2_000,
            workers: 2,
            gather: Gathering::default(),
            lock_timeout_ms: 200,
            record_within_ms: 20_000,
        }
    }
}

impl Placement {
    /// How long a transaction waits for a market's row.
    #[must_use]
    pub const fn lock_timeout(&self) -> Duration {
        Duration::from_millis(self.lock_timeout_ms as u64)
    }

    /// For how long a bet whose stake is taken is tried to be recorded.
    #[must_use]
    pub const fn record_within(&self) -> Duration {
        Duration::from_millis(self.record_within_ms as u64)
    }
}

/// Settling and voiding, and telling the ledger.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settlement {
    /// Bets closed, or payments delivered, in one go.
    pub chunk: u16,
    /// How often to look for work that another replica left. Milliseconds.
    pub interval_ms: u64,
    /// How long a replica has for delivering a chunk before another may try. Milliseconds.
    pub lease_ms: u32,
    /// How often a payment is tried before it is set aside for a person.
    pub attempts: u16,
    /// How long a payment waits after its first failure; doubled with each further one. Milliseconds.
    pub backoff_ms: u32,
    /// How long a payment waits at most. Milliseconds.
    pub backoff_max_ms: u32,
}

impl Default for Settlement {
    fn default() -> Self {
        Self {
            chunk: 1_000,
            interval_ms: 1_000,
            lease_ms: 30_000,
            attempts: 12,
            backoff_ms: 1_000,
            backoff_max_ms: 300_000,
        }
    }
}

impl Settlement {
    /// How often to look for work.
    #[must_use]
    pub const fn interval(&self) -> Duration {
        Duration::from_millis(self.interval_ms)
    }
}

/// Comparing the ledger with the bets.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recovery {
    /// How old a stake without a bet has to be before it is given back. Milliseconds.
    pub grace_ms: u32,
    /// How often the ledger's feed is read. Milliseconds.
    pub interval_ms: u64,
    /// How often the audit looks at what is new. Milliseconds.
    pub audit_interval_ms: u64,
    /// The most that the audit takes of the time, in percent; five times as much while it is late.
    pub audit_share_percent: u32,
    /// How many bets, and positions, of which nothing is new the audit looks at each time, in turn.
    pub audit_sample: u32,
}

impl Default for Recovery {
    fn default() -> Self {
        Self {
            grace_ms: 30_000,
            interval_ms: 2_000,
            audit_interval_ms: 10_000,
            audit_share_percent: 2,
            audit_sample: 200,
        }
    }
}

/// Following matches, and locking markets in time.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Life {
    /// How long one call waits for news of matches. Milliseconds.
    pub feed_wait_ms: u32,
    /// How often markets whose time has come are locked. (Bets are refused by the clock in any case.) Milliseconds.
    pub tick_ms: u64,
}

impl Default for Life {
    fn default() -> Self {
        Self { feed_wait_ms: 4_000, tick_ms: 250 }
    }
}

/// How long what nobody needs any more is kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// How long after a market's end the positions of its bettors are kept. Milliseconds.
    pub positions_ms: u64,
    /// How often to look for what is to be deleted. Milliseconds.
    pub interval_ms: u64,
    /// The most rows that are deleted in one transaction.
    pub chunk: u16,
}

impl Default for Retention {
    fn default() -> Self {
        Self { positions_ms: 7 * 24 * 3_600_000, interval_ms: 60_000, chunk: 1_000 }
    }
}

impl Check for Config {
    fn check(&self, problems: &mut Problems) {
        self.runtime.check(problems);
        self.grpc.check(problems);
        self.database.check(problems);
        self.tokens.check(problems);
        self.account.check("account", problems);
        self.league_schedule.check("league_schedule", problems);
        self.cell.check("cell", problems);
        let Placement { queue, batch, workers, gather, lock_timeout_ms, record_within_ms } = self.placement;
        problems.require(queue > 0, "placement.queue", queue, "must be 1 or more");
        problems.require((1..=5_000).contains(&batch), "placement.batch", batch, "must be from 1 to 5000");
        problems.require((1..=16).contains(&workers), "placement.workers", workers, "must be from 1 to 16");
        gather.check("placement.gather", problems);
        // Each worker records and cancels at once; held markets are looked at, and tried again, beside.
        let (needed, connections) = (2 * workers + 2, self.database.worker_connections);
        let allowed = format!("must be {needed} or more, so that each worker records and cancels at once");
        let fits = usize::try_from(connections).is_ok_and(|connections| connections >= needed);
        problems.require(fits, "database.worker_connections", connections, &allowed);
        let fits = (10..=60_000).contains(&lock_timeout_ms);
        problems.require(fits, "placement.lock_timeout_ms", lock_timeout_ms, "must be from 10 to 60000");
        let fits = record_within_ms >= lock_timeout_ms;
        let allowed = "must be placement.lock_timeout_ms or more";
        problems.require(fits, "placement.record_within_ms", record_within_ms, allowed);
        let most = self.retention.chunk;
        problems.require((1..=10_000).contains(&most), "retention.chunk", most, "must be from 1 to 10000");
        let chunk = self.settlement.chunk;
        problems.require((1..=5_000).contains(&chunk), "settlement.chunk", chunk, "must be from 1 to 5000");
        let share = self.recovery.audit_share_percent;
        let fits = (1..=100).contains(&share);
        problems.require(fits, "recovery.audit_share_percent", share, "must be from 1 to 100");
        let sample = self.recovery.audit_sample;
        problems.require(
            (1..=5_000).contains(&sample),
            "recovery.audit_sample",
            sample,
            "must be from 1 to 5000",
        );
        let wait = self.life.feed_wait_ms;
        let allowed = "must be 20000 or less, and below league_schedule.timeout_ms";
        let fits = wait <= 20_000 && u64::from(wait) < self.league_schedule.timeout_ms;
        problems.require(fits, "life.feed_wait_ms", wait, allowed);
        for (key, value) in [
            ("settlement.interval_ms", self.settlement.interval_ms),
            ("settlement.lease_ms", u64::from(self.settlement.lease_ms)),
            ("settlement.attempts", u64::from(self.settlement.attempts)),
            ("settlement.backoff_ms", u64::from(self.settlement.backoff_ms)),
            ("settlement.backoff_max_ms", u64::from(self.settlement.backoff_max_ms)),
            ("recovery.interval_ms", self.recovery.interval_ms),
            ("recovery.audit_interval_ms", self.recovery.audit_interval_ms),
            ("life.tick_ms", self.life.tick_ms),
            ("retention.interval_ms", self.retention.interval_ms),
            ("watch_interval_ms", self.watch_interval_ms),
        ] {
            problems.require(value > 0, key, value, "must be 1 or more");
        }
    }
}

impl ServiceConfig for Config {
    fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn listen(&self) -> SocketAddr {
        self.grpc.listen
    }
}
