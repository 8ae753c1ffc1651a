//! The directory that a system on one machine lives in.
//!
//! It holds a marker, a lock, the secrets, what runs now, and the PostgreSQL cluster with its log.

mod lock;
mod run_file;
mod secrets;

use std::{
    env, fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use nix::unistd::geteuid;

pub use lock::Lock;
pub use run_file::RunFile;
pub use secrets::Secrets;

/// Tells our directories from others, so that `loljoa reset` deletes no other.
const MARKER: &str = ".loljoa";
const MARKER_TEXT: &str = "The data of `loljoa up`. `loljoa reset` forgets it.\n";

/// A data directory.
#[derive(Clone, Debug)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// Where the data is when nobody says otherwise.
    ///
    /// # Errors
    ///
    /// When there is no home directory to put it in.
    pub fn default_path() -> anyhow::Result<PathBuf> {
        if geteuid().is_root() {
            return Ok("/var/lib/loljoa".into());
        }
        let base =
            env::var_os("XDG_DATA_HOME").filter(|base| Path::new(base).is_absolute()).map(PathBuf::from);
        let base = base.or_else(|| env::home_dir().map(|home| home.join(".local/share")));
        Ok(base.context("there is no home directory: choose a place with --data-dir")?.join("loljoa"))
    }

    /// Takes the data directory at `path`, making it when nothing is there.
    ///
    /// # Errors
    ///
    /// When the place holds other files or cannot be written.
    pub fn open_or_make(path: &Path) -> anyhow::Result<Self> {
        // As root the server runs as another user, who has to pass; what is secret inside is closed by itself.
        let mode = if geteuid().is_root() { 0o711 } else { 0o700 };
        let created = fs::DirBuilder::new().recursive(true).mode(mode).create(path);
        created.with_context(|| format!("the data directory {} cannot be made", path.display()))?;
        let marker = path.join(MARKER);
        if !marker.exists() {
            let empty = path.read_dir().is_ok_and(|mut entries| entries.next().is_none());
            ensure!(empty, "{} holds other files: choose an empty directory with --data-dir", path.display());
            let written = fs::write(&marker, MARKER_TEXT);
            written.with_context(|| format!("the data directory {} cannot be written", path.display()))?;
        }
        Self::open(path)
    }

    /// Takes the data directory at `path`.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        if !path.join(MARKER).is_file() {
            bail!("there is no data of `loljoa up` in {}", path.display());
        }
        // The server works in another directory, so the path must not depend on ours.
        Ok(Self(path.canonicalize()?))
    }

    /// Takes the sole use of the directory, until the lock is dropped.
    ///
    /// # Errors
    ///
    /// When another program has it.
    pub fn lock(&self) -> anyhow::Result<Lock> {
        match self.try_lock()? {
            Some(lock) => Ok(lock),
            None => bail!("{} is in use by another `loljoa`", self.0.display()),
        }
    }

    /// Like [`Self::lock`], but `None` when another program has it.
    ///
    /// # Errors
    ///
    /// When the lock file cannot be written.
    pub fn try_lock(&self) -> anyhow::Result<Option<Lock>> {
        let file = self.0.join("lock");
        Lock::take(&file).with_context(|| format!("{} cannot be locked", self.0.display()))
    }

    /// Deletes the directory and all that is in it.
    ///
    /// # Errors
    ///
    /// When something cannot be deleted.
    pub fn remove(self, lock: Lock) -> anyhow::Result<()> {
        fs::remove_dir_all(&self.0).with_context(|| format!("{} cannot be deleted", self.0.display()))?;
        drop(lock);
        Ok(())
    }

    /// The secrets, made at the first time.
    ///
    /// # Errors
    ///
    /// When they cannot be read or written, or are gone although the cluster that needs them is there.
    pub fn secrets(&self) -> anyhow::Result<Secrets> {
        let file = self.0.join("secrets.toml");
        if !file.exists() {
            let message = "is gone, and without it the data cannot be read: put it back, or `loljoa reset`";
            ensure!(!self.cluster().exists(), "{} {message}", file.display());
            Secrets::generate().write(&file)?;
        }
        Secrets::read(&file)
    }

    /// What runs in this directory, while it is locked.
    #[must_use]
    pub fn run_file(&self) -> PathBuf {
        self.0.join("run.json")
    }

    /// The PostgreSQL cluster.
    #[must_use]
    pub fn cluster(&self) -> PathBuf {
        self.0.join("postgres")
    }

    /// The log of the PostgreSQL server.
    #[must_use]
    pub fn postgres_log(&self) -> PathBuf {
        self.0.join("postgres.log")
    }

    /// The directory itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}
