//! The systems under test, each started here: a PostgreSQL of the lab's own, account and league-schedule once for all, and a
//! [`Stack`] of betting (or an old design in its place) and a gateway for each measurement.

pub mod api;
mod collector;
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
use loljoa_service_kit::{AccountId, Cell, Slot};
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use uuid::Uuid;

use api::{Api, Session};
use collector::Collector;
use config::{ADMIN, At, Common, SAMPLED};
use markets::Calendar;
use postgres::Postgres;
use process::Process;
use secrets::Secrets;
pub use stack::{Pod, Stack};
use starting::Starting;
pub(crate) use users::POINTS;
pub use {markets::market, users::come_in};

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
    /// Cells of account, and as many of betting.
    pub cells: usize,
    /// What serves betting in place of `program` where experiments are made, which are allowed then.
    pub experimenter: Option<PathBuf>,
    /// Whether PostgreSQL counts what each statement costs, which costs something itself.
    pub counts_statements: bool,
}

/// What is the same for all measurements.
pub struct Lab {
    options: Options,
    common: Common,
    collector: Collector,
    account: Process,
    account_at: At,
    /// Account's other cells.
    further: Vec<(At, Process)>,
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
        let collector = Collector::listen().await?;
        let experiments = options.experimenter.is_some();
        let common = Common { collector: collector.at(), traced: Some(SAMPLED), experiments };
        let (account_at, league_at) = (at()?, at()?);
        postgres.make("league_schedule").await?;
        for cell in 0..options.cells {
            for service in ["account", "betting"] {
                postgres.make(&database_of_cell(service, cell)).await?;
            }
        }
        for design in &options.designs {
            make_tables(&postgres, *design).await?;
        }
        let starting = Starting { options: &options, postgres: &postgres };
        let further_at = (1..options.cells).map(|_| at()).collect::<anyhow::Result<Vec<_>>>()?;
        let all_at: Vec<_> = std::iter::once(account_at).chain(further_at).collect();
        let urls: Vec<_> = all_at.iter().map(|at| url(*at)).collect();
        let mut accounts = Vec::with_capacity(options.cells);
        for (cell, at) in all_at.into_iter().enumerate() {
            let database = postgres.url(&database_of_cell("account", cell));
            let config = common.account(at, &database, &secrets, None);
            let config = account_in_cell(config, cell, &urls);
            accounts.push((at, starting.service(ACCOUNT, &config, at).await?));
        }
        let (_, account) = accounts.remove(0);
        let config = common.league_schedule(league_at, &postgres.url("league_schedule"), &urls);
        let league = starting.service(LEAGUE_SCHEDULE, &config, league_at).await?;
        let calendar = Calendar::default();
        let users = Arc::default();
        let mut lab = Self {
            options,
            common,
            collector,
            account,
            account_at,
            further: accounts,
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
        let door_at = at()?;
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let halls_at = (0..self.options.cells).map(|_| at()).collect::<anyhow::Result<Vec<_>>>()?;
        let urls: Vec<_> = halls_at.iter().map(|at| url(*at)).collect();
        let mut halls = Vec::with_capacity(self.options.cells);
        for (cell, at) in halls_at.into_iter().enumerate() {
            let database = self.postgres.url(&database_of_cell("account", cell));
            let config = self.common.account(at, &database, &self.secrets, Some(cores));
            halls.push(self.starting().service(ACCOUNT, &account_in_cell(config, cell, &urls), at).await?);
        }
        let config = self.common.gateway(Against::Ours, door_at, &urls, self.league_at.service, &[nobody]);
        let door = self.starting().service(GATEWAY, &config, door_at).await?;
        let users = users::sign_up(&Api::new(&url(door_at)), self.options.users, &self.secrets.user).await?;
        door.stop().await;
        for hall in halls {
            hall.stop().await;
        }
        self.users = Arc::new(users);
        for (cell, database) in (0..).zip(self.account_databases()) {
            let cell = Cell { index: cell, of: u16::try_from(self.options.cells)? };
            let of_cell = |user: &&User| cell.owns(Slot::of_account(AccountId(user.account_id)));
            let ids: Vec<Uuid> = self.users.iter().filter(of_cell).map(|user| user.account_id).collect();
            users::fund(&database, &ids).await?;
        }
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

    /// One more replica of account's only cell.
    fn account_config(&self, at: At) -> serde_json::Value {
        self.common.account(at, &self.postgres.url("account"), &self.secrets, None)
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

    /// The URLs of account's databases, one for each cell, for the superuser.
    pub(crate) fn account_databases(&self) -> Vec<String> {
        self.databases("account")
    }

    /// The URLs of betting's databases, one for each cell, for the superuser.
    pub(crate) fn betting_databases(&self) -> Vec<String> {
        self.databases("betting")
    }

    fn databases(&self, service: &str) -> Vec<String> {
        (0..self.options.cells).map(|cell| self.postgres.url(&database_of_cell(service, cell))).collect()
    }

    /// Where account's other cells are.
    fn further_accounts(&self) -> impl Iterator<Item = String> {
        self.further.iter().map(|(at, _)| url(*at))
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
        for (_, cell) in self.further {
            cell.stop().await;
        }
        self.account.stop().await;
        self.postgres.stop().await;
    }

    /// From now on systems are started that keep this share of all traces, or tell nobody of any.
    pub const fn trace(&mut self, share: Option<f64>) {
        self.common.traced = share;
    }

    /// Which share of all traces systems keep that are started now.
    #[must_use]
    pub const fn traced(&self) -> Option<f64> {
        self.common.traced
    }

    /// Spans that gateways and bettings have sent until now.
    #[must_use]
    pub fn spans(&self) -> u64 {
        self.collector.spans()
    }

    async fn admin(&self, api: &Api) -> anyhow::Result<Session> {
        api.log_in(ADMIN, &self.secrets.admin).await.context("the admin cannot log in")
    }

    fn subject(&self, stack: &Stack) -> anyhow::Result<Subject> {
        let cells = self.further.iter().map(|(_, cell)| cell);
        let processes = [&self.account, &self.league].into_iter().chain(cells).chain(stack.processes());
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

/// The database of a service's cell.
fn database_of_cell(service: &str, cell: usize) -> String {
    if cell == 0 { service.to_owned() } else { format!("{service}_{cell}") }
}

/// What a cell of account is told, which knows all of them.
fn account_in_cell(config: serde_json::Value, cell: usize, urls: &[String]) -> serde_json::Value {
    let mut config = config::in_cell(config, cell, urls.len());
    if urls.len() > 1 {
        config["cell_urls"] = json!(urls);
    }
    config
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
