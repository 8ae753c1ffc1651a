use std::{env, path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::Args;

use super::{
    EXIT_USAGE, code,
    load::{LoadOptions, table},
};
use crate::{
    bench::{Size, summary},
    console::{complain, say},
    lab::Options,
    profile::{Profile, Wanted, of_statements, profile},
    report::{PROFILE_NOTE, profile_page},
    results::{self, Service},
    scenario::Kind,
};

/// Statements that are said; the files have all.
const SAID: usize = 12;

#[derive(Args)]
#[command(
    after_help = "Needs Linux's perf (`scripts/setup.sh profile`) and the right to look at processes. Build with frame pointers, as \
    `make profile` does, or stacks end early.\n\nExamples:\n  loljoa-bench profile hot-market --service gateway\n  \
    loljoa-bench profile season --service betting --seconds 20 --out /tmp/profile"
)]
pub(super) struct Arguments {
    /// What is asked
    #[arg(value_enum)]
    scenario: Kind,
    /// Whose time is looked at
    #[arg(long, value_enum, default_value = "gateway")]
    service: Service,
    /// Connections
    #[arg(long, default_value_t = 256, value_parser = connections)]
    connections: usize,
    /// Looks a second
    #[arg(long, default_value_t = 199, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    frequency: u32,
    /// Where the flame graph and the table of statements go
    #[arg(long, value_name = "FOLDER", default_value = "target/profile")]
    out: PathBuf,
    #[command(flatten)]
    load: LoadOptions,
    /// Who bets
    #[arg(long, default_value_t = 1_000, value_parser = connections)]
    users: usize,
    /// The `loljoa` binary [default: the one beside this program]
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

fn connections(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "must be more than 0".to_owned())
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { scenario, service, connections, frequency, out, load, users, program } = arguments;
    if !scenario.is_plain() {
        complain(format_args!("{} is more than requests, and is not looked at: say run", scenario.name()));
        return Ok(ExitCode::from(EXIT_USAGE));
    }
    let bench = env::current_exe().context("this program's own file is not known")?;
    let options = Options {
        cells: 1,
        program: program.unwrap_or_else(|| bench.with_file_name("loljoa")),
        bench,
        place: env::temp_dir(),
        users,
        designs: Vec::new(),
        experimenter: None,
        counts_statements: true,
    };
    let wanted = Wanted { scenario, connections, service, frequency, out };
    let found = profile(&wanted, &load.manner(Size::default()), options).await?;
    write(&wanted, &found)?;
    say(summary(&found.run));
    say("");
    say(table(of_statements(&found.statements, SAID)));
    Ok(code(found.run.failures().is_empty()))
}

fn write(wanted: &Wanted, found: &Profile) -> anyhow::Result<()> {
    let name = wanted.service.name();
    let picture = format!("{name}.svg");
    let statements = table(of_statements(&found.statements, usize::MAX));
    for (file, text) in [
        (picture.clone(), found.flame_graph.svg.clone()),
        (format!("{name}.stacks.txt"), found.flame_graph.folded.clone()),
        (format!("{name}.statements.txt"), format!("{PROFILE_NOTE}\n\n{statements}\n")),
        (format!("{name}.html"), profile_page(found, name, &picture)),
    ] {
        let file = wanted.out.join(file);
        results::write(&file, &text)?;
        say(file.display());
    }
    Ok(())
}
