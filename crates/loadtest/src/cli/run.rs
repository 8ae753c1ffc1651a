use std::{env, path::PathBuf, process::ExitCode};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use loljoa_service_kit::lifecycle;

use super::{code, load::LoadOptions};
use crate::{
    bench::{self, Manner, Size},
    lab::Options,
    plan::Wanted,
    results::{Against, Results},
    scenario::Kind,
};

#[derive(Args)]
#[command(
    after_help = "Exits 0 when every run was without errors and every point is accounted for, 1 when not.\n\nExamples:\n  \
    loljoa-bench run\n  loljoa-bench run hot-market --connections 256 --seconds 5\n  \
    loljoa-bench run hot-market --rate 20000 --connections 1000      three times what is sustained\n  \
    loljoa-bench run season bare --against ours --json results.json\n  \
    loljoa-bench run settle --bets 100000\n  \
    loljoa-bench run hot-market markets --cells 1,2 --connections 256 --against ours\n  \
    loljoa-bench run long                                            10,000,000 bets, half an hour"
)]
pub(super) struct Arguments {
    /// What is asked; where none is named, all but `markets` and `traces`, and of old designs only what ours are compared with
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
    /// Cells of account, and as many of betting, each with a database of its own: one lab after the other
    #[arg(long, value_delimiter = ',', default_values_t = [1], value_parser = clap::value_parser!(u16).range(1..=8))]
    cells: Vec<u16>,
    #[command(flatten)]
    load: LoadOptions,
    /// Bets of `settle` and of `long` each [default: 1,000,000 and 10,000,000; less where no scenario is named]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    bets: Option<u64>,
    /// Who listens in `stream`; each takes a file here and one of the gateway (`ulimit -n`)
    #[arg(long, default_value_t = Size::default().listeners)]
    listeners: usize,
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
        cells,
        load,
        bets,
        listeners,
        users,
        program,
        place,
    } = arguments;
    let size = size(&scenarios, bets, listeners);
    anyhow::ensure!(users > 0 && !connections.contains(&0), "there is nobody to ask");
    let bench = env::current_exe().context("this program's own file is not known")?;
    let options = Options {
        program: program.unwrap_or_else(|| bench.with_file_name("loljoa")),
        bench,
        place: place.unwrap_or_else(env::temp_dir),
        users,
        experimenter: None,
        counts_statements: false,
        cells: 1,
        designs: against.iter().filter_map(|against| against.design()).collect(),
    };
    let is_brief = scenarios.is_empty();
    let scenarios = if is_brief { Kind::usual().collect() } else { scenarios };
    let wanted = Wanted { scenarios, connections, against, replicas, gateways, accounts, is_brief };
    let manner = load.manner(size);
    let mut results = None;
    // Whatever runs is ended as the lab is dropped.
    let ended = tokio::select! {
        ended = in_cells(&wanted, &manner, &options, &cells, &mut results) => ended,
        () = lifecycle::shutdown_on_signal().cancelled_owned() => Err(anyhow!("stopped by hand")),
    };
    let measured = results.filter(|results| !results.runs.is_empty());
    if let Some(results) = &measured {
        load.tell(results)?;
    }
    match (ended, measured) {
        (Ok(()), Some(results)) => Ok(code(results.are_sound())),
        (Ok(()), None) => bail!("there was nothing to measure"),
        (Err(error), Some(_)) => {
            Err(error.context("what was measured until then was told; the rest was not measured"))
        }
        (Err(error), None) => Err(error.context("nothing was measured")),
    }
}

/// The same with so many cells, in turn. What has been measured is in `results` at any time.
async fn in_cells(
    wanted: &Wanted,
    manner: &Manner,
    options: &Options,
    cells: &[u16],
    results: &mut Option<Results>,
) -> anyhow::Result<()> {
    let several = cells.iter().any(|count| *count > 1);
    let only_ours = wanted.against == [Against::Ours];
    anyhow::ensure!(only_ours || !several, "cells are ours alone: --against ours");
    let alone = [&wanted.replicas, &wanted.gateways, &wanted.accounts].into_iter().all(|of| *of == [1]);
    anyhow::ensure!(alone || !several, "cells are measured with one replica of everything");
    for count in cells {
        let options = Options { cells: usize::from(*count), ..options.clone() };
        bench::run(wanted, manner, options, results).await?;
    }
    Ok(())
}

/// What is asked for by name may be as large as it has to be; among everything else there is less time.
fn size(scenarios: &[Kind], bets: Option<u64>, listeners: usize) -> Size {
    let usual = if scenarios.is_empty() { Size::default() } else { Size::full() };
    Size { settled: bets.unwrap_or(usual.settled), long: bets.unwrap_or(usual.long), listeners }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::{
        cli::{Arguments as Whole, Command},
        plan::stages,
        report::command,
        results::{Found, Replicas, Run, fixtures, title},
        scenario::overload::CROWD,
    };

    /// The runs that a command line makes, each as its title and its length, and how large they are.
    fn made_by(command: &str) -> (Vec<(String, u64)>, Size) {
        let words = command.split_whitespace();
        let Command::Run(arguments) = Whole::try_parse_from(words).unwrap().command else {
            panic!("{command}")
        };
        let Arguments {
            scenarios,
            connections,
            against,
            replicas,
            gateways,
            accounts,
            load,
            bets,
            listeners,
            ..
        } = arguments;
        let is_brief = scenarios.is_empty();
        let size = size(&scenarios, bets, listeners);
        let seconds = load.seconds;
        let rate = load.manner(size).rate;
        let stages =
            stages(&Wanted { scenarios, connections, against, replicas, gateways, accounts, is_brief });
        let titles = |stage: crate::plan::Stage| {
            let against = Some(stage.against);
            let told =
                move |(kind, connections)| (title(kind, against, connections, stage.replicas, rate), seconds);
            stage.runs.into_iter().map(told)
        };
        (stages.into_iter().flat_map(titles).collect(), size)
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
        runs[0].replicas = Replicas { betting: 2, gateway: 3, account: 4, cells: 1 };
        for run in &mut runs {
            match run.scenario {
                Kind::Overload => (run.connections, run.seconds) = (77 * CROWD, 30.0),
                Kind::Settle => (run.connections, run.accepted, run.seconds) = (0, 4_321, 0.7),
                Kind::Stream => run.found = Some(Found::Stream(fixtures::listening(1_234))),
                Kind::Long => {
                    run.found = Some(Found::Long(fixtures::endurance(&[500, 600])));
                    run.seconds = 20.0;
                }
                Kind::Traces => {
                    run.found = Some(Found::Traces(fixtures::traces(&[(None, 10), (Some(1.0), 9)])));
                    run.seconds = 20.0;
                }
                _ => {}
            }
        }
        for run in runs {
            let (made, size) = made_by(&command(&run));
            let title = title(run.scenario, run.against, run.connections, run.replicas, run.rate);
            assert_eq!(made, [(title, 10)], "{}", command(&run));
            match run.scenario {
                Kind::Settle => assert_eq!(size.settled, 4_321),
                Kind::Stream => assert_eq!(size.listeners, 1_234),
                Kind::Long => assert_eq!(size.long, 1_000),
                _ => {}
            }
        }
    }

    #[test]
    fn what_is_asked_for_by_name_is_as_large_as_it_has_to_be() {
        let sizes = |scenarios: &[Kind], bets| {
            let Size { settled, long, listeners } = size(scenarios, bets, 7);
            (settled, long, listeners)
        };
        assert_eq!(sizes(&[Kind::HotMarket, Kind::Settle], None), (1_000_000, 10_000_000, 7));
        assert_eq!(sizes(&[Kind::Long], Some(300)), (300, 300, 7));
        assert!(sizes(&[], None) < sizes(&[Kind::Long], None));
    }
}
