//! The processes behind a `loljoa up`.

use std::{fs, process::Command};

use loljoa::system::Service;
use nix::unistd::Pid;

/// The processes that `parent` has started and that still run.
pub(crate) fn children(parent: Pid) -> Vec<Pid> {
    let output = Command::new("ps").args(["-o", "pid=", "--ppid", &parent.to_string()]).output().unwrap();
    let pids = String::from_utf8(output.stdout).unwrap();
    pids.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap())).collect()
}

/// What a process was started with; nothing when it does not run.
pub(crate) fn command_line(pid: Pid) -> String {
    fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default().replace('\0', " ")
}

/// The process of a service.
pub(crate) fn process_of(service: Service, parent: Pid) -> Pid {
    child(parent, &format!(" serve {service} "))
}

/// PostgreSQL's first process.
pub(crate) fn postgres(parent: Pid) -> Pid {
    child(parent, "postgres -D")
}

fn child(parent: Pid, mark: &str) -> Pid {
    children(parent).into_iter().find(|pid| command_line(*pid).contains(mark)).unwrap()
}
