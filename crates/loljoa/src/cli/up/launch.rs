use std::{fs, net::SocketAddr};

use anyhow::Context;
use loljoa_private_postgres::{Cluster, Lifetime, Server};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Arguments, banner};
use crate::{
    console::{say, step},
    data_dir::{DataDir, RunFile, Secrets},
    databases, demo,
    signals::Signals,
    system::{Databases, Mode, Options, Replay, Service, System, require_free},
};

/// Each service has a pool of 8 and a few connections beside it.
const MAX_CONNECTIONS: u16 = 100;
/// In a replay a match starts every minute; the usual five minutes before its start nobody could cancel anything.
const CANCEL_WINDOW_PARTS: u32 = 6;

/// Everything that runs. Dropped in a hurry, the services go before their database.
struct Launched {
    system: System,
    server: Server,
}

/// Runs the whole system until it is told to stop, or a part of it ends by itself.
pub(super) async fn run(arguments: &Arguments, signals: &Signals) -> anyhow::Result<()> {
    let data = DataDir::open_or_make(&arguments.data_dir.path()?)?;
    let _lock = data.lock()?;
    let _ = fs::remove_file(data.run_file());
    require_free(arguments.listen).await.context("choose another address with --listen")?;
    let secrets = data.secrets()?;

    let starting = start(arguments, &data, &secrets);
    let Some(launched) = signals.stop.run_until_cancelled(Box::pin(starting)).await else { return Ok(()) };
    let mut launched = launched?;
    say(banner::of(arguments, &data, &secrets, launched.system.addresses()));

    let demo = start_demo(arguments, &launched.system, &secrets)?;
    let end = tokio::select! {
        () = signals.stop.cancelled() => Ok(()),
        error = launched.system.ended() => Err(error),
        error = launched.server.ended() => Err(error.into()),
    };
    let _ = fs::remove_file(data.run_file());
    step("stopping", launched.stop(demo)).await;
    end
}

impl Launched {
    /// First who calls, then who is called, and the database last.
    async fn stop(self, demo: Option<Demo>) {
        if let Some(demo) = demo {
            demo.stop().await;
        }
        self.system.stop().await;
        self.server.stop().await;
    }
}

async fn start(arguments: &Arguments, data: &DataDir, secrets: &Secrets) -> anyhow::Result<Launched> {
    let pg_bin = arguments.postgres.pg_bin.as_deref();
    let what = if data.cluster().exists() { "starting PostgreSQL" } else { "making a PostgreSQL cluster" };
    let (server, databases) = step(what, async {
        let cluster = Cluster::open(data.cluster(), Lifetime::Lasting, &secrets.postgres, pg_bin).await?;
        let server = cluster.start(MAX_CONNECTIONS, &data.postgres_log()).await?;
        let databases = databases::prepare(&server, secrets).await?;
        anyhow::Ok((server, databases))
    })
    .await?;
    let options = options(arguments, databases, secrets)?;
    let system = step("starting the services", System::start(options)).await?;
    let run_file = RunFile { postgres_port: server.port(), services: system.addresses().clone() };
    run_file.write(&data.run_file())?;
    Ok(Launched { system, server })
}

fn options(arguments: &Arguments, databases: Databases, secrets: &Secrets) -> anyhow::Result<Options> {
    let mode = if arguments.processes {
        Mode::Processes { program: std::env::current_exe().context("this program's own file is not known")? }
    } else {
        Mode::InProcess
    };
    let replay = Replay { interval: arguments.replay_interval, start_week: arguments.replay_week };
    Ok(Options {
        mode,
        listen: arguments.listen,
        replay: (!arguments.no_replay).then_some(replay),
        cancel_window: arguments.replay_interval / CANCEL_WINDOW_PARTS,
        experiments: arguments.experiments,
        web_root: arguments.web.clone(),
        otlp: arguments.otlp.clone(),
        log: arguments.log.clone(),
        ..Options::new(databases, secrets.admin.clone(), secrets.sealing_key.clone())
    })
}

/// The demo bettors' task.
struct Demo {
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Demo {
    async fn stop(self) {
        self.shutdown.cancel();
        let _ = self.task.await;
    }
}

fn start_demo(arguments: &Arguments, system: &System, secrets: &Secrets) -> anyhow::Result<Option<Demo>> {
    if arguments.no_demo || arguments.bettors == 0 {
        return Ok(None);
    }
    let gateway = reachable(system.addresses()[&Service::Gateway].service);
    let options = demo::Options {
        url: format!("http://{gateway}").parse()?,
        bettors: arguments.bettors,
        password: secrets.demo.clone(),
    };
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(demo::run(options, shutdown.clone()));
    Ok(Some(Demo { shutdown, task }))
}

/// Where a program on this machine finds what listens at `address`, which may stand for all addresses.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
    let mut address = address;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
