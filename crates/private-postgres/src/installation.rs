use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use crate::Error;

/// The oldest major version that the services' SQL works with.
const OLDEST: u32 = 14;
/// Where distributions put server binaries, which are rarely on the PATH.
const PLACES: [(&str, &str); 4] =
    [("/usr/lib/postgresql", "bin"), ("/usr/local", "bin"), ("/opt/homebrew/opt", "bin"), ("/usr", "bin")];

/// The server binaries of one PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    bin: PathBuf,
    major: u32,
}

impl Installation {
    /// Finds one: in `bin` when given, else the one that made the cluster `made_by`, else the newest.
    ///
    /// # Errors
    ///
    /// When there is none, or only ones that are too old.
    pub fn find(bin: Option<&Path>, made_by: Option<u32>) -> Result<Self, Error> {
        let places = bin.map_or_else(places, |bin| vec![bin.to_owned()]);
        let mut found: Vec<_> = places.iter().filter_map(|bin| Self::at(bin)).collect();
        found.sort_by_key(|installation| (Some(installation.major) == made_by, installation.major));
        let Some(best) = found.pop() else {
            let searched = bin.map_or_else(|| "the usual places".into(), |bin| bin.display().to_string());
            return Err(Error::NotInstalled { searched });
        };
        if best.major < OLDEST {
            return Err(Error::TooOld { bin: best.bin, found: best.major, needed: OLDEST });
        }
        Ok(best)
    }

    /// The major version.
    #[must_use]
    pub const fn major(&self) -> u32 {
        self.major
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    fn at(bin: &Path) -> Option<Self> {
        if !bin.join("initdb").is_file() {
            return None;
        }
        let answer = Command::new(bin.join("postgres")).arg("--version").current_dir("/").output().ok()?;
        let major = major_of(&String::from_utf8_lossy(&answer.stdout))?;
        Some(Self { bin: bin.to_owned(), major })
    }
}

/// The directories worth a look, those behind the PATH's `initdb` first.
fn places() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).filter_map(|directory| {
        let initdb = directory.join("initdb").canonicalize().ok()?;
        Some(initdb.parent()?.to_owned())
    });
    let usual = PLACES.iter().flat_map(|(place, bin)| {
        let entries = Path::new(place).read_dir().into_iter().flatten().flatten();
        entries.map(move |entry| entry.path().join(bin))
    });
    on_path.chain(usual).collect()
}

/// Reads `postgres (PostgreSQL) 15.4 (Debian 15.4-1)`; a development version says `17devel`.
fn major_of(version: &str) -> Option<u32> {
    let number = version.split_whitespace().nth(2)?;
    let digits = number.split(|character: char| !character.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_the_server_says() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 17devel\n"), Some(17));
        assert_eq!(major_of("bash: postgres: command not found"), None);
    }

    #[test]
    fn a_directory_without_a_server_is_named() {
        let empty = tempfile::tempdir().unwrap();
        let error = Installation::find(Some(empty.path()), None).unwrap_err();
        assert!(error.to_string().contains(&empty.path().display().to_string()), "{error}");
    }
}
