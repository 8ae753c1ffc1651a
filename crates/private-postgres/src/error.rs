use std::{io, path::PathBuf};

/// Why there is no server. Every message is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No server binaries on this machine.
    #[error(
        "no PostgreSQL server was found in {searched}: install one (Debian, Ubuntu: `apt-get install postgresql`), or \
         name its directory with --pg-bin"
    )]
    NotInstalled {
        /// Where it was looked for.
        searched: String,
    },
    /// The server on this machine is too old.
    #[error("PostgreSQL {found} in {bin} is too old: {needed} or later is needed")]
    TooOld {
        /// Where the binaries are.
        bin: PathBuf,
        /// Their major version.
        found: u32,
        /// The oldest that will do.
        needed: u32,
    },
    /// The cluster was made by a major version that is not here.
    #[error(
        "{directory} was made by PostgreSQL {made_by}, but this is PostgreSQL {found}: install postgresql-{made_by}, or \
         forget the data"
    )]
    OtherVersion {
        /// The cluster.
        directory: PathBuf,
        /// The major version that made it.
        made_by: u32,
        /// The major version found.
        found: u32,
    },
    /// The server's user cannot get at the cluster.
    #[error(
        "{directory} is closed to the user {user}, who runs the server because root may not (mode {mode:04o}): choose \
         another place, such as /var/lib/loljoa"
    )]
    Unreachable {
        /// The directory on the way that is closed.
        directory: PathBuf,
        /// The server's user.
        user: String,
        /// The directory's permissions.
        mode: u32,
    },
    /// Neither `postgres` nor `nobody` exists.
    #[error("PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody` to run it")]
    NoServerUser,
    /// Not enough space to start.
    #[error("the disk of {directory} is full: {free_mib} MiB are free, {needed_mib} MiB are needed")]
    DiskFull {
        /// A directory on that disk.
        directory: PathBuf,
        /// What is free.
        free_mib: u64,
        /// What is needed.
        needed_mib: u64,
    },
    /// The disk filled up on the way.
    #[error("the disk of {directory} is full: PostgreSQL ran out of space")]
    RanOutOfSpace {
        /// A directory on that disk.
        directory: PathBuf,
    },
    /// `initdb` did not work.
    #[error("PostgreSQL could not make the cluster {directory}: {reason}")]
    Init {
        /// The cluster.
        directory: PathBuf,
        /// What `initdb` said.
        reason: String,
    },
    /// The server did not come up.
    #[error("PostgreSQL did not start: {reason} (the whole story: {log})")]
    Start {
        /// What the server said.
        reason: String,
        /// Its log.
        log: PathBuf,
    },
    /// The server could not start for a reason that passes.
    #[error("PostgreSQL did not start: {reason}")]
    Passing {
        /// What the server said.
        reason: String,
    },
    /// The server ended without being told to.
    #[error("PostgreSQL has stopped: {reason} (the whole story: {log})")]
    Ended {
        /// What the server said.
        reason: String,
        /// Its log.
        log: PathBuf,
    },
    /// No pooler on this machine, or only ones that are too old.
    #[error(
        "no PgBouncer 1.21 or later was found: `scripts/setup.sh pooler` makes one; or name one in LOLJOA_PGBOUNCER"
    )]
    NoPooler,
    /// The pooler did not come up.
    #[error("PgBouncer did not start: {reason}")]
    Pooler {
        /// What it said.
        reason: String,
    },
    /// A file could not be worked with.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The server refused a statement that makes its databases.
    #[error("PostgreSQL refused to make its databases: {0}")]
    Database(#[from] sqlx::Error),
    /// A program could not be run.
    #[error("{program} could not be run: {source}")]
    Program {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    pub(crate) fn program(program: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let program = program.into();
        move |source| Self::Program { program, source }
    }
}
