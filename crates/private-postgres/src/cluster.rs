use std::{
    fs::{self, Permissions},
    io::Write,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use tokio::time;

use crate::{
    Error, Installation, Server, ServerUser, disk, orphan,
    port::free_port,
    server::{Place, set_aside},
};

/// The name of every cluster's superuser.
pub const SUPERUSER: &str = "postgres";

const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(250);

/// How long a cluster is meant to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// What was committed survives a power cut; passwords do not travel in clear.
    Lasting,
    /// Gone in a moment: nothing waits for the disk, and a log-in costs neither side thousands of hashes.
    Temporary,
}

impl Lifetime {
    const fn authentication(self) -> &'static str {
        match self {
            Self::Lasting => "scram-sha-256",
            Self::Temporary => "password",
        }
    }
}

/// A cluster's files, and who works with them.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub(crate) lifetime: Lifetime,
    pub(crate) installation: Installation,
    pub(crate) user: ServerUser,
    pub(crate) directory: PathBuf,
}

impl Cluster {
    /// Takes the cluster in `directory`, whose parent exists, making it with `password` for [`SUPERUSER`] when there is
    /// none. The server binaries are those in `bin`, or the ones that fit best.
    ///
    /// # Errors
    ///
    /// When there are no binaries, the cluster is another version's or cannot be reached, or the disk is full.
    pub async fn open(
        directory: PathBuf,
        lifetime: Lifetime,
        password: &SecretString,
        bin: Option<&Path>,
    ) -> Result<Self, Error> {
        let user = ServerUser::find()?;
        let made_by = version_of(&directory)?;
        let installation = Installation::find(bin, made_by)?;
        let parent = directory.parent().unwrap_or(&directory);
        user.require_reach(parent)?;
        disk::require_space(parent)?;
        let cluster = Self { lifetime, installation, user, directory };
        match made_by {
            None => cluster.make(password).await?,
            Some(made_by) => cluster.require_version(made_by)?,
        }
        Ok(cluster)
    }

    /// Starts the server for at most `max_connections`, waiting for what passes: a port taken at the last moment, or
    /// workers of a server that was killed and that still hold its memory. Its log goes to `log`; the log before
    /// becomes `<log>.1`.
    ///
    /// # Errors
    ///
    /// When the server does not come up; the error is the server's own last word.
    pub async fn start(&self, max_connections: u16, log: &Path) -> Result<Server, Error> {
        self.attempt(|| {
            set_aside(log).map_err(Error::file(log))?;
            let port = free_port().map_err(|error| Error::Passing { reason: error.to_string() })?;
            Ok(Place { port, max_connections, log: log.to_owned() })
        })
        .await
    }

    /// Starts a server that has ended by itself again, at the same port, so that whoever is connected there finds it.
    /// Its log goes on where the one of the ended server stops.
    ///
    /// # Errors
    ///
    /// As [`Self::start`]; also when somebody else has taken the port.
    pub async fn start_again(&self, ended: &Server) -> Result<Server, Error> {
        self.attempt(|| Ok(ended.place().clone())).await
    }

    async fn attempt(&self, place: impl Fn() -> Result<Place, Error>) -> Result<Server, Error> {
        orphan::clear(&self.directory).await?;
        let mut attempt = 1;
        loop {
            let started = async { Server::start(self, place()?).await };
            match started.await {
                Err(Error::Passing { .. }) if attempt < ATTEMPTS => time::sleep(PAUSE).await,
                result => return result,
            }
            attempt += 1;
        }
    }

    /// Stops the server of this cluster that a killed launcher has left running, if there is one.
    ///
    /// # Errors
    ///
    /// When it does not stop.
    pub async fn stop_orphan(directory: &Path) -> Result<(), Error> {
        orphan::clear(directory).await
    }

    fn require_version(&self, made_by: u32) -> Result<(), Error> {
        let found = self.installation.major();
        if found == made_by {
            return Ok(());
        }
        Err(Error::OtherVersion { directory: self.directory.clone(), made_by, found })
    }

    /// Makes the cluster beside its place and moves it there when it is whole, so that a crash leaves none in halves.
    async fn make(&self, password: &SecretString) -> Result<(), Error> {
        let draft = self.directory.with_extension("new");
        if draft.exists() {
            fs::remove_dir_all(&draft).map_err(Error::file(&draft))?;
        }
        fs::DirBuilder::new().mode(0o700).create(&draft).map_err(Error::file(&draft))?;
        self.user.own(&draft)?;
        self.init(&draft, password).await?;
        fs::rename(&draft, &self.directory).map_err(Error::file(&self.directory))
    }

    async fn init(&self, draft: &Path, password: &SecretString) -> Result<(), Error> {
        let password_file = self.password_file(draft.parent().unwrap_or(draft), password)?;
        let program = self.installation.program("initdb");
        let mut command = self.user.command(&program);
        command.args([
            "--username",
            SUPERUSER,
            "--auth",
            self.lifetime.authentication(),
            "--encoding",
            "UTF8",
        ]);
        if self.lifetime == Lifetime::Temporary {
            command.arg("--no-sync");
        }
        command.args(["--locale", "C", "--no-instructions", "--pwfile"]).arg(password_file.path());
        command.arg("--pgdata").arg(draft).kill_on_drop(true);
        let output = command.output().await.map_err(Error::program(program))?;
        if output.status.success() {
            return Ok(());
        }
        let complaint = String::from_utf8_lossy(&output.stderr);
        let directory = self.directory.clone();
        if complaint.contains("No space left on device") {
            return Err(Error::RanOutOfSpace { directory });
        }
        let reason =
            complaint.lines().find(|line| line.contains("error:")).unwrap_or("initdb failed").to_owned();
        Err(Error::Init { directory, reason })
    }

    fn password_file(
        &self,
        directory: &Path,
        password: &SecretString,
    ) -> Result<tempfile::NamedTempFile, Error> {
        let private = Permissions::from_mode(0o600);
        let builder = tempfile::Builder::new().permissions(private).tempfile_in(directory);
        let mut file = builder.map_err(Error::file(directory))?;
        writeln!(file, "{}", password.expose_secret()).map_err(Error::file(file.path()))?;
        self.user.own(file.path())?;
        Ok(file)
    }
}

/// The major version that made the cluster in `directory`, if there is one.
fn version_of(directory: &Path) -> Result<Option<u32>, Error> {
    if !directory.exists() {
        return Ok(None);
    }
    let file = directory.join("PG_VERSION");
    let content = fs::read_to_string(&file).map_err(Error::file(&file))?;
    let unreadable = || std::io::Error::other(format!("{} is no version of PostgreSQL", content.trim()));
    content.trim().parse().map(Some).map_err(|_| Error::file(&file)(unreadable()))
}
