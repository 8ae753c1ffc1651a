use std::{
    ffi::OsString,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::ExitStatus,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection};
use tokio::{
    process::{Child, Command},
    signal::unix::{self, SignalKind},
};

use crate::{Error, TemporaryServer};

/// A variable of the command's environment, the database that it is the URL of, and how that is made.
const DATABASES: [(&str, &str, &str); 4] = [
    ("DATABASE_URL", "loljoa", "CREATE DATABASE loljoa"),
    ("ACCOUNT_DATABASE_URL", "account", "CREATE DATABASE account"),
    ("LEAGUE_DATABASE_URL", "league_schedule", "CREATE DATABASE league_schedule"),
    ("BETTING_DATABASE_URL", "betting", "CREATE DATABASE betting"),
];

/// Runs `command` with a server of its own, which is gone afterwards whatever happens, and gives the command's exit
/// code. A signal that would end this program is passed on to the command.
///
/// # Errors
///
/// When the server does not start or the command cannot be run.
pub async fn run(command: &[OsString], bin: Option<&Path>) -> Result<u8, Error> {
    let mut signals = Signals::listen().map_err(Error::program("signal handling"))?;
    let server = tokio::select! {
        server = start(bin) => server?,
        signal = signals.next() => return Ok(code_of_signal(signal as i32)),
    };
    let status = run_beside(&server, command, &mut signals).await;
    server.stop().await?;
    status.map(exit_code)
}

async fn start(bin: Option<&Path>) -> Result<TemporaryServer, Error> {
    let server = TemporaryServer::start(bin).await?;
    let mut connection = PgConnection::connect(server.url("postgres").expose_secret()).await?;
    for (_, _, create) in DATABASES {
        sqlx::query(create).execute(&mut connection).await?;
    }
    connection.close().await?;
    Ok(server)
}

async fn run_beside(
    server: &TemporaryServer,
    command: &[OsString],
    signals: &mut Signals,
) -> Result<ExitStatus, Error> {
    let (program, arguments) =
        command.split_first().map_or((OsString::new(), command), |(p, a)| (p.clone(), a));
    let program = PathBuf::from(program);
    let urls =
        DATABASES.map(|(variable, database, _)| (variable, server.url(database).expose_secret().to_owned()));
    let child = Command::new(&program).args(arguments).envs(urls).kill_on_drop(true).spawn();
    let mut child = child.map_err(Error::program(&program))?;
    loop {
        tokio::select! {
            status = child.wait() => return status.map_err(Error::program(program)),
            signal = signals.next() => pass_on(signal, &child),
        }
    }
}

fn pass_on(signal: Signal, child: &Child) {
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
        // It fails when the command has ended already, which the next turn of the loop sees.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.unwrap_or_else(|| code_of_signal(status.signal().unwrap_or_default()))
}

/// What a shell reports of a program that a signal has ended.
fn code_of_signal(signal: i32) -> u8 {
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}

/// The signals that ask a program to end.
struct Signals {
    hangup: unix::Signal,
    interrupt: unix::Signal,
    terminate: unix::Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            hangup: unix::signal(SignalKind::hangup())?,
            interrupt: unix::signal(SignalKind::interrupt())?,
            terminate: unix::signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.hangup.recv() => Signal::SIGHUP,
            _ = self.interrupt.recv() => Signal::SIGINT,
            _ = self.terminate.recv() => Signal::SIGTERM,
        }
    }
}
