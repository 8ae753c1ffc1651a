use std::{
    fs::{self, File},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::{process::Child, time};

use crate::{Cluster, Error, Lifetime};

const READY_POLL: Duration = Duration::from_millis(10);
/// After a crash the server first replays its log, which can take a while.
const READY_TIMEOUT: Duration = Duration::from_mins(2);
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
const DROP_TIMEOUT: Duration = Duration::from_secs(5);

fn settings(lifetime: Lifetime, place: &Place) -> [(&'static str, String); 9] {
    let durable = if lifetime == Lifetime::Lasting { "on" } else { "off" };
    [
        ("listen_addresses", "127.0.0.1".to_owned()),
        ("port", place.port.to_string()),
        ("unix_socket_directories", String::new()),
        ("max_connections", place.max_connections.to_string()),
        ("shared_buffers", "128MB".to_owned()),
        ("fsync", durable.to_owned()),
        ("synchronous_commit", durable.to_owned()),
        ("full_page_writes", durable.to_owned()),
        ("log_line_prefix", "%m [%p] %q%a ".to_owned()),
    ]
}

/// The URL of `database` at a private server's `port` for `user`, whose `password` is letters and digits.
#[must_use]
pub fn url(port: u16, user: &str, password: &SecretString, database: &str) -> SecretString {
    let password = password.expose_secret();
    SecretString::from(format!("postgres://{user}:{password}@127.0.0.1:{port}/{database}?sslmode=disable"))
}

/// Where a server listens, for how many, and where its log goes.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) port: u16,
    pub(crate) max_connections: u16,
    pub(crate) log: PathBuf,
}

/// A server that runs. Dropping it stops it at once, as a crash would, without losing what was committed.
#[derive(Debug)]
pub struct Server {
    child: Child,
    place: Place,
    /// Where this server's own part of the log begins. Bytes.
    log_start: u64,
}

impl Server {
    pub(crate) async fn start(cluster: &Cluster, place: Place) -> Result<Self, Error> {
        let log = &place.log;
        let (log_file, log_start) = open_log(log).map_err(Error::file(log))?;
        let program = cluster.installation.program("postgres");
        let mut command = cluster.user.command(&program);
        command.arg("-D").arg(&cluster.directory);
        for (key, value) in settings(cluster.lifetime, &place) {
            command.arg("-c").arg(format!("{key}={value}"));
        }
        command.stdin(Stdio::null()).stdout(log_file.try_clone().map_err(Error::file(log))?).stderr(log_file);
        let child = command.spawn().map_err(Error::program(program))?;
        let mut server = Self { child, place, log_start };
        server.ready(cluster).await?;
        Ok(server)
    }

    /// The port of the loopback interface that it listens on.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.place.port
    }

    pub(crate) const fn place(&self) -> &Place {
        &self.place
    }

    /// The URL of `database` for `user`, whose `password` is letters and digits.
    #[must_use]
    pub fn url(&self, user: &str, password: &SecretString, database: &str) -> SecretString {
        url(self.place.port, user, password, database)
    }

    /// Waits until the server ends by itself, and tells why.
    pub async fn ended(&mut self) -> Error {
        let status = self.child.wait().await;
        let (reason, log) = (end(status.ok()), self.place.log.clone());
        Error::Ended { reason, log }
    }

    /// Stops the server: sessions are ended, what they have committed is written. When this future is dropped, the
    /// server is stopped at once.
    pub async fn stop(mut self) {
        self.signal(Signal::SIGINT);
        if time::timeout(STOP_TIMEOUT, self.child.wait()).await.is_err() {
            tracing::warn!("PostgreSQL takes long to stop; it will recover at its next start");
        }
    }

    async fn ready(&mut self, cluster: &Cluster) -> Result<(), Error> {
        let pid_file = cluster.directory.join("postmaster.pid");
        let started = Instant::now();
        while started.elapsed() < READY_TIMEOUT {
            if let Some(status) = self.child.try_wait().map_err(Error::file(&self.place.log))? {
                return Err(self.diagnosis(Some(status)));
            }
            if self.child.id().is_some_and(|pid| says_ready(&pid_file, pid)) {
                return Ok(());
            }
            time::sleep(READY_POLL).await;
        }
        let reason = format!("it is not ready after {} s", READY_TIMEOUT.as_secs());
        Err(Error::Start { reason, log: self.place.log.clone() })
    }

    fn diagnosis(&self, status: Option<ExitStatus>) -> Error {
        let log = fs::read(&self.place.log).unwrap_or_default();
        let own = usize::try_from(self.log_start).ok().and_then(|start| log.get(start..));
        diagnosis(&String::from_utf8_lossy(own.unwrap_or_default()), &self.place.log, end(status))
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.id().and_then(|pid| i32::try_from(pid).ok());
        if let Some(pid) = pid {
            // It fails when the server is gone already, which is what is wanted.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal(Signal::SIGQUIT);
        let started = Instant::now();
        while started.elapsed() < DROP_TIMEOUT && matches!(self.child.try_wait(), Ok(None)) {
            thread::sleep(READY_POLL);
        }
    }
}

/// The server's lock file tells its process, and in the last line its state.
fn says_ready(pid_file: &Path, pid: u32) -> bool {
    fs::read_to_string(pid_file).is_ok_and(|content| {
        let mut lines = content.lines().map(str::trim);
        lines.next() == Some(&pid.to_string()) && lines.next_back() == Some("ready")
    })
}

/// Moves an earlier log out of the way.
pub(crate) fn set_aside(log: &Path) -> io::Result<()> {
    if log.exists() {
        fs::rename(log, log.with_extension("log.1"))?;
    }
    Ok(())
}

/// The log, and how long it is already.
fn open_log(log: &Path) -> io::Result<(File, u64)> {
    // What a statement says of people's data stays with the owner.
    let file = File::options().append(true).create(true).mode(0o600).open(log)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}

fn end(status: Option<ExitStatus>) -> String {
    status.map_or_else(|| "it is gone".to_owned(), |status| format!("it ended with {status}"))
}

/// What the server's log says of its end.
fn diagnosis(log: &str, path: &Path, fallback: String) -> Error {
    let last_word =
        |mark: &str| log.lines().rev().find_map(|line| Some(line.split_once(mark)?.1.trim().to_owned()));
    let reason = last_word("FATAL:").or_else(|| last_word("PANIC:")).unwrap_or(fallback);
    if log.contains("No space left on device") {
        return Error::RanOutOfSpace { directory: path.parent().unwrap_or(path).to_owned() };
    }
    if log.contains("Address already in use") || reason.contains("shared memory block") {
        return Error::Passing { reason };
    }
    Error::Start { reason, log: path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(log: &str) -> String {
        diagnosis(log, Path::new("/data/postgres.log"), "it ended with exit status: 1".into()).to_string()
    }

    #[test]
    fn a_full_disk_is_told_in_one_line() {
        let log =
            "2022-04-02 PANIC:  could not write to file \"pg_wal/xlogtemp.1\": No space left on device\n";
        assert_eq!(says(log), "the disk of /data is full: PostgreSQL ran out of space");
    }

    #[test]
    fn the_servers_last_word_is_the_reason() {
        let log = "2022-04-02 LOG:  starting\n2022-04-02 FATAL:  data directory has wrong ownership\n";
        assert_eq!(
            says(log),
            "PostgreSQL did not start: data directory has wrong ownership (the whole story: /data/postgres.log)"
        );
        assert!(says("").contains("it ended with exit status: 1"));
    }

    #[test]
    fn a_port_that_was_taken_at_the_last_moment_passes() {
        let log = "LOG:  could not bind IPv4 address: Address already in use\nFATAL:  could not create any TCP/IP sockets\n";
        let error = diagnosis(log, Path::new("postgres.log"), String::new());
        assert!(matches!(error, Error::Passing { .. }), "{error}");
    }
}
