use std::{
    env,
    fmt::Write as _,
    fs::{self, File, Permissions},
    net::{Ipv4Addr, TcpStream},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;
use tokio::{process::Child, time};

use crate::{Error, ServerUser, free_port};

/// The first version that keeps the prepared statements of its clients in transaction mode.
const OLDEST: (u32, u32) = (1, 21);
const POLL: Duration = Duration::from_millis(10);
const READY_TIMEOUT: Duration = Duration::from_secs(30);
const DROP_TIMEOUT: Duration = Duration::from_secs(5);

/// A `PgBouncer` of one's own, in transaction mode before a server on this machine, for tests. Dropping it ends it.
#[derive(Debug)]
pub struct Pooler {
    child: Child,
    port: u16,
    program: PathBuf,
    user: ServerUser,
    directory: TempDir,
}

impl Pooler {
    /// Starts one before the server at `server_port`, all of whose databases `user` reaches through it with `password`.
    /// `settings` are lines of its configuration, such as `("default_pool_size", "2")`.
    ///
    /// # Errors
    ///
    /// When there is no `PgBouncer` that is new enough, or it does not come up.
    pub async fn start(
        server_port: u16,
        (user, password): (&str, &str),
        settings: &[(&str, &str)],
    ) -> Result<Self, Error> {
        let (program, runs_as) = (program()?, ServerUser::find()?);
        let directory = tempfile::Builder::new().prefix("loljoa-pgbouncer-").tempdir();
        let directory = directory.map_err(Error::file(env::temp_dir()))?;
        fs::set_permissions(directory.path(), Permissions::from_mode(0o711))
            .map_err(Error::file(directory.path()))?;
        let port = free_port().map_err(|error| Error::Passing { reason: error.to_string() })?;
        let users = directory.path().join("users");
        let content = configuration(server_port, port, user, &users, settings);
        write(&runs_as, &users, &format!("\"{user}\" \"{password}\"\n"))?;
        write(&runs_as, &directory.path().join("pgbouncer.ini"), &content)?;
        let child = spawn(&program, &runs_as, directory.path())?;
        let mut pooler = Self { child, port, program, user: runs_as, directory };
        pooler.ready().await?;
        Ok(pooler)
    }

    /// The port of the loopback interface that it listens on.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Ends it as kill -9 does; every connection through it is lost.
    ///
    /// # Errors
    ///
    /// When its end cannot be waited for.
    pub async fn kill(&mut self) -> Result<(), Error> {
        self.child.kill().await.map_err(Error::program(&self.program))
    }

    /// Starts it again where it was.
    ///
    /// # Errors
    ///
    /// When it does not come up.
    pub async fn start_again(&mut self) -> Result<(), Error> {
        self.child = spawn(&self.program, &self.user, self.directory.path())?;
        self.ready().await
    }

    async fn ready(&mut self) -> Result<(), Error> {
        let log = self.directory.path().join("pgbouncer.log");
        let started = Instant::now();
        while started.elapsed() < READY_TIMEOUT {
            if let Ok(Some(status)) = self.child.try_wait() {
                let said = fs::read_to_string(&log).unwrap_or_default();
                let last = said.lines().rfind(|line| line.contains("FATAL") || line.contains("ERROR"));
                let reason = last.map_or_else(|| format!("it ended with {status}"), str::to_owned);
                return Err(Error::Pooler { reason });
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return Ok(());
            }
            time::sleep(POLL).await;
        }
        Err(Error::Pooler { reason: format!("it is not ready after {} s", READY_TIMEOUT.as_secs()) })
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let pid = self.child.id().and_then(|pid| i32::try_from(pid).ok());
        if let Some(pid) = pid {
            // It fails when the pooler is gone already, which is what is wanted.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        let started = Instant::now();
        while started.elapsed() < DROP_TIMEOUT && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(POLL);
        }
    }
}

fn spawn(program: &Path, user: &ServerUser, directory: &Path) -> Result<Child, Error> {
    let log = directory.join("pgbouncer.log");
    let output = File::options().append(true).create(true).open(&log).map_err(Error::file(&log))?;
    let mut command = user.becoming(program);
    command.arg(directory.join("pgbouncer.ini")).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(output);
    command.spawn().map_err(Error::program(program))
}

/// Passwords stay on this machine's loopback, so the pooler asks for none; it knows the server's.
fn configuration(server: u16, port: u16, user: &str, users: &Path, settings: &[(&str, &str)]) -> String {
    let mut content = format!(
        "[databases]\n* = host=127.0.0.1 port={server}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
         unix_socket_dir =\nauth_type = trust\nauth_file = {}\nadmin_users = {user}\npool_mode = transaction\n",
        users.display()
    );
    for (key, value) in settings {
        // Writing to a string does not fail.
        let _ = writeln!(content, "{key} = {value}");
    }
    content
}

fn write(user: &ServerUser, path: &Path, content: &str) -> Result<(), Error> {
    fs::write(path, content).map_err(Error::file(path))?;
    fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(Error::file(path))?;
    user.own(path)
}

/// The one named in `LOLJOA_PGBOUNCER`, else the one that was built beside this program, else the system's.
fn program() -> Result<PathBuf, Error> {
    let named = env::var_os("LOLJOA_PGBOUNCER").map(PathBuf::from);
    let this = env::current_exe().unwrap_or_default();
    let built = this.ancestors().map(|folder| folder.join("tools/bin/pgbouncer"));
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).map(|folder| folder.join("pgbouncer"));
    let mut candidates = named.into_iter().chain(built).chain(on_path);
    candidates.find(|program| version_of(program) >= Some(OLDEST)).ok_or(Error::NoPooler)
}

fn version_of(program: &Path) -> Option<(u32, u32)> {
    let answer = Command::new(program).arg("--version").current_dir("/").output().ok()?;
    version_in(&String::from_utf8_lossy(&answer.stdout))
}

/// Reads `PgBouncer 1.24.1`.
fn version_in(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.strip_prefix("PgBouncer ")?.lines().next()?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_the_pooler_says() {
        assert_eq!(version_in("PgBouncer 1.24.1\nlibevent 2.1.12-stable\n"), Some((1, 24)));
        assert!(version_in("PgBouncer 1.18.0\n") < Some(OLDEST));
        assert!(version_in("command not found") < Some(OLDEST));
    }
}
