//! Processors of one's own: who asks takes none from who answers.

use std::fs;

use anyhow::Context;
use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    unistd::Pid,
};

use super::{Subject, proc};

/// As long as it lives, the system under test has one half of the processors, and we have the other. What a crowd costs its own
/// machines is not taken from the system then, as it is not in production.
#[derive(Debug)]
pub struct Apart {
    subject: Subject,
    /// What everybody had before.
    whole: CpuSet,
}

impl Apart {
    /// Gives each its half; none where there is but one processor.
    ///
    /// # Errors
    ///
    /// When the kernel does not let us.
    pub fn begin(subject: &Subject) -> anyhow::Result<Option<Self>> {
        let whole = sched_getaffinity(Pid::this()).context("the processors that we may use are not known")?;
        let numbers: Vec<_> =
            (0..CpuSet::count()).filter(|number| whole.is_set(*number).unwrap_or(false)).collect();
        let (theirs, ours) = numbers.split_at(numbers.len() / 2);
        if theirs.is_empty() {
            return Ok(None);
        }
        let apart = Self { subject: subject.clone(), whole };
        apart.of_system(&set(theirs)?)?;
        bind(std::process::id(), &set(ours)?)?;
        Ok(Some(apart))
    }

    fn of_system(&self, processors: &CpuSet) -> anyhow::Result<()> {
        for (_, pid) in &self.subject.processes {
            bind(*pid, processors)?;
        }
        bind(self.subject.postmaster, processors)?;
        for pid in proc::children(self.subject.postmaster)? {
            // Whoever has ended meanwhile needs none.
            let _ = bind(pid, processors);
        }
        Ok(())
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        let _ = bind(std::process::id(), &self.whole);
        let _ = self.of_system(&self.whole);
    }
}

fn set(numbers: &[usize]) -> anyhow::Result<CpuSet> {
    let mut set = CpuSet::new();
    for number in numbers {
        set.set(*number)?;
    }
    Ok(set)
}

/// Has all threads of a process run on these processors; those that it starts later do so by themselves.
fn bind(pid: u32, processors: &CpuSet) -> anyhow::Result<()> {
    let tasks = format!("/proc/{pid}/task");
    for task in fs::read_dir(&tasks).with_context(|| tasks.clone())? {
        let name = task?.file_name();
        let Some(thread) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        match sched_setaffinity(Pid::from_raw(thread), processors) {
            // It has ended meanwhile.
            Ok(()) | Err(nix::Error::ESRCH) => {}
            Err(error) => return Err(error).with_context(|| format!("process {pid} keeps its processors")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use sqlx::postgres::PgPoolOptions;

    use super::*;

    fn processors(pid: u32) -> Vec<usize> {
        let set = sched_getaffinity(Pid::from_raw(i32::try_from(pid).unwrap())).unwrap();
        (0..CpuSet::count()).filter(|number| set.is_set(*number).unwrap()).collect()
    }

    #[tokio::test]
    async fn each_has_its_half_and_gets_all_back() {
        let mut service = Command::new("sleep").arg("60").spawn().unwrap();
        let mut server = Command::new("sh").args(["-c", "sleep 60 & wait"]).spawn().unwrap();
        while proc::children(server.id()).unwrap().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let child = proc::children(server.id()).unwrap()[0];
        let subject = Subject {
            processes: vec![("betting", service.id())],
            postmaster: server.id(),
            pool: PgPoolOptions::new().connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap(),
        };
        let whole = processors(std::process::id());
        let apart = Apart::begin(&subject).unwrap();
        if apart.is_some() {
            let ours = processors(std::process::id());
            for theirs in [service.id(), server.id(), child].map(processors) {
                assert!(
                    !theirs.is_empty() && theirs.iter().all(|number| !ours.contains(number)),
                    "{theirs:?}"
                );
            }
        } else {
            assert_eq!(whole.len(), 1);
        }
        drop(apart);
        for pid in [std::process::id(), service.id(), server.id(), child] {
            assert_eq!(processors(pid), whole);
        }
        let _ =
            nix::sys::signal::kill(Pid::from_raw(i32::try_from(child).unwrap()), nix::sys::signal::SIGKILL);
        for process in [&mut service, &mut server] {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}
