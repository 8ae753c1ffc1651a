//! A data directory, and a `loljoa` over it.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio},
};

use loljoa::{
    data_dir::{DataDir, RunFile},
    system::Service,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The last line that `loljoa up` says when everything runs.
const LAST_LINE: &str = "Ctrl-C stops it";

/// A place for a data directory that is gone after the test.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        // As root the database server runs as another user, who has to pass.
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711)).unwrap();
        Self(directory)
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.0.path().join("data")
    }

    /// `loljoa <command> --data-dir …`.
    pub(crate) fn command(&self, command: &[&str]) -> Command {
        let mut loljoa = loljoa(command);
        loljoa.arg("--data-dir").arg(self.data_dir());
        loljoa
    }

    /// `loljoa up` without anything that moves by itself, once it says that it is up.
    pub(crate) fn up(&self, options: &[&str]) -> Up {
        let mut command = self.command(&["up", "--listen", "127.0.0.1:0", "--no-replay", "--no-demo"]);
        let mut child = command.args(options).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let said = read_until(&mut output, LAST_LINE);
        let mut up = Up { child, said, data_dir: self.data_dir() };
        let came_up = up.said.contains(LAST_LINE);
        let complaints = if came_up { String::new() } else { up.complaints() };
        assert!(came_up, "it did not come up: {}{complaints}", up.said);
        up
    }
}

/// `loljoa <command>`, untouched by the environment of whoever runs the tests.
pub(crate) fn loljoa(command: &[&str]) -> Command {
    let mut loljoa = Command::new(env!("CARGO_BIN_EXE_loljoa"));
    loljoa.args(command).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    loljoa
}

/// The exit code and the one line that a refused command says.
pub(crate) fn refusal(output: &Output) -> (Option<i32>, String) {
    let complaint = String::from_utf8_lossy(&output.stderr);
    let lines = complaint.lines().filter(|line| !line.ends_with('…'));
    (output.status.code(), lines.collect::<Vec<_>>().join("\n"))
}

fn read_until(output: &mut BufReader<ChildStdout>, mark: &str) -> String {
    let mut said = String::new();
    while !said.contains(mark) && output.read_line(&mut said).unwrap() > 0 {}
    said
}

/// A running `loljoa up`.
pub(crate) struct Up {
    child: Child,
    said: String,
    data_dir: PathBuf,
}

impl Up {
    /// What it said when it came up.
    pub(crate) fn said(&self) -> &str {
        &self.said
    }

    pub(crate) fn url(&self, path: &str) -> String {
        let data = DataDir::open(&self.data_dir).unwrap();
        let mut url = RunFile::read(&data.run_file()).unwrap().url(Service::Gateway).unwrap();
        url.set_path(path);
        url.to_string()
    }

    /// Posts to the API and gives the status and the body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let response = reqwest::Client::new().post(self.url(path)).json(body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Gets something that everybody may see.
    pub(crate) async fn get(&self, path: &str) -> Value {
        reqwest::get(self.url(path)).await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn sign_up(&self, username: &str) -> u16 {
        self.post("/api/account/signup", &credentials(username)).await.0
    }

    pub(crate) async fn log_in(&self, username: &str) -> u16 {
        self.post("/api/account/login", &credentials(username)).await.0
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().unwrap())
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// What it complained of, once it has ended.
    pub(crate) fn complaints(&mut self) -> String {
        let mut complaints = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
        complaints
    }

    /// Stops it as Ctrl-C does.
    pub(crate) fn stop(mut self) {
        self.signal(Signal::SIGINT);
        let status = self.wait();
        assert!(status.success(), "{status}: {}", self.complaints());
    }
}

impl Drop for Up {
    /// A test that fails leaves nothing running either.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::SIGTERM);
            let _ = self.child.wait();
        }
    }
}

fn credentials(username: &str) -> Value {
    json!({ "username": username, "password": "correct horse" })
}

/// The permissions of a file.
pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
