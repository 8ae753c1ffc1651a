use std::{path::Path, process::Stdio};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::Mutex,
};

/// One experiment at a time: each starts a whole system, and is about what clients notice.
pub(crate) static ALONE: Mutex<()> = Mutex::const_new(());

/// Folders of an experiment.
pub(crate) struct Places {
    folder: TempDir,
}

/// What came of an experiment.
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) told: String,
}

impl Places {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // PostgreSQL's user passes.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).unwrap();
        for name in ["place", "state"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loljoa-lab"));
        command.args(arguments.split_whitespace()).kill_on_drop(true).stdin(Stdio::null());
        command.arg("--place").arg(self.path().join("place")).arg("--state").arg(self.path().join("state"));
        command
    }

    pub(crate) async fn run(&self, arguments: &str) -> Outcome {
        let output = self.command(arguments).output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Outcome { code: output.status.code(), told: text(&output.stderr) + &text(&output.stdout) }
    }

    /// What is left of runs: folders and journals.
    pub(crate) fn left(&self) -> Vec<String> {
        let of = |name: &str| {
            let entries = std::fs::read_dir(self.path().join(name)).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
        };
        [of("place"), of("state")].concat()
    }

    /// Processes that work below.
    pub(crate) fn working(&self) -> usize {
        let below = self.path().canonicalize().unwrap();
        let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let at = processes.filter_map(|process| std::fs::read_link(process.path().join("cwd")).ok());
        at.filter(|at| at.starts_with(&below)).count()
    }
}

/// Starts an experiment, and waits until it says `word`. What it said until then comes back as well.
pub(crate) async fn until(mut command: Command, word: &str) -> (Child, String) {
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.as_mut().unwrap()).lines();
    let mut told = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        told += &line;
        told.push('\n');
        if line.contains(word) {
            return (child, told);
        }
    }
    panic!("it never said {word}: {told}")
}
