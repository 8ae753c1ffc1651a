//! The command line that every service has: `serve`, `migrate` and `ready`.

mod ready;

use std::{future::Future, net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use serde::de::DeserializeOwned;
use sqlx::migrate::Migrator;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    allocator,
    config::{self, Check, Migration, Runtime},
    follow, lifecycle, postgres,
    telemetry::{self, LogFilter},
};

/// The exit code of a command line or configuration that cannot be worked with (`EX_USAGE`).
pub const EXIT_USAGE: u8 = 64;

/// What a service's configuration tells about where to listen.
pub trait ServiceConfig: DeserializeOwned + Check + Send + Sync + 'static {
    /// The parts that every service has.
    fn runtime(&self) -> &Runtime;
    /// Where the service's own protocol is served: gRPC, or HTTP for the gateway.
    fn listen(&self) -> std::net::SocketAddr;
}

/// The ports of one replica, bound before it starts, so that tests can take port 0.
#[derive(Debug)]
pub struct Listeners {
    /// The service's own protocol: gRPC, or HTTP for the gateway.
    pub service: TcpListener,
    /// `/livez`, `/readyz`, `/metrics`, `/log-level`.
    pub admin: TcpListener,
}

impl Listeners {
    /// Binds both ports.
    ///
    /// # Errors
    ///
    /// When a port is taken or may not be used; the error names it.
    pub async fn bind(service: std::net::SocketAddr, admin: std::net::SocketAddr) -> anyhow::Result<Self> {
        Ok(Self { service: bind(service).await?, admin: bind(admin).await? })
    }
}

async fn bind(address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|error| anyhow::anyhow!("cannot listen on {address}: {error}"))
}

/// Where the configuration stands, apart from the environment.
#[derive(Args, Clone, Debug, Default)]
pub struct Files {
    /// A TOML file, or a folder of them (by name). May be given more than once; what comes later wins, and the
    /// environment over all: the key `database.url` is `LOLJOA__DATABASE__URL`, or `LOLJOA__DATABASE__URL_FILE` with the
    /// name of a file that holds the value
    #[arg(long, value_name = "PATH")]
    pub config: Vec<PathBuf>,
}

/// What the help of `serve` and `migrate` shows, whichever program they belong to.
pub const EXAMPLES: &str = "\
Examples:
  LOLJOA__DATABASE__URL=postgres://… serve --config service.toml
  serve --config /etc/loljoa/base.toml --config /etc/loljoa/here.toml
  LOLJOA__DATABASE__URL_FILE=/run/secrets/database-url serve --config /etc/loljoa/conf.d";

#[derive(Parser)]
#[command(version, about, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What a service can be told to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve until SIGTERM or Ctrl-C.
    #[command(after_help = EXAMPLES)]
    Serve(Files),
    /// Bring the database up to date and exit. Safe with many replicas at once. Of the configuration only `database` and
    /// `runtime` are looked at, so that no other secret need be at hand
    #[command(after_help = EXAMPLES)]
    Migrate(Files),
    /// Ask the replica on this machine whether it is ready, and exit with 0 if it is: a health check for containers, which
    /// have nothing else to ask with
    Ready {
        /// Its admin port
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9090")]
        admin: SocketAddr,
    },
}

/// Runs a service's command line to its end. Without a `schema` there is no database, and migrating it succeeds at once, so that
/// every service is deployed alike.
pub async fn run<C, S>(
    service: &'static str,
    serve: impl FnOnce(C, Listeners, CancellationToken) -> S,
    schema: Option<&'static Migrator>,
) -> ExitCode
where
    C: ServiceConfig,
    S: Future<Output = anyhow::Result<()>>,
{
    execute(service, Arguments::parse().command, serve, schema).await
}

/// Runs one command of a service to its end, for programs that hold several services.
pub async fn execute<C, S>(
    service: &'static str,
    command: Command,
    serve: impl FnOnce(C, Listeners, CancellationToken) -> S,
    schema: Option<&'static Migrator>,
) -> ExitCode
where
    C: ServiceConfig,
    S: Future<Output = anyhow::Result<()>>,
{
    match (command, schema) {
        (Command::Serve(Files { config: files }), _) => {
            allocator::without_huge_pages();
            let work = async |config: C, log_filter| {
                let log = config.runtime().telemetry.log.clone();
                let following = tokio::spawn(follow::run::<C>(files.clone(), log, log_filter));
                let result = bind_and_serve(config, serve).await;
                following.abort();
                result
            };
            configured(service, &files, C::runtime, work).await
        }
        (Command::Migrate(Files { config: files }), Some(schema)) => {
            let work = async |config: Migration, _| {
                postgres::migrate(&config.database, service, schema).await?;
                Ok(())
            };
            configured(service, &files, |config: &Migration| &config.runtime, work).await
        }
        (Command::Migrate(_), None) => ExitCode::SUCCESS,
        (Command::Ready { admin }, _) => ready::ask(admin).await,
    }
}

/// Reads the configuration in `files` and does `work` with it and with the filter of what is logged meanwhile.
async fn configured<C: DeserializeOwned + Check>(
    service: &'static str,
    files: &[PathBuf],
    runtime: impl FnOnce(&C) -> &Runtime,
    work: impl AsyncFnOnce(C, LogFilter) -> anyhow::Result<()>,
) -> ExitCode {
    let config: C = match config::load(files) {
        Ok(config) => config,
        Err(error) => return usage(&error),
    };
    let guard = match telemetry::init(service, &runtime(&config).telemetry) {
        Ok(guard) => guard,
        Err(error) => return usage(&error),
    };
    let result = work(config, guard.log_filter()).await;
    if let Err(error) = &result {
        tracing::error!(event = "replica.stopped", error = format!("{error:#}"), "stopped");
    }
    guard.flush();
    if result.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn bind_and_serve<C: ServiceConfig, S: Future<Output = anyhow::Result<()>>>(
    config: C,
    serve: impl FnOnce(C, Listeners, CancellationToken) -> S,
) -> anyhow::Result<()> {
    let shutdown = lifecycle::shutdown_on_signal();
    lifecycle::end_within(config.runtime().drain.budget(), shutdown.clone());
    let listeners = Listeners::bind(config.listen(), config.runtime().admin_listen).await?;
    serve(config, listeners, shutdown).await
}

#[expect(clippy::print_stderr, reason = "logs do not run yet")]
fn usage(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("{error}");
    ExitCode::from(EXIT_USAGE)
}
