use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use loljoa_private_postgres::{Cluster, Lifetime, Server};
use loljoa_service_kit::{config::Database, postgres};
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgPool;

use super::{DataDirOption, PgBinOption};
use crate::{
    audit::{self, Report},
    console::{say, step, table},
    data_dir::{DataDir, Lock, RunFile},
    databases,
    system::Databases,
};

const MAX_CONNECTIONS: u16 = 20;

#[derive(Args)]
#[command(
    after_help = "Exits 0 when every point is accounted for, 1 when not.\n\nExamples:\n  loljoa audit\n  loljoa audit --json\n  loljoa audit --account-database postgres://… --betting-database postgres://…"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    data_dir: DataDirOption,
    #[command(flatten)]
    postgres: PgBinOption,
    /// account's database, instead of that of a data directory
    #[arg(
        long,
        env = "LOLJOA_ACCOUNT_DATABASE",
        value_name = "URL",
        requires = "betting_database",
        hide_env_values = true
    )]
    account_database: Option<SecretString>,
    /// betting's database, instead of that of a data directory
    #[arg(
        long,
        env = "LOLJOA_BETTING_DATABASE",
        value_name = "URL",
        requires = "account_database",
        hide_env_values = true
    )]
    betting_database: Option<SecretString>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let report = step("auditing", audit(&arguments)).await?;
    say(if arguments.json { serde_json::to_string_pretty(&report)? } else { describe(&report) });
    Ok(if report.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn audit(arguments: &Arguments) -> anyhow::Result<Report> {
    if let (Some(account), Some(betting)) = (&arguments.account_database, &arguments.betting_database) {
        return Ok(audit::running(&pool(account)?, &pool(betting)?).await?);
    }
    let data = arguments.data_dir.open()?;
    match data.try_lock()? {
        Some(lock) => audit_stopped(arguments, &data, lock).await,
        None => audit_running(&data).await,
    }
}

async fn audit_running(data: &DataDir) -> anyhow::Result<Report> {
    let port = RunFile::read(&data.run_file())?.postgres_port;
    let Databases { account, betting, .. } = databases::at_port(port, &data.secrets()?);
    Ok(audit::running(&pool(&account)?, &pool(&betting)?).await?)
}

/// Starts the database for as long as it takes.
async fn audit_stopped(arguments: &Arguments, data: &DataDir, lock: Lock) -> anyhow::Result<Report> {
    let server = start(arguments, data).await?;
    let report = audit_at_rest(&server, data).await;
    server.stop().await;
    drop(lock);
    report
}

async fn start(arguments: &Arguments, data: &DataDir) -> anyhow::Result<Server> {
    anyhow::ensure!(data.cluster().exists(), "there is nothing to audit in {} yet", data.path().display());
    let pg_bin = arguments.postgres.pg_bin.as_deref();
    let password = data.secrets()?.postgres;
    let cluster = Cluster::open(data.cluster(), Lifetime::Lasting, &password, pg_bin).await?;
    Ok(cluster.start(MAX_CONNECTIONS, &data.postgres_log()).await?)
}

async fn audit_at_rest(server: &Server, data: &DataDir) -> anyhow::Result<Report> {
    let Databases { account, betting, .. } = databases::at_port(server.port(), &data.secrets()?);
    let (account, betting) = (pool(&account)?, pool(&betting)?);
    let report = audit::at_rest(&account, &betting).await;
    account.close().await;
    betting.close().await;
    Ok(report?)
}

fn pool(url: &SecretString) -> anyhow::Result<PgPool> {
    let config = Database { max_connections: 2, ..Database::at(url.expose_secret()) };
    postgres::pool(&config, "audit").context("this is no URL of a PostgreSQL database")
}

fn describe(report: &Report) -> String {
    let Report { accounts, transfers, stakes, differences } = report;
    let looked = format!("{accounts} accounts, {transfers} transfers, {stakes} stakes");
    if differences.is_empty() {
        return format!("Every point is accounted for: difference 0 ({looked}).");
    }
    let header = ["books", "check", "subject", "expected", "found"].map(str::to_owned).to_vec();
    let rows = differences.iter().map(|difference| {
        let [check, subject, expected, found] =
            [&difference.check, &difference.subject, &difference.expected, &difference.found]
                .map(Clone::clone);
        vec![difference.books.to_owned(), check, subject, expected, found]
    });
    let rows: Vec<_> = std::iter::once(header).chain(rows).collect();
    format!("{}\n{} differences ({looked}).", table(&rows), differences.len())
}
