//! Reading `/proc`.

use std::{fs, path::PathBuf};

use anyhow::Context;

/// The kernel tells processor time in hundredths of a second, whatever its own clock does (`USER_HZ`).
const TICKS_A_SECOND: f64 = 100.0;

/// A process, as `/proc/PID/stat` tells of it. Times are in ticks, over all threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Process {
    parent: u32,
    own: u64,
    /// Of children that have ended and were waited for.
    ended_children: u64,
}

impl Process {
    pub(super) fn read(pid: u32) -> anyhow::Result<Self> {
        let path = format!("/proc/{pid}/stat");
        let stat = fs::read_to_string(&path).with_context(|| path.clone())?;
        Self::parse(&stat).with_context(|| format!("{path} cannot be read: {stat}"))
    }

    fn parse(stat: &str) -> Option<Self> {
        // The name stands in brackets and may hold anything, brackets as well.
        let (_, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        // Field 3, the state, is the first after the name.
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        Some(Self {
            parent: u32::try_from(number(4)?).ok()?,
            own: number(14)? + number(15)?,
            ended_children: number(16)? + number(17)?,
        })
    }

    /// What it has used itself.
    pub(super) fn cpu_seconds(&self) -> f64 {
        seconds(self.own)
    }
}

#[expect(clippy::cast_precision_loss, reason = "no process has as many ticks")]
fn seconds(ticks: u64) -> f64 {
    ticks as f64 / TICKS_A_SECOND
}

/// The processes that a process has started and that run still.
pub(super) fn children(parent: u32) -> anyhow::Result<Vec<u32>> {
    let of_it = |pid: &u32| Process::read(*pid).is_ok_and(|process| process.parent == parent);
    Ok(pids()?.filter(of_it).collect())
}

/// A process and all that it has started, those that have ended as well.
pub(super) struct Children {
    ticks: u64,
    memory: u64,
    /// Of backends, which say in which database they work.
    of_databases: Vec<(String, u64)>,
}

impl Children {
    pub(super) fn of(parent: u32) -> anyhow::Result<Self> {
        let first = Process::read(parent)?;
        let ticks = first.own + first.ended_children;
        let mut all = Self { ticks, memory: 0, of_databases: Vec::new() };
        let mut shared = shared(parent);
        for pid in pids()? {
            // Whoever ends meanwhile is told of by the parent the next time.
            let Ok(process) = Process::read(pid) else { continue };
            if process.parent == parent {
                all.ticks += process.own;
                all.memory += private(pid);
                all.of_databases.extend(database_of(pid).map(|database| (database, process.own)));
                shared = shared.max(self::shared(pid));
            }
        }
        all.memory += private(parent) + shared;
        Ok(all)
    }

    pub(super) fn cpu_seconds(&self) -> f64 {
        seconds(self.ticks)
    }

    /// What backends have used, by the database that each works in. Seconds.
    pub(super) fn by_database(&self) -> impl Iterator<Item = (String, f64)> {
        self.of_databases.iter().map(|(database, ticks)| (database.clone(), seconds(*ticks)))
    }

    /// What each holds for itself, and what they share once: the most that one of them has touched. Bytes.
    pub(super) const fn memory(&self) -> u64 {
        self.memory
    }
}

/// The database of a backend, by its title, such as `postgres: user database 127.0.0.1(1234) idle`.
fn database_of(pid: u32) -> Option<String> {
    let title = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
    in_title(&title)
}

fn in_title(title: &str) -> Option<String> {
    let mut words = title.trim_end_matches('\0').strip_prefix("postgres: ")?.split_whitespace();
    let (_user, database, client) = (words.next()?, words.next()?, words.next()?);
    client.contains('(').then(|| database.to_owned())
}

fn pids() -> anyhow::Result<impl Iterator<Item = u32>> {
    let entries = fs::read_dir("/proc").context("/proc")?;
    Ok(entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()))
}

/// What a process holds in memory. Bytes.
pub(super) fn resident(pid: u32) -> anyhow::Result<u64> {
    status(pid, "VmRSS").with_context(|| format!("/proc/{pid}/status does not tell its memory"))
}

fn private(pid: u32) -> u64 {
    status(pid, "RssAnon").unwrap_or_default()
}

fn shared(pid: u32) -> u64 {
    status(pid, "RssShmem").unwrap_or_default()
}

fn status(pid: u32, key: &str) -> Option<u64> {
    let status = fs::read_to_string(PathBuf::from(format!("/proc/{pid}/status"))).ok()?;
    kilobytes(&status, key)
}

/// What a line such as `VmRSS: 4096 kB` tells. Bytes.
pub(super) fn kilobytes(lines: &str, key: &str) -> Option<u64> {
    let line = lines.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_stat_is_read_whatever_the_name() {
        let stat = "4711 (a) b (c) S 17 4711 4711 0 -1 4194560 9 0 0 0 250 50 30 7 20 0 9 0 1 1 1";
        let process = Process::parse(stat).unwrap();
        assert_eq!(process, Process { parent: 17, own: 300, ended_children: 37 });
        assert!((process.cpu_seconds() - 3.0).abs() < f64::EPSILON);
    }

    #[test]
    fn what_is_no_line_of_stat_is_not_taken_for_one() {
        assert_eq!(Process::parse("4711 (postgres) S 17"), None);
    }

    #[test]
    fn a_backend_tells_its_database_and_other_children_none() {
        let title = |title: &str| in_title(title);
        assert_eq!(
            title("postgres: postgres betting_1 127.0.0.1(5000) idle\0").as_deref(),
            Some("betting_1")
        );
        assert_eq!(title("postgres: walwriter \0"), None);
        assert_eq!(title("postgres: autovacuum worker betting"), None);
    }

    #[test]
    fn memory_is_told_in_kilobytes() {
        let status = "Name:\tx\nVmRSS:\t    4096 kB\nRssAnon:\t       8 kB\n";
        assert_eq!(kilobytes(status, "VmRSS"), Some(4_194_304));
        assert_eq!(kilobytes(status, "RssAnon"), Some(8_192));
        assert_eq!(kilobytes(status, "RssShmem"), None);
    }

    #[test]
    fn a_process_and_its_children_can_be_looked_at() {
        let ours = std::process::id();
        assert!(resident(ours).unwrap() > 0);
        assert!(Children::of(ours).unwrap().memory() > 0);
    }
}
