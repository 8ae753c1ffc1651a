//! What an experiment has to put back: noted in a journal before it is changed, put back in reverse order whatever happens.
//!
//! The journal is locked by the run that it belongs to. One that is not locked any more was left behind by a run that could not
//! put things back, because it was killed: the next run refuses to begin beside it, and `restore` puts back what it names.

mod action;

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, bail};
use loljoa_loadtest::console::complain;
use loljoa_service_kit::ids;
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};

pub use action::Action;

/// One thing to put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What will be as it was.
    pub what: String,
    /// How.
    pub action: Action,
}

/// What stands in a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// Which experiment.
    pub experiment: String,
    /// In the order in which it was changed.
    pub steps: Vec<Step>,
}

/// What is still to be put back of one run.
pub struct Undo {
    path: PathBuf,
    inner: Mutex<(Flock<File>, Journal)>,
}

impl Undo {
    /// An empty journal in `folder`.
    ///
    /// # Errors
    ///
    /// When another run left things behind, or there can be no journal.
    pub fn begin(folder: &Path, experiment: &str) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        if let Some((path, _, journal)) = left_behind(folder)?.first() {
            bail!(
                "{} was ended before it could put everything back ({}); do that first: loljoa lab restore",
                journal.experiment,
                path.display()
            );
        }
        let path = folder.join(format!("{}.json", ids::fresh()));
        let file = OpenOptions::new().create_new(true).read(true).write(true).open(&path)?;
        let journal = Journal { experiment: experiment.to_owned(), steps: Vec::new() };
        let mut file = lock(file).context("a new journal is locked")?;
        write(&mut file, &journal)?;
        Ok(Self { path, inner: Mutex::new((file, journal)) })
    }

    /// Notes how to put back what is changed next.
    ///
    /// # Errors
    ///
    /// When the journal cannot be written: nothing must be changed then.
    pub fn before(&self, what: &str, action: Action) -> anyhow::Result<()> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, journal) = &mut *inner;
        journal.steps.push(Step { what: what.to_owned(), action });
        write(file, journal)
    }

    /// Puts the last change back, before the end.
    ///
    /// # Errors
    ///
    /// When it could not be put back: it stays in the journal.
    pub async fn back(&self) -> anyhow::Result<()> {
        let last = self.inner.lock().unwrap_or_else(PoisonError::into_inner).1.steps.last().cloned();
        let Some(step) = last else { return Ok(()) };
        step.action.run().await.with_context(|| format!("{} cannot be put back", step.what))?;
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, journal) = &mut *inner;
        journal.steps.pop();
        write(file, journal)
    }

    /// How many changes are to be put back by now.
    #[must_use]
    pub fn mark(&self) -> usize {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).1.steps.len()
    }

    /// Puts back what was changed since there were `mark` changes, the last first, before the end.
    ///
    /// # Errors
    ///
    /// When one could not be put back: it stays in the journal, with those before it.
    pub async fn back_to(&self, mark: usize) -> anyhow::Result<()> {
        while self.mark() > mark {
            self.back().await?;
        }
        Ok(())
    }

    /// Puts everything back, the last change first. What could not be put back stays in the journal, and is told with the command
    /// that does it.
    ///
    /// # Errors
    ///
    /// When something could not be put back.
    pub async fn put_back(self) -> anyhow::Result<()> {
        let (file, journal) = self.inner.into_inner().unwrap_or_else(PoisonError::into_inner);
        put_back(&self.path, file, journal).await
    }
}

/// Puts back what runs before left behind, and tells how many they were.
///
/// # Errors
///
/// When something could not be put back.
pub async fn restore(folder: &Path) -> anyhow::Result<usize> {
    let left = left_behind(folder)?;
    let count = left.len();
    let mut failed = None;
    for (path, file, journal) in left {
        complain(format_args!("{}:", journal.experiment));
        failed = put_back(&path, file, journal).await.err().or(failed);
    }
    failed.map_or(Ok(count), Err)
}

async fn put_back(path: &Path, mut file: Flock<File>, mut journal: Journal) -> anyhow::Result<()> {
    let mut stuck = Vec::new();
    while let Some(step) = journal.steps.pop() {
        match step.action.run().await {
            Ok(()) => complain(format_args!("  put back: {}", step.what)),
            Err(error) => {
                let command = step.action.command();
                complain(format_args!(
                    "  NOT put back: {}: {error:#}\n  do it by hand: {command}",
                    step.what
                ));
                stuck.push(step);
            }
        }
    }
    if stuck.is_empty() {
        return fs::remove_file(path).with_context(|| path.display().to_string());
    }
    stuck.reverse();
    let count = stuck.len();
    journal.steps = stuck;
    write(&mut file, &journal)?;
    bail!("{count} changes could not be put back; try again: loljoa lab restore")
}

type Left = (PathBuf, Flock<File>, Journal);

/// The journals that nobody holds any more.
fn left_behind(folder: &Path) -> anyhow::Result<Vec<Left>> {
    let mut left = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return Ok(left) };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let Ok(file) = OpenOptions::new().read(true).write(true).open(&path) else { continue };
        let Some(mut file) = lock(file) else { continue };
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let journal = serde_json::from_str(&text).with_context(|| {
            format!("{} is no journal of the lab: look at it, and remove it", path.display())
        })?;
        left.push((path, file, journal));
    }
    Ok(left)
}

fn lock(file: File) -> Option<Flock<File>> {
    Flock::lock(file, FlockArg::LockExclusiveNonblock).ok()
}

fn write(file: &mut File, journal: &Journal) -> anyhow::Result<()> {
    let text = serde_json::to_vec_pretty(journal)?;
    file.seek(SeekFrom::Start(0))?;
    file.set_len(0)?;
    file.write_all(&text)?;
    file.sync_data().context("the journal cannot be written")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_step(path: &Path) -> Action {
        Action::Folder { path: path.to_owned() }
    }

    #[tokio::test]
    async fn what_was_changed_last_is_put_back_first_and_the_journal_goes() {
        let place = tempfile::tempdir().unwrap();
        let (outer, state) = (place.path().join("outer"), place.path().join("state"));
        let inner = outer.join("inner");
        fs::create_dir_all(&inner).unwrap();
        let undo = Undo::begin(&state, "test").unwrap();
        undo.before("the outer", folder_step(&outer)).unwrap();
        undo.before("the inner", folder_step(&inner)).unwrap();
        undo.put_back().await.unwrap();
        assert!(!outer.exists());
        assert_eq!(fs::read_dir(&state).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_run_that_was_killed_is_found_and_put_back_and_one_that_runs_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        let (left, state) = (place.path().join("left"), place.path().join("state"));
        fs::create_dir(&left).unwrap();
        let killed = Undo::begin(&state, "killed").unwrap();
        killed.before("its folder", folder_step(&left)).unwrap();
        assert_eq!(restore(&state).await.unwrap(), 0, "it runs still");
        drop(killed);
        let refused = Undo::begin(&state, "next").err().unwrap().to_string();
        assert!(refused.contains("killed was ended") && refused.contains("loljoa lab restore"), "{refused}");
        assert_eq!(restore(&state).await.unwrap(), 1);
        assert!(!left.exists());
        Undo::begin(&state, "next").unwrap();
    }

    #[tokio::test]
    async fn what_was_put_back_in_time_is_not_put_back_again() {
        let place = tempfile::tempdir().unwrap();
        let (first, second) = (place.path().join("first"), place.path().join("second"));
        fs::create_dir(&second).unwrap();
        let undo = Undo::begin(&place.path().join("state"), "test").unwrap();
        undo.before("the first", folder_step(&first)).unwrap();
        undo.before("the second", folder_step(&second)).unwrap();
        undo.before("what is in the second", folder_step(&second.join("inner"))).unwrap();
        undo.back_to(1).await.unwrap();
        assert!(!second.exists());
        let steps = undo.inner.lock().unwrap().1.steps.clone();
        assert_eq!(steps.iter().map(|step| step.what.as_str()).collect::<Vec<_>>(), ["the first"]);
    }

    #[tokio::test]
    async fn what_cannot_be_put_back_stays_in_the_journal() {
        let place = tempfile::tempdir().unwrap();
        let (file, state) = (place.path().join("file"), place.path().join("state"));
        fs::write(&file, "no folder").unwrap();
        let undo = Undo::begin(&state, "test").unwrap();
        undo.before("a file", folder_step(&file)).unwrap();
        let error = undo.put_back().await.unwrap_err().to_string();
        assert!(error.starts_with("1 changes could not be put back"), "{error}");
        assert_eq!(left_behind(&state).unwrap()[0].2.steps.len(), 1);
    }
}
