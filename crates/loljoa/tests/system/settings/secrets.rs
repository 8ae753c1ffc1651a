//! A password inside a URL is in nothing that a service says.

use std::{
    fs::{self, File},
    process::{Child, Command, Stdio},
};

use loljoa::system::Service;
use loljoa_private_postgres::free_port;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;
use url::Url;

use super::walk::Configured;
use crate::support::{TestDatabases, eventually};

const SECRET: &str = "hunter2";
/// URLs with a secret somewhere, the most secretive first. The last ones are misspelt.
const FORMS: [&str; 8] = [
    "http://me:hunter2@127.0.0.1:1/?token=hunter2&api_key=hunter2#hunter2",
    "postgres://me:hunter2@127.0.0.1:1/x?sslpassword=hunter2&passwd=hunter2",
    "http://127.0.0.1:1/?token=hunter2",
    "ftp://hunter2@127.0.0.1:1",
    "me:hunter2@127.0.0.1:1",
    "http://me:hun ter2@127.0.0.1:hunter2",
    "http:/me:hunter2@127.0.0.1",
    "://me:hunter2@127.0.0.1",
];

/// Settings that are URLs: they take one of these, and no word.
fn urls(configured: &Configured) -> impl Iterator<Item = &str> {
    let keys = configured.settings.keys().map(String::as_str);
    keys.filter(|key| {
        configured.takes(key, "'no-url'").is_err()
            && ["http://127.0.0.1:1", "postgres://127.0.0.1:1/x"]
                .iter()
                .any(|url| configured.takes(key, &format!("'{url}'")).is_ok())
    })
}

#[test]
fn no_error_about_any_setting_shows_the_password_of_a_url() {
    let mut refused = 0;
    for configured in Configured::all() {
        let found: Vec<_> = urls(&configured).collect();
        let least = configured.least.keys().filter(|key| key.ends_with("url"));
        assert!(least.clone().all(|key| found.contains(key)), "{found:?}");
        assert!(found.contains(&"runtime.telemetry.otlp_endpoint"), "{found:?}");
        for key in configured.settings.keys() {
            for form in FORMS {
                for value in [format!("'{form}'"), format!("['{form}']")] {
                    let Err(said) = configured.takes(key, &value) else { continue };
                    assert!(!said.contains(SECRET), "{:?}: {said}", configured.service);
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 1_000, "{refused}");
}

/// A service in a process of its own, and all that it says.
struct Process {
    child: Child,
    said: TempDir,
}

impl Process {
    fn start(service: Service, environment: &[(String, String)]) -> Self {
        let said = tempfile::tempdir().unwrap();
        let file = |name| File::create(said.path().join(name)).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_loljoa"))
            .args(["serve", service.name()])
            .env_clear()
            .envs(environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(file("out"))
            .stderr(file("err"))
            .spawn()
            .unwrap();
        Self { child, said }
    }

    fn said(&self) -> String {
        ["out", "err"].map(|name| fs::read_to_string(self.said.path().join(name)).unwrap()).concat()
    }

    fn stop(&self) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn variable(key: &str, value: &str) -> (String, String) {
    (format!("LOLJOA__{}", key.to_uppercase().replace('.', "__")), value.trim_matches('\'').to_owned())
}

/// The least that the service needs, and for each of its URLs the first of these that it takes.
fn environment(configured: &Configured, database: &str) -> Vec<(String, String)> {
    let mut environment: Vec<_> = configured.least.iter().map(|(key, value)| variable(key, value)).collect();
    for key in urls(configured) {
        let taken = FORMS.iter().find(|form| configured.takes(key, &format!("'{form}'")).is_ok());
        environment.extend(taken.map(|form| variable(key, form)));
    }
    environment.retain(|(name, _)| !name.contains("DATABASE"));
    environment.push(variable("database.url", database));
    environment
}

/// The database with a password, and with more secrets in parameters that are not known.
fn secretive(database: &str) -> (String, String) {
    let mut url: Url = database.parse().unwrap();
    let password = url.password().unwrap_or(SECRET).to_owned();
    url.query_pairs_mut().append_pair("sslpassword", SECRET).append_pair("passwd", SECRET);
    (url.into(), password)
}

/// What the service says until it is stopped, on all its channels, once it has said `until`.
async fn says(configured: &Configured, environment: &[(String, String)], until: &str) -> String {
    let [port, admin] = [0, 1].map(|_| free_port().unwrap());
    let section = if configured.service == Service::Gateway { "http" } else { "grpc" };
    let mut environment = environment.to_vec();
    for (key, value) in [
        (format!("{section}.listen"), format!("127.0.0.1:{port}")),
        ("runtime.admin_listen".into(), format!("127.0.0.1:{admin}")),
        ("runtime.drain.delay_ms".into(), "0".into()),
        ("runtime.telemetry.sample_ratio".into(), "1.0".into()),
    ] {
        environment.push(variable(&key, &value));
    }
    let mut process = Process::start(configured.service, &environment);
    eventually(until, async || process.said().contains(until).then_some(())).await;
    let mut told = String::new();
    for path in ["metrics", "readyz"] {
        let answer = reqwest::get(format!("http://127.0.0.1:{admin}/{path}")).await.unwrap();
        told += &answer.text().await.unwrap();
    }
    process.stop();
    eventually("the end", async || process.child.try_wait().unwrap()).await;
    told + &process.said()
}

#[tokio::test]
async fn no_service_says_the_password_of_a_url_that_it_was_told() {
    let databases = TestDatabases::create().await;
    let [account, league_schedule, betting] = databases.urls();
    let urls = [
        (Service::Account, &account),
        (Service::LeagueSchedule, &league_schedule),
        (Service::Betting, &betting),
    ];
    for configured in Configured::all() {
        let own = urls.iter().find(|(service, _)| *service == configured.service);
        let (database, password) = secretive(own.map_or("postgres://me@127.0.0.1:1/x", |(_, url)| url));
        let mut environment = environment(&configured, &database);
        if own.is_none() {
            environment.retain(|(name, _)| !name.contains("DATABASE"));
        }
        if own.is_some() {
            migrate(&configured, &environment);
        }
        // What each says last of what it was told.
        let until = match configured.service {
            Service::LeagueSchedule => "a source failed",
            Service::Gateway => "a neighbour is not there",
            _ => "the database answers",
        };
        let said = says(&configured, &environment, until).await;
        for secret in [SECRET, &password] {
            assert!(!said.contains(secret), "{:?}: {said}", configured.service);
        }
    }
}

/// Brings the service's database up to date, which says nothing of secrets either.
fn migrate(configured: &Configured, environment: &[(String, String)]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loljoa"));
    command.args(["migrate", configured.service.name()]).env_clear().envs(environment.iter().cloned());
    let done = command.output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(done.status.success() && !said.contains(SECRET), "{said}");
}

/// Whatever is told to `serve` at the worst: nothing of it can be worked with.
#[test]
fn a_service_that_does_not_start_tells_no_password() {
    for configured in Configured::all() {
        let mut environment: Vec<_> =
            configured.least.iter().map(|(key, value)| variable(key, value)).collect();
        for key in urls(&configured) {
            environment.retain(|(name, _)| *name != variable(key, "").0);
            environment.push(variable(key, FORMS[3]));
        }
        let mut process = Process::start(configured.service, &environment);
        assert_eq!(process.child.wait().unwrap().code(), Some(64));
        let said = process.said();
        let told = urls(&configured).filter(|key| said.contains(key)).count();
        assert_eq!(told, urls(&configured).count(), "{said}");
        assert!(!said.contains(SECRET), "{said}");
    }
}
