use std::{collections::BTreeMap, fs, net::SocketAddr};

use anyhow::Context;
use serde_json::{Value, json};

use super::{
    Arguments, banner,
    bettors::Bettors,
    database::Database,
    observe::{self, Observers, Plan},
};
use crate::{
    console::{say, step},
    data_dir::{DataDir, RunFile, Secrets},
    signals::Signals,
    system::{Databases, Mode, Options, Replay, Service, System, require_free},
};

/// In a replay a match starts every minute; the usual five minutes before its start nobody could cancel anything.
const CANCEL_WINDOW_PARTS: u32 = 6;

/// Everything that runs. Dropped in a hurry, the services go before their database.
struct Launched {
    system: System,
    database: Database,
    observers: Observers,
}

/// Runs the whole system until it is told to stop, or a part of it is lost for good.
pub(super) async fn run(arguments: &Arguments, plan: &Plan, signals: &Signals) -> anyhow::Result<()> {
    let data = DataDir::open_or_make(&arguments.data_dir.path()?)?;
    let _lock = data.lock()?;
    let _ = fs::remove_file(data.run_file());
    require_free(arguments.listen).await.context("choose another address with --listen")?;
    let secrets = data.secrets()?;

    let starting = start(arguments, plan, &data, &secrets);
    let Some(launched) = signals.stop.run_until_cancelled(Box::pin(starting)).await else { return Ok(()) };
    let mut launched = launched?;
    say(banner::of(arguments, &data, &secrets, launched.system.addresses(), plan));

    let bettors = Bettors::start(arguments, &launched.system, &secrets)?;
    let end = tokio::select! {
        () = signals.stop.cancelled() => Ok(()),
        error = launched.lost(arguments.processes) => Err(error),
    };
    let _ = fs::remove_file(data.run_file());
    step("stopping", launched.stop(bettors)).await;
    end
}

impl Launched {
    /// Waits until something cannot go on, and tells why. Processes can: what dies is started again.
    async fn lost(&mut self, processes: bool) -> anyhow::Error {
        let Self { system, database, .. } = self;
        if processes {
            let never = tokio::select! {
                never = system.keep() => never,
                never = database.keep() => never,
            };
            match never {}
        }
        tokio::select! {
            error = system.lost() => error,
            error = database.ended() => error.into(),
        }
    }

    /// First who calls, then who is called, and the database last.
    async fn stop(self, bettors: Option<Bettors>) {
        if let Some(bettors) = bettors {
            bettors.stop().await;
        }
        self.system.stop().await;
        self.observers.stop().await;
        self.database.stop().await;
    }
}

async fn start(
    arguments: &Arguments,
    plan: &Plan,
    data: &DataDir,
    secrets: &Secrets,
) -> anyhow::Result<Launched> {
    let pg_bin = arguments.postgres.pg_bin.as_deref();
    let what = if data.cluster().exists() { "starting PostgreSQL" } else { "making a PostgreSQL cluster" };
    let (database, databases) = step(what, Database::start(data, secrets, arguments.cells(), pg_bin)).await?;
    let options = options(arguments, databases, secrets)?;
    let mut observers = Observers::before_the_services(plan, data).await;
    let system = step("starting the services", System::start(options)).await?;
    let further = |service: Service| {
        let parts = system.parts().iter().filter(move |(part, _)| part.service == service && part.cell > 0);
        parts.map(|(_, at)| *at).collect()
    };
    let run_file = RunFile {
        postgres_port: database.port(),
        services: system.addresses().clone(),
        cells: arguments.cells(),
        further_accounts: further(Service::Account),
        further_bettings: further(Service::Betting),
    };
    run_file.write(&data.run_file())?;
    let each = system.parts().iter().map(|(part, at)| (part.to_string(), at));
    observers.beside(plan, data, &observe::metrics(arguments.processes, each)).await;
    Ok(Launched { system, database, observers })
}

/// Where only this machine can come in, the demo bettors and whoever tries things out share one address.
fn overrides(listen: SocketAddr) -> BTreeMap<Service, Value> {
    if !listen.ip().is_loopback() {
        return BTreeMap::new();
    }
    let no_limit = json!({ "per_minute": 0, "burst": 0 });
    let limits = json!({
        "sign_up": no_limit, "sign_up_per_network": no_limit,
        "log_in": no_limit, "log_in_per_network": no_limit,
    });
    BTreeMap::from([(Service::Gateway, json!({ "limits": limits }))])
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
        overrides: overrides(arguments.listen),
        ..Options::new(databases, secrets.admin.clone(), secrets.sealing_key.clone())
    })
}
