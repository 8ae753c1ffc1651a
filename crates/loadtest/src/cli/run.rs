use std::{env, path::PathBuf, process::ExitCode};

use anyhow::{Context, bail};
use clap::Args;
use loljoa_service_kit::lifecycle;

use super::{code, load::LoadOptions};
use crate::{bench, lab::Options, plan::Wanted, results::Against, scenario::Kind};

#[derive(Args)]
#[command(
    after_help = "Exits 0 when every run was without errors and every point is accounted for, 1 when not.\n\nExamples:\n  \
    loljoa-bench run\n  loljoa-bench run hot-market --connections 256 --seconds 5\n  \
    loljoa-bench run hot-market --rate 20000 --connections 1000      three times what is sustained\n  \
    loljoa-bench run season --against ours --json results.json"
)]
pub(super) struct Arguments {
    /// What is asked; all of it where none is named
    #[arg(value_enum)]
    scenarios: Vec<Kind>,
    /// Connections; what is compared with the hot market takes the middle of them, the burst the most, an overload eight times as many
    #[arg(long, value_delimiter = ',', default_values_t = [64, 256, 1_000])]
    connections: Vec<usize>,
    /// Which systems
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Against::ALL)]
    against: Vec<Against>,
    /// Replicas of betting; more than one needs `unshare` and the right to mount (root, or user namespaces)
    #[arg(long, value_delimiter = ',', default_values_t = [1])]
    replicas: Vec<usize>,
    /// Replicas of the gateway, among which connections take turns
    #[arg(long, value_delimiter = ',', default_values_t = [1])]
    gateways: Vec<usize>,
    /// Replicas of account; as for betting
    #[arg(long, value_delimiter = ',', default_values_t = [1])]
    accounts: Vec<usize>,
    #[command(flatten)]
    load: LoadOptions,
    /// Who bets
    #[arg(long, default_value_t = 1_000)]
    users: usize,
    /// The `loljoa` binary [default: the one beside this program]
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Where the data is for the time being; its disk is measured, too [default: the folder for temporary files]
    #[arg(long, value_name = "FOLDER")]
    place: Option<PathBuf>,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments {
        scenarios,
        connections,
        against,
        replicas,
        gateways,
        accounts,
        load,
        users,
        program,
        place,
    } = arguments;
    anyhow::ensure!(users > 0 && !connections.contains(&0), "there is nobody to ask");
    let bench = env::current_exe().context("this program's own file is not known")?;
    let options = Options {
        program: program.unwrap_or_else(|| bench.with_file_name("loljoa")),
        bench,
        place: place.unwrap_or_else(env::temp_dir),
        users,
        counts_statements: false,
        designs: against.iter().filter_map(|against| against.design()).collect(),
    };
    let scenarios = if scenarios.is_empty() { Kind::ALL.to_vec() } else { scenarios };
    let wanted = Wanted { scenarios, connections, against, replicas, gateways, accounts };
    let manner = load.manner();
    // Whatever runs is ended as the lab is dropped.
    let results = tokio::select! {
        results = bench::run(&wanted, &manner, options) => results?,
        () = lifecycle::shutdown_on_signal().cancelled_owned() => bail!("stopped by hand; nothing was written"),
    };
    load.tell(&results)?;
    Ok(code(results.are_sound()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::{
        cli::{Arguments as Whole, Command},
        plan::stages,
        report::command,
        results::{Replicas, Run, fixtures},
        scenario::overload::CROWD,
    };

    /// The runs that a command line makes, as its title, its rate and its length.
    fn made_by(command: &str) -> Vec<(String, u64)> {
        let words = command.split_whitespace();
        let Command::Run(arguments) = Whole::try_parse_from(words).unwrap().command else {
            panic!("{command}")
        };
        let Arguments { scenarios, connections, against, replicas, gateways, accounts, load, .. } = arguments;
        let seconds = load.seconds;
        let rate = load.manner().rate;
        let stages = stages(&Wanted { scenarios, connections, against, replicas, gateways, accounts });
        let titles = |stage: crate::plan::Stage| {
            let against = Some(stage.against);
            let title = move |(kind, connections)| {
                (crate::results::title(kind, against, connections, stage.replicas, rate), seconds)
            };
            stage.runs.into_iter().map(title)
        };
        stages.into_iter().flat_map(titles).collect()
    }

    #[test]
    fn the_command_of_a_run_makes_that_run_and_no_other() {
        let mut runs = fixtures::results().runs;
        let more = |kind, connections, rate| Run { scenario: kind, connections, rate, ..runs[0].clone() };
        let more = Kind::ALL.map(|kind| more(kind, 77, None)).into_iter().chain([more(
            Kind::HotMarket,
            9,
            Some(250.5),
        )]);
        let more: Vec<_> = more.collect();
        runs.extend(more);
        runs[0].replicas = Replicas { betting: 2, gateway: 3, account: 4 };
        for run in runs.iter_mut().filter(|run| run.scenario == Kind::Overload) {
            (run.connections, run.seconds) = (77 * CROWD, 30.0);
        }
        for run in runs {
            assert_eq!(made_by(&command(&run)), [(run.title(), 10)], "{}", command(&run));
        }
    }
}
