mod banner;
mod bettors;
mod database;
mod launch;
mod observe;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::anyhow;
use clap::Args;
use loljoa_service_kit::{
    config::{LogFormat, Telemetry},
    telemetry,
};
use url::Url;

use super::{DataDirOption, PgBinOption};
use crate::{databases::Cells, signals::Signals};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  loljoa up\n  loljoa up --listen 127.0.0.1:9000 --data-dir /tmp/loljoa\n  loljoa up --replay-interval 10s --replay-week 5 --bettors 30\n  loljoa up --processes --otlp http://127.0.0.1:4317\n  loljoa up --processes --observe"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct Arguments {
    #[command(flatten)]
    data_dir: DataDirOption,
    /// How many databases the accounts are spread over, in cells of account; once and for all
    #[arg(long, env = "LOLJOA_ACCOUNT_CELLS", value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=8), hide_env_values = true)]
    account_cells: u16,
    /// How many databases the markets are spread over, in cells of betting; once and for all
    #[arg(long, env = "LOLJOA_BETTING_CELLS", value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=8), hide_env_values = true)]
    betting_cells: u16,
    /// Where the page and the API are served
    #[arg(
        long,
        env = "LOLJOA_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080",
        hide_env_values = true
    )]
    listen: SocketAddr,
    /// Run each service in a process of its own, and start again what dies
    #[arg(long, env = "LOLJOA_PROCESSES", hide_env_values = true)]
    processes: bool,
    /// The time between two matches of the replay, and how long each lasts
    #[arg(long, env = "LOLJOA_REPLAY_INTERVAL", value_name = "TIME", default_value = "60s", value_parser = duration, hide_env_values = true)]
    replay_interval: Duration,
    /// The week (1 to 9) that a new replay starts with, instead of the season's middle
    #[arg(long, env = "LOLJOA_REPLAY_WEEK", value_name = "WEEK", value_parser = clap::value_parser!(u8).range(1..=9), hide_env_values = true)]
    replay_week: Option<u8>,
    /// Bring the season in as it was, without replaying it
    #[arg(long, env = "LOLJOA_NO_REPLAY", hide_env_values = true)]
    no_replay: bool,
    /// Leave betting to people
    #[arg(long, env = "LOLJOA_NO_DEMO", hide_env_values = true)]
    no_demo: bool,
    /// How many demo bettors there are
    #[arg(long, env = "LOLJOA_BETTORS", value_name = "NUMBER", default_value_t = 12, hide_env_values = true)]
    bettors: usize,
    /// The web app's built files
    #[arg(long, env = "LOLJOA_WEB", value_name = "DIR", hide_env_values = true)]
    web: Option<PathBuf>,
    #[command(flatten)]
    postgres: PgBinOption,
    /// An OTLP collector (gRPC) that gets every trace
    #[arg(long, env = "LOLJOA_OTLP", value_name = "URL", hide_env_values = true)]
    otlp: Option<Url>,
    /// Let admins run the experiments of 2022 (block, turn off)
    #[arg(long, env = "LOLJOA_EXPERIMENTS", hide_env_values = true)]
    experiments: bool,
    /// What is logged, in the syntax of `RUST_LOG`
    #[arg(long, env = "LOLJOA_LOG", value_name = "FILTER", default_value = "warn", hide_env_values = true)]
    log: String,
    #[command(flatten)]
    observe: observe::ObserveOptions,
}

impl Arguments {
    const fn cells(&self) -> Cells {
        Cells { account: self.account_cells, betting: self.betting_cells }
    }
}

pub(super) async fn run(mut arguments: Arguments) -> anyhow::Result<ExitCode> {
    let signals = Signals::listen()?;
    let plan = observe::Plan::of(&arguments.observe).await?;
    if arguments.otlp.is_none() {
        arguments.otlp = plan.otlp()?;
    }
    let telemetry = telemetry::init("loljoa", &telemetry_of(&arguments))?;
    let result = tokio::select! {
        result = launch::run(&arguments, &plan, &signals) => result,
        () = signals.hurry.cancelled() => Err(anyhow!("stopped in a hurry; the data is safe")),
    };
    telemetry.flush();
    result.map(|()| ExitCode::SUCCESS)
}

fn telemetry_of(arguments: &Arguments) -> Telemetry {
    Telemetry {
        log: arguments.log.clone(),
        log_format: LogFormat::Text,
        otlp_endpoint: arguments.otlp.clone().map(Into::into),
        sample_ratio: 1.0,
        ..Telemetry::default()
    }
}

/// Reads `500ms`, `60s` or `2m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let unit_at = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let wrong = || format!("{text} is no time such as 500ms, 60s or 2m");
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return Err(wrong()),
    };
    match number.checked_mul(milliseconds) {
        Some(total) if total > 0 => Ok(Duration::from_millis(total)),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_number_and_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("60s"), Ok(Duration::from_mins(1)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        for wrong in ["", "60", "s", "0s", "-1s", "1.5s", "1h", "18446744073709551615m"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
