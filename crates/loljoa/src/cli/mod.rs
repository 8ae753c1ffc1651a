//! The command line.

mod admin;
mod audit;
mod bettors;
mod books;
mod connect;
mod demo;
mod floor;
mod guard;
mod import;
mod lab;
mod password_file;
mod postgres;
mod release;
mod replay;
mod reset;
mod season;
mod serve;
mod smoke;
mod up;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use loljoa_service_kit::{cli::EXIT_USAGE, config};

use crate::{console, data_dir::DataDir};

/// LOL.JOA on one machine: points betting on League of Legends matches.
#[derive(Parser)]
#[command(
    name = "loljoa",
    version,
    after_help = "Examples:\n  loljoa up                        everything at http://127.0.0.1:8080\n  loljoa up --replay-interval 10s  a season that hurries\n  loljoa audit                     is every point accounted for?"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the whole of LOL.JOA on this machine, until Ctrl-C
    Up(up::Arguments),
    /// Forget the data of `loljoa up`
    Reset(reset::Arguments),
    /// Run one service, as its own binary does
    Serve(serve::Arguments),
    /// Bring one service's database up to date, as its own binary does
    Migrate(serve::MigrateArguments),
    /// Bring a season file in, and report line by line
    Import(import::Arguments),
    /// Bring a season into a running release, by its public address, once it answers
    Season(season::Arguments),
    /// Let demo bettors bet at a running release
    Demo(demo::Arguments),
    /// Raise autoscalers' floors before matches start, by the calendar of a running release
    Floor(floor::Arguments),
    /// Walk a user's way through a running release: sign up, bet, and check the balance
    Smoke(smoke::Arguments),
    /// Show the tournaments, and how far a replay is
    Replay(replay::Arguments),
    /// Do what admins do: results, markets, incidents, corrections
    Admin(admin::Arguments),
    /// Rebuild every balance and pool from transfers and bets, and show differences
    Audit(audit::Arguments),
    /// Make the experiments of 2022: pods that refuse, break, die, or are many
    Lab(lab::Arguments),
    /// Work with a temporary PostgreSQL
    Postgres(postgres::Arguments),
    /// Run a program until standard input closes
    #[command(hide = true)]
    Guard(guard::Arguments),
}

/// Where the data of `loljoa up` is.
#[derive(Args, Clone)]
struct DataDirOption {
    /// The data directory [default: /var/lib/loljoa for root, ~/.local/share/loljoa for others]
    #[arg(long, env = "LOLJOA_DATA_DIR", value_name = "DIR", hide_env_values = true)]
    data_dir: Option<PathBuf>,
}

impl DataDirOption {
    fn path(&self) -> anyhow::Result<PathBuf> {
        self.data_dir.clone().map_or_else(DataDir::default_path, Ok)
    }

    fn open(&self) -> anyhow::Result<DataDir> {
        DataDir::open(&self.path()?)
    }
}

/// Which PostgreSQL is used.
#[derive(Args)]
struct PgBinOption {
    /// The directory of PostgreSQL's server binaries, instead of the best found
    #[arg(long, env = "LOLJOA_PG_BIN", value_name = "DIR", hide_env_values = true)]
    pg_bin: Option<PathBuf>,
}

/// Runs the command line of this process to its end.
pub async fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // It fails when nobody listens any more.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS };
        }
    };
    execute(arguments.command).await.unwrap_or_else(|error| {
        console::complain(format_args!("loljoa: {error:#}"));
        let usage = error.chain().any(<dyn std::error::Error>::is::<config::Error>);
        if usage { ExitCode::from(EXIT_USAGE) } else { ExitCode::FAILURE }
    })
}

async fn execute(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Up(arguments) => Box::pin(up::run(arguments)).await,
        Command::Reset(arguments) => reset::run(&arguments).await,
        Command::Serve(arguments) => Ok(serve::run(arguments).await),
        Command::Migrate(arguments) => Ok(serve::migrate(arguments).await),
        Command::Import(arguments) => import::run(arguments).await,
        Command::Season(arguments) => season::run(arguments).await,
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Floor(arguments) => floor::run(arguments).await,
        Command::Smoke(arguments) => smoke::run(arguments).await,
        Command::Replay(arguments) => replay::run(arguments).await,
        Command::Admin(arguments) => admin::run(arguments).await,
        Command::Audit(arguments) => audit::run(arguments).await,
        Command::Lab(arguments) => match lab::run(&arguments)? {},
        Command::Postgres(arguments) => postgres::run(arguments).await,
        Command::Guard(arguments) => guard::run(arguments).await,
    }
}
