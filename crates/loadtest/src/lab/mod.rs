//! The systems under test, each started here: a PostgreSQL of the lab's own, account and league-schedule once for all, and a
//! [`Stack`] of betting (or an old design in its place) and a gateway for each measurement.

pub mod api;
mod config;
mod filling;
pub(crate) mod markets;
mod postgres;
mod process;
mod replicas;
mod secrets;
mod stack;
mod starting;
pub(crate) mod users;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use anyhow::Context;
use loljoa_private_postgres::free_port;
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use uuid::Uuid;

use api::{Api, Session};
use config::{ADMIN, At, Common};
use markets::Calendar;
use postgres::Postgres;
use process::Process;
use secrets::Secrets;
pub use stack::Stack;
use starting::Starting;
pub(crate) use users::POINTS;

use crate::{
    baseline::{self, Design},
    measure::Subject,
    results::Against,
    scenario::User,
};

const ACCOUNT: &str = "account";
const LEAGUE_SCHEDULE: &str = "league-schedule";
const BETTING: &str = "betting";
pub(crate) const GATEWAY: &str = "gateway";
/// What the old designs are called among the processes: they stand where betting does.
const OLD: &str = BETTING;

/// What a lab is made of.
#[derive(Clone, Debug)]
pub struct Options {
    /// The `loljoa` binary.
    pub program: PathBuf,
    /// Our own.
    pub bench: PathBuf,
    /// Where the data is for the time being; its disk is measured, too.
    pub place: PathBuf,
    /// Who bets.
    pub users: usize,
    /// The old designs that are measured.
    pub designs: Vec<Design>,
    /// Whether PostgreSQL counts what each statement costs, which costs something itself.
    pub counts_statements: bool,
}

/// What is the same for all measurements.
pub struct Lab {
    options: Options,
    common: Common,
    account: Process,
    account_at: At,
    league: Process,
    league_at: At,
    secrets: Secrets,
    calendar: Calendar,
    users: Arc<Vec<User>>,
    // After whoever uses it.
    postgres: Postgres,
}

impl Lab {
    /// Starts PostgreSQL, account and league-schedule, signs the users up and makes them rich.
    ///
    /// # Errors
    ///
    /// When a part does not start.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        anyhow::ensure!(
            options.program.is_file(),
            "there is no {}: build it first (cargo build --release -p loljoa)",
            options.program.display()
        );
        let secrets = Secrets::make_up();
        let postgres = Postgres::start(&options.place, &secrets.postgres, options.counts_statements).await?;
        // Nobody listens there: spans are made, gathered and dropped.
        let common = Common { collector: numbered()? };
        let (account_at, league_at) = (at()?, at()?);
        for database in ["account", "league_schedule", "betting"] {
            postgres.make(database).await?;
        }
        for design in &options.designs {
            make_tables(&postgres, *design).await?;
        }
        let starting = Starting { options: &options, postgres: &postgres };
        let config = common.account(account_at, &postgres.url("account"), &secrets, None);
        let account = starting.service(ACCOUNT, &config, account_at).await?;
        let config = common.league_schedule(league_at, &postgres.url("league_schedule"), &url(account_at));
        let league = starting.service(LEAGUE_SCHEDULE, &config, league_at).await?;
        let calendar = Calendar::default();
        let users = Arc::default();
        let mut lab = Self {
            options,
            common,
            account,
            account_at,
            league,
            league_at,
            secrets,
            calendar,
            users,
            postgres,
        };
        lab.sign_up().await?;
        Ok(lab)
    }

    /// The users come in by a gateway of their own, and by an account that computes their hashes on all cores.
    async fn sign_up(&mut self) -> anyhow::Result<()> {
        let nobody = format!("http://{}", numbered()?);
        let (hall_at, door_at) = (at()?, at()?);
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let config = self.account_config(hall_at, Some(cores));
        let hall = self.starting().service(ACCOUNT, &config, hall_at).await?;
        let config =
            self.common.gateway(Against::Ours, door_at, &url(hall_at), self.league_at.service, &nobody);
        let door = self.starting().service(GATEWAY, &config, door_at).await?;
        let users = users::sign_up(&Api::new(&url(door_at)), self.options.users, &self.secrets.user).await?;
        door.stop().await;
        hall.stop().await;
        self.users = Arc::new(users);
        users::fund(&self.account_database(), &self.users).await?;
        for design in &self.options.designs {
            self.fund(*design).await?;
        }
        Ok(())
    }

    async fn fund(&self, design: Design) -> anyhow::Result<()> {
        let ids: Vec<Uuid> = self.users.iter().map(|user| user.account_id).collect();
        let pool = self.connect(database_of(design)).await?;
        sqlx::query("INSERT INTO accounts (account_id, points) SELECT unnest($1::uuid[]), $2")
            .bind(ids)
            .bind(users::POINTS)
            .execute(&pool)
            .await?;
        pool.close().await;
        Ok(())
    }

    fn account_config(&self, at: At, hashes: Option<usize>) -> serde_json::Value {
        self.common.account(at, &self.account_database(), &self.secrets, hashes)
    }

    const fn starting(&self) -> Starting<'_> {
        Starting { options: &self.options, postgres: &self.postgres }
    }

    async fn connect(&self, database: &str) -> anyhow::Result<PgPool> {
        Ok(PgPoolOptions::new().max_connections(2).connect(&self.postgres.url(database)).await?)
    }

    /// The URL of the database in which a system under test has its bets, for the superuser.
    #[must_use]
    pub fn database(&self, against: Against) -> String {
        self.postgres.url(against.design().map_or("betting", database_of))
    }

    /// The URL of account's database, for the superuser.
    pub(crate) fn account_database(&self) -> String {
        self.postgres.url("account")
    }

    pub(crate) fn program(&self) -> &Path {
        &self.options.program
    }

    /// PostgreSQL's version.
    ///
    /// # Errors
    ///
    /// When the server does not answer.
    pub async fn postgres_version(&self) -> anyhow::Result<String> {
        self.postgres.version().await
    }

    /// Stops everything.
    pub async fn stop(self) {
        self.league.stop().await;
        self.account.stop().await;
        self.postgres.stop().await;
    }

    async fn admin(&self, api: &Api) -> anyhow::Result<Session> {
        api.log_in(ADMIN, &self.secrets.admin).await.context("the admin cannot log in")
    }

    fn subject(&self, stack: &Stack) -> anyhow::Result<Subject> {
        let processes = [&self.account, &self.league].into_iter().chain(stack.processes());
        let numbered = processes.map(|process| {
            let pid = process.pid().with_context(|| format!("{} has ended", process.name()))?;
            Ok((process.name(), pid))
        });
        Ok(Subject {
            processes: numbered.collect::<anyhow::Result<_>>()?,
            postmaster: self.postgres.postmaster()?,
            pool: self.postgres.pool().clone(),
        })
    }
}

fn database_of(design: Design) -> &'static str {
    match design {
        Design::Pessimistic => "pessimistic",
        Design::SingleStatement => "single_statement",
    }
}

async fn make_tables(postgres: &Postgres, design: Design) -> anyhow::Result<()> {
    let database = database_of(design);
    postgres.make(database).await?;
    let pool = PgPoolOptions::new().max_connections(1).connect(&postgres.url(database)).await?;
    sqlx::raw_sql(AssertSqlSafe(baseline::SCHEMA)).execute(&pool).await?;
    pool.close().await;
    Ok(())
}

fn url(at: At) -> String {
    format!("http://{}", at.service)
}

fn numbered() -> anyhow::Result<SocketAddr> {
    Ok(SocketAddr::from(([127, 0, 0, 1], free_port().context("no port is free")?)))
}

fn at() -> anyhow::Result<At> {
    Ok(At { service: numbered()?, admin: numbered()? })
}
