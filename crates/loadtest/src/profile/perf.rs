//! Linux's `perf` looks at a process many times a second; inferno draws what it saw.

use std::{
    io::ErrorKind,
    path::Path,
    process::{Output, Stdio},
};

use anyhow::{Context, bail};
use inferno::{
    collapse::{
        Collapse,
        perf::{Folder, Options as Folding},
    },
    flamegraph::{self, Options as Drawing},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::process::{Child, Command};

const PERF: &str = "perf";
const MISSING: &str = "there is no perf here: `scripts/setup.sh profile` installs it (Debian's linux-perf)";
const FORBIDDEN: &str = "the kernel does not let you look at processes: run it as root, or let root say \
    `sysctl kernel.perf_event_paranoid=1`";

/// A process's time, drawn.
#[derive(Clone, Debug)]
pub struct FlameGraph {
    /// The picture: a page of its own, in which one can search and zoom.
    pub svg: String,
    /// What it was drawn from: a stack and how often it was seen, one a line.
    pub folded: String,
    /// How often a stack was seen in all.
    pub samples: u64,
}

fn perf(arguments: &[&str]) -> Command {
    let mut command = Command::new(PERF);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    command
}

fn started<T>(result: std::io::Result<T>) -> anyhow::Result<T> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(MISSING),
        other => other.context("perf cannot be started"),
    }
}

/// Finds out whether there is one, before anything is started.
pub(super) async fn require() -> anyhow::Result<()> {
    started(perf(&["--version"]).output().await)?;
    Ok(())
}

/// Finds out whether we may look at all, before there is load.
pub(super) async fn try_out(pid: u32) -> anyhow::Result<()> {
    let pid = pid.to_string();
    let tried = perf(&["record", "-g", "-o", "/dev/null", "-p", &pid, "--", "true"]).output().await;
    let output = started(tried)?;
    anyhow::ensure!(output.status.success(), "{FORBIDDEN}. perf says: {}", last_words(&output));
    Ok(())
}

fn last_words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

/// perf, which looks at a process until it is told to stop.
pub(super) struct Recording(Child);

impl Recording {
    pub(super) fn begin(pid: u32, frequency: u32, data: &Path) -> anyhow::Result<Self> {
        let (pid, frequency) = (pid.to_string(), frequency.to_string());
        let mut command = perf(&["record", "-g", "-F", &frequency, "-p", &pid, "-o"]);
        command.arg(data).stdout(Stdio::null()).stderr(Stdio::piped());
        Ok(Self(started(command.spawn())?))
    }

    pub(super) async fn end(mut self) -> anyhow::Result<()> {
        let has_ended = self.0.try_wait()?.is_some();
        if let Some(pid) = self.0.id().and_then(|pid| i32::try_from(pid).ok()) {
            kill(Pid::from_raw(pid), Signal::SIGINT)?;
        }
        let output = self.0.wait_with_output().await?;
        anyhow::ensure!(!has_ended, "perf ended before the load did: {}", last_words(&output));
        Ok(())
    }
}

/// Every look, as `perf script` tells it.
pub(super) async fn stacks(data: &Path) -> anyhow::Result<Vec<u8>> {
    // Without periods each look counts once. What was inlined could be told apart by the line tables, but perf asks another program for every address.
    let told = perf(&["script", "--no-inline", "-F", "-period", "-i"]).arg(data).output().await;
    let output = started(told)?;
    anyhow::ensure!(output.status.success(), "perf cannot read what it wrote: {}", last_words(&output));
    Ok(output.stdout)
}

/// Draws what [`stacks`] told.
pub(super) fn draw(stacks: &[u8], title: &str) -> anyhow::Result<FlameGraph> {
    let mut folded = Vec::new();
    Folder::from(Folding::default()).collapse(stacks, &mut folded)?;
    let folded = String::from_utf8_lossy(&folded).into_owned();
    let counts = folded.lines().filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok());
    let samples = counts.sum();
    anyhow::ensure!(samples > 0, "perf has seen nothing: the service was idle");
    let mut options = Drawing::default();
    title.clone_into(&mut options.title);
    "looks".clone_into(&mut options.count_name);
    options.min_width = MIN_WIDTH;
    let mut svg = Vec::new();
    flamegraph::from_lines(&mut options, folded.lines(), &mut svg)?;
    Ok(FlameGraph { svg: String::from_utf8_lossy(&svg).into_owned(), folded, samples })
}

/// What is narrower, in percent of the whole, is left out.
const MIN_WIDTH: f64 = 0.1;

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: &str = "\
tokio-rt-worker 4711 12.345: cpu-clock:pppH: 
\t    55d0c0 serde_json::from_slice+0x10 (/bin/loljoa)
\t    55d0b0 loljoa_gateway::bet+0x20 (/bin/loljoa)

tokio-rt-worker 4711 12.355: cpu-clock:pppH: 
\t    55d0b4 loljoa_gateway::bet+0x24 (/bin/loljoa)

";

    #[test]
    fn what_perf_tells_is_folded_and_drawn() {
        let graph = draw(TOLD.as_bytes(), "gateway under load").unwrap();
        let mut lines: Vec<_> = graph.folded.lines().collect();
        lines.sort_unstable();
        let expected = [
            "tokio-rt-worker;loljoa_gateway::bet 1",
            "tokio-rt-worker;loljoa_gateway::bet;serde_json::from_slice 1",
        ];
        assert_eq!((lines.as_slice(), graph.samples), (&expected[..], 2));
        assert!(graph.svg.contains("gateway under load") && graph.svg.contains("serde_json::from_slice"));
    }

    #[test]
    fn a_service_that_did_nothing_is_no_picture() {
        assert!(draw(b"", "idle").unwrap_err().to_string().contains("idle"));
    }
}
