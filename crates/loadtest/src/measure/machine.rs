//! Where it was measured, and what.

use std::{fs, process::Command, thread};

use super::proc::kilobytes;
use crate::results::Machine;

const UNKNOWN: &str = "unknown";

/// The machine that we are on, with this version of PostgreSQL.
#[must_use]
pub fn machine(postgres: String) -> Machine {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let memory = kilobytes(&read("/proc/meminfo"), "MemTotal").unwrap_or_default();
    Machine {
        processor: processor(&read("/proc/cpuinfo")).unwrap_or(UNKNOWN).to_owned(),
        cores: thread::available_parallelism().map_or(1, usize::from),
        memory_bytes: memory,
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        postgres,
    }
}

fn processor(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

/// The revision of the sources, if they are a repository's.
#[must_use]
pub fn revision() -> String {
    let told = Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12"]).output();
    let told = told.ok().filter(|output| output.status.success());
    let text = told.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_else(|| UNKNOWN.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_told_by_its_name() {
        assert_eq!(processor("processor\t: 0\nmodel name\t: Fast One\n"), Some("Fast One"));
        assert_eq!(processor(""), None);
    }
}
