//! What a load costs: processor time and memory of every process, and the log that PostgreSQL writes.

mod apart;
mod machine;
mod proc;

use std::collections::BTreeMap;

use sqlx::PgPool;

pub use apart::Apart;
pub use machine::{machine, revision};
use proc::{Children, Process};

/// What PostgreSQL is called among the processes.
pub const POSTGRES: &str = "postgres";
/// What we are called ourselves.
pub const CLIENT: &str = "client";

/// What is looked at.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Names and numbers; replicas share a name.
    pub processes: Vec<(&'static str, u32)>,
    /// PostgreSQL's first process.
    pub postmaster: u32,
    /// The way to the server.
    pub pool: PgPool,
}

/// One look.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Since each process began. Seconds.
    pub cpu: BTreeMap<String, f64>,
    /// What each process holds in memory. Bytes.
    pub memory: BTreeMap<String, u64>,
    /// How far the write-ahead log is. Bytes.
    pub wal: u64,
    /// What the databases of each service take on the disk. Bytes.
    pub stored: BTreeMap<String, u64>,
    /// Since each backend of PostgreSQL began, by the service whose database it works in. Seconds.
    pub backends: BTreeMap<String, f64>,
    /// Connections of the services to PostgreSQL.
    pub connections: u64,
}

impl Subject {
    /// Looks once.
    ///
    /// # Errors
    ///
    /// When a process is gone, or the server does not answer.
    pub async fn look(&self) -> anyhow::Result<Sample> {
        let wal: i64 = sqlx::query_scalar("SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint")
            .fetch_one(&self.pool)
            .await?;
        let mut sample = Sample { wal: u64::try_from(wal)?, ..Sample::default() };
        let ours = (CLIENT, std::process::id());
        for (name, pid) in self.processes.iter().copied().chain([ours]) {
            let process = Process::read(pid)?;
            *sample.cpu.entry(name.to_owned()).or_default() += process.cpu_seconds();
            *sample.memory.entry(name.to_owned()).or_default() += proc::resident(pid)?;
        }
        let databases: Vec<(String, i64)> = sqlx::query_as(
            "SELECT datname::text, pg_database_size(oid) FROM pg_database WHERE datname ~ '^(account|betting)'",
        )
        .fetch_all(&self.pool)
        .await?;
        for (database, bytes) in databases {
            *sample.stored.entry(service_of(&database).to_owned()).or_default() += u64::try_from(bytes)?;
        }
        let connections = "SELECT count(*) FROM pg_stat_activity WHERE datname ~ '^(account|betting|league)'";
        let connections: i64 = sqlx::query_scalar(connections).fetch_one(&self.pool).await?;
        sample.connections = u64::try_from(connections)?;
        let server = Children::of(self.postmaster)?;
        for (database, seconds) in server.by_database() {
            *sample.backends.entry(service_of(&database).to_owned()).or_default() += seconds;
        }
        sample.cpu.insert(POSTGRES.to_owned(), server.cpu_seconds());
        sample.memory.insert(POSTGRES.to_owned(), server.memory());
        Ok(sample)
    }
}

/// The service that a database belongs to, such as `betting` for `betting_1`.
fn service_of(database: &str) -> &str {
    database
        .split_once('_')
        .filter(|(service, _)| *service != "league")
        .map_or(database, |(service, _)| service)
}

impl Subject {
    /// What the processes of this name hold in memory. Bytes.
    ///
    /// # Errors
    ///
    /// When one of them is gone.
    pub fn memory_of(&self, name: &str) -> anyhow::Result<u64> {
        self.processes
            .iter()
            .filter(|process| process.0 == name)
            .map(|process| proc::resident(process.1))
            .sum()
    }
}

/// What all processes used but whoever asks. Seconds.
#[must_use]
pub fn of_system(used: &BTreeMap<String, f64>) -> f64 {
    used.iter().filter(|(process, _)| *process != CLIENT).map(|(_, seconds)| seconds).sum()
}

/// What each process used between two looks. Seconds.
#[must_use]
pub fn used(before: &Sample, after: &Sample) -> BTreeMap<String, f64> {
    used_of(&before.cpu, &after.cpu)
}

/// The same of some of them.
#[must_use]
pub fn used_of(before: &BTreeMap<String, f64>, after: &BTreeMap<String, f64>) -> BTreeMap<String, f64> {
    let used = |(name, after): (&String, &f64)| {
        (name.clone(), (after - before.get(name).copied().unwrap_or_default()).max(0.0))
    };
    after.iter().map(used).collect()
}
