//! A data directory, and a `loljoa` over it.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use loljoa::{
    data_dir::{DataDir, RunFile},
    system::Service,
};
use loljoa_service_kit::ids;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time;

/// The last line that `loljoa up` says when everything runs.
const LAST_LINE: &str = "Ctrl-C stops it";
/// Far beyond what anything here takes, so that a slow machine is not a failure.
const PATIENCE: Duration = Duration::from_mins(1);
/// So long that whoever asks over and over stays below the gateway's limits.
const BEFORE_THE_NEXT_TRY: Duration = Duration::from_millis(50);

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
        let still = ["up", "--listen", "127.0.0.1:0", "--no-replay", "--no-demo"];
        self.up_with(&[&still, options].concat())
    }

    /// `loljoa <command>`, an `up`, once it says that it is up.
    pub(crate) fn up_with(&self, command: &[&str]) -> Up {
        self.up_by(self.command(command))
    }

    /// The same by a command of one's own.
    pub(crate) fn up_by(&self, mut command: Command) -> Up {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let complaints = lines(child.stderr.take().unwrap());
        let said = read_until(&mut output, LAST_LINE);
        let up = Up { child, said, complaints, data_dir: self.data_dir() };
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

/// Takes every line at once, so that whoever writes them never waits.
fn lines(output: ChildStderr) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// A running `loljoa up`.
pub(crate) struct Up {
    child: Child,
    said: String,
    complaints: mpsc::Receiver<String>,
    data_dir: PathBuf,
}

impl Up {
    /// Where `path` is, which may have a query.
    pub(crate) fn url(&self, path: &str) -> String {
        let data = DataDir::open(&self.data_dir).unwrap();
        let gateway = RunFile::read(&data.run_file()).unwrap().url(Service::Gateway).unwrap();
        gateway.join(path).unwrap().to_string()
    }

    /// Posts to the API and gives the status and the body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let response = reqwest::Client::new().post(self.url(path)).json(body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Posts to the API until the services behind it answer, as they do once they have found each other. On a busy machine that
    /// is after more tries than one address may make.
    pub(crate) async fn answer_to(&self, path: &str, body: &Value) -> (u16, Value) {
        loop {
            let (status, answer) = self.post(path, body).await;
            if !is_for_later(status) {
                return (status, answer);
            }
            time::sleep(BEFORE_THE_NEXT_TRY).await;
        }
    }

    /// Logs in with what is shown of the admin, who is made in the background, maybe a moment after all is ready.
    pub(crate) async fn log_in_as_admin(&self) -> (u16, Value) {
        // On a busy machine logs stand before it, which may say that the admin could not be made yet.
        let lines = self.said.lines().map(str::trim_start);
        let mut shown = lines.filter_map(|line| line.strip_prefix("admin ")?.split_once("password "));
        let (_, password) = shown.next_back().unwrap();
        let known = |accounts: &Value| accounts["items"].as_array().is_some_and(|items| !items.is_empty());
        while !known(&self.get("/api/account/leaderboard").await) {
            time::sleep(BEFORE_THE_NEXT_TRY).await;
        }
        self.answer_to("/api/account/login", &json!({ "username": "admin", "password": password })).await
    }

    /// Lets an admin break a service's liveness. The service is called as paths call it.
    pub(crate) async fn turn_off(&self, service: &str) -> u16 {
        let token = self.token_of_admin().await;
        let request = reqwest::Client::new().post(self.url(&format!("/api/{service}/turnoff")));
        request.bearer_auth(token).send().await.unwrap().status().as_u16()
    }

    /// How many sessions the admin has, one of which this opens.
    pub(crate) async fn open_sessions_of_admin(&self) -> i64 {
        let token = self.token_of_admin().await;
        loop {
            let request = reqwest::Client::new().get(self.url("/api/account/users"));
            let found = request.query(&[("username", "admin")]).bearer_auth(&token).send().await.unwrap();
            // On a busy machine account may be too late.
            if !is_for_later(found.status().as_u16()) {
                let (status, found) = (found.status(), found.json::<Value>().await.unwrap());
                return found["openSessions"].as_i64().unwrap_or_else(|| panic!("{status} {found}"));
            }
            time::sleep(BEFORE_THE_NEXT_TRY).await;
        }
    }

    async fn token_of_admin(&self) -> String {
        let (status, session) = self.log_in_as_admin().await;
        session["accessToken"].as_str().unwrap_or_else(|| panic!("{status} {session}")).to_owned()
    }

    /// Gets something that everybody may see, once it is answered: on a busy machine services may be too late.
    pub(crate) async fn get(&self, path: &str) -> Value {
        loop {
            let answer = reqwest::get(self.url(path)).await.unwrap();
            if !is_for_later(answer.status().as_u16()) {
                return answer.json().await.unwrap();
            }
            time::sleep(BEFORE_THE_NEXT_TRY).await;
        }
    }

    pub(crate) async fn sign_up(&self, username: &str) -> u16 {
        self.post("/api/account/signup", &credentials(username)).await.0
    }

    /// Somebody new bets on the first answer to who wins a match.
    pub(crate) async fn bet_on_winner(&self, username: &str, match_id: &str, stake: i64) {
        let (_, session) = self.answer_to("/api/account/signup", &credentials(username)).await;
        let markets = self.get(&format!("/api/betting/markets?matchId={match_id}")).await;
        let markets = markets["items"].as_array().unwrap();
        let market = markets.iter().find(|market| market["template"] == "match_winner").unwrap();
        let outcome_id = &market["outcomes"][0]["outcomeId"];
        let body = json!({ "marketId": market["marketId"], "outcomeId": outcome_id, "stake": stake });
        let key = ids::fresh().to_string();
        loop {
            let bet =
                reqwest::Client::new().post(self.url("/api/betting/bets")).header("Idempotency-Key", &key);
            let placed =
                bet.bearer_auth(session["accessToken"].as_str().unwrap()).json(&body).send().await.unwrap();
            if !is_for_later(placed.status().as_u16()) {
                let (status, bet) = (placed.status(), placed.json::<Value>().await.unwrap());
                assert_eq!(bet["state"], "accepted", "{status} {bet}");
                return;
            }
            time::sleep(BEFORE_THE_NEXT_TRY).await;
        }
    }

    pub(crate) async fn log_in(&self, username: &str) -> u16 {
        self.answer_to("/api/account/login", &credentials(username)).await.0
    }

    /// All that it said until it was up.
    pub(crate) fn said(&self) -> &str {
        &self.said
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

    /// Waits until it says exactly this line.
    pub(crate) fn complains(&self, expected: &str) {
        let mut before = Vec::new();
        while let Ok(line) = self.complaints.recv_timeout(PATIENCE) {
            if line == expected {
                return;
            }
            before.push(line);
        }
        panic!("it did not say {expected}, but {before:#?}");
    }

    /// What else it complained of, once it has ended.
    pub(crate) fn complaints(&self) -> String {
        self.complaints.iter().collect::<Vec<_>>().join("\n")
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

/// Whether the same request may succeed a moment later.
const fn is_for_later(status: u16) -> bool {
    matches!(status, 429 | 503)
}

fn credentials(username: &str) -> Value {
    json!({ "username": username, "password": "correct horse" })
}

/// The permissions of a file.
pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
