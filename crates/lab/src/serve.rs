//! Betting as the lab serves it: with fail points that a signal sets.

use std::{io, process::ExitCode, thread};

use loljoa_betting::{
    MIGRATOR, SERVICE,
    failpoints::{FailPoints, Step},
    serve_with,
};
use loljoa_service_kit::cli::{self, Command, Files};
use nix::sys::signal::{Signal, raise};
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};

/// A step of a bet at which a process can be killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Kill {
    /// Bets are taken from the queue, their stakes are not taken yet
    BeforeDebit,
    /// The stakes are taken, the bets are not recorded yet
    AfterDebit,
    /// The bets are recorded, nobody has been answered yet
    AfterRecord,
}

impl Kill {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::BeforeDebit, Self::AfterDebit, Self::AfterRecord];

    /// Its name, such as `after-debit`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeforeDebit => "before-debit",
            Self::AfterDebit => "after-debit",
            Self::AfterRecord => "after-record",
        }
    }

    /// The signal that sets it.
    #[must_use]
    pub const fn signal(self) -> Signal {
        match self {
            Self::BeforeDebit => Signal::SIGUSR1,
            Self::AfterDebit => Signal::SIGUSR2,
            Self::AfterRecord => Signal::SIGALRM,
        }
    }

    const fn listened(self) -> SignalKind {
        match self {
            Self::BeforeDebit => SignalKind::user_defined1(),
            Self::AfterDebit => SignalKind::user_defined2(),
            Self::AfterRecord => SignalKind::alarm(),
        }
    }

    const fn step(self) -> Step {
        match self {
            Self::BeforeDebit => Step::BeforeDebit,
            Self::AfterDebit => Step::AfterDebit,
            Self::AfterRecord => Step::AfterRecord,
        }
    }
}

/// Serves betting as `loljoa serve betting` does. A signal lets the process die at its step of the next batch.
pub async fn run(until_stdin_closes: bool) -> ExitCode {
    if until_stdin_closes {
        thread::spawn(stop_when_stdin_closes);
    }
    let failpoints = FailPoints::default();
    for kill in Kill::ALL {
        let Ok(mut told) = signal(kill.listened()) else { return ExitCode::FAILURE };
        let failpoints = failpoints.clone();
        tokio::spawn(async move {
            while told.recv().await.is_some() {
                failpoints.abort(kill.step());
            }
        });
    }
    let serve = |config, listeners, shutdown| serve_with(config, listeners, shutdown, failpoints);
    cli::execute(SERVICE, Command::Serve(Files::default()), serve, Some(&MIGRATOR)).await
}

/// Nothing is ever written to this input; it only ends.
fn stop_when_stdin_closes() {
    let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
    let _ = raise(Signal::SIGTERM);
}
