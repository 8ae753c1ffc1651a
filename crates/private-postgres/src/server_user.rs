use std::{
    ffi::OsStr,
    fs::Metadata,
    os::unix::fs::{MetadataExt, chown},
    path::Path,
};

use nix::unistd::{User, geteuid};
use tokio::process::Command;

use crate::Error;

/// Who may run the server when we are root, which PostgreSQL refuses to run as.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// The user that the server runs as: the one who runs this program, unless that is root.
#[derive(Clone, Debug)]
pub struct ServerUser(Option<User>);

impl ServerUser {
    /// Finds out who.
    ///
    /// # Errors
    ///
    /// As root, when there is nobody to run the server.
    pub fn find() -> Result<Self, Error> {
        if !geteuid().is_root() {
            return Ok(Self(None));
        }
        let mut known = CANDIDATES.iter().filter_map(|name| User::from_name(name).ok().flatten());
        known.next().map(|user| Self(Some(user))).ok_or(Error::NoServerUser)
    }

    /// Whether the server runs as somebody else than this program.
    #[must_use]
    pub const fn differs(&self) -> bool {
        self.0.is_some()
    }

    /// A command that runs as this user, in its own process group so that a Ctrl-C is ours to handle, and with an
    /// environment that holds nothing of ours.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = bare(program);
        if let Some(user) = &self.0 {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
            command.env("USER", OsStr::new(&user.name));
        }
        command
    }

    /// Like [`Self::command`], for a program that becomes this user by itself, told by `-u`: it may lie where the user cannot
    /// reach it.
    pub(crate) fn becoming(&self, program: &Path) -> Command {
        let mut command = bare(program);
        if let Some(user) = &self.0 {
            command.args(["-u", &user.name]);
        }
        command
    }

    /// Makes `path` this user's.
    pub(crate) fn own(&self, path: &Path) -> Result<(), Error> {
        let Some(user) = &self.0 else { return Ok(()) };
        chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).map_err(Error::file(path))
    }

    /// Checks that this user can walk down to `directory`.
    ///
    /// # Errors
    ///
    /// [`Error::Unreachable`] naming the first directory on the way that is closed.
    pub fn require_reach(&self, directory: &Path) -> Result<(), Error> {
        let Some(user) = &self.0 else { return Ok(()) };
        let directory = directory.canonicalize().map_err(Error::file(directory))?;
        let mut way: Vec<_> = directory.ancestors().collect();
        way.reverse();
        for step in way {
            let metadata = step.metadata().map_err(Error::file(step))?;
            if !may_enter(&metadata, user) {
                let mode = metadata.mode() & 0o7777;
                return Err(Error::Unreachable { directory: step.to_owned(), user: user.name.clone(), mode });
            }
        }
        Ok(())
    }
}

fn bare(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").current_dir("/").process_group(0);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

fn may_enter(directory: &Metadata, user: &User) -> bool {
    let bit = if directory.uid() == user.uid.as_raw() {
        0o100
    } else if directory.gid() == user.gid.as_raw() {
        0o010
    } else {
        0o001
    };
    directory.mode() & bit != 0
}
