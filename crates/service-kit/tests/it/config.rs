//! Configuration that cannot be worked with is told whole.

use std::fs;

use loljoa_service_kit::config::{self, Check, Database, GrpcServer, Problems, Runtime, Upstream};
use secrecy::ExposeSecret;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    runtime: Runtime,
    #[serde(default)]
    grpc: GrpcServer,
    database: Database,
}

impl Check for Config {
    fn check(&self, problems: &mut Problems) {
        self.runtime.check(problems);
        self.grpc.check(problems);
        self.database.check(problems);
    }
}

/// What is loaded from a file that errors call FILE.
fn load(toml: &str) -> Result<Config, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), toml).unwrap();
    let loaded = config::load::<Config>(&[file.path().to_owned()]);
    loaded.map_err(|error| error.to_string().replace(&file.path().display().to_string(), "FILE"))
}

#[test]
fn the_defaults_need_only_a_database() {
    let config = load("[database]\nurl = 'postgres://localhost/x'").unwrap();
    assert_eq!(config.grpc.listen.port(), 50051);
    assert!(!config.runtime.experiments);
}

#[test]
fn every_wrong_value_is_named_at_once_with_what_is_allowed() {
    let error = load(
        "[database]\nurl = 'mysql://u:secret@h/x'\nmax_connections = 1\n[grpc]\nmax_in_flight = 0\n\
         [runtime.telemetry]\nsample_ratio = 2.0",
    )
    .unwrap_err();
    insta::assert_snapshot!(error, @r"
    the configuration is not valid:
      runtime.telemetry.sample_ratio = 2: must be from 0.0 to 1.0 (in FILE)
      grpc.max_in_flight = 0: must be 1 or more (in FILE)
      database.url = (not shown): must start with postgres:// (in FILE)
      database.max_connections = 1: must be from 2 to 1000 (in FILE)
    ");
}

#[test]
fn what_stands_behind_a_pooler_is_checked_as_well() {
    let behind = |direct| load(&format!("[database]\nurl = 'postgres://pooler/x'\ndirect_url = '{direct}'"));
    let config = behind("postgres://server/x").unwrap();
    assert!(config.database.is_pooled());
    let error = behind("mysql://server/x").unwrap_err();
    assert!(error.contains("database.direct_url = (not shown): must start with postgres://"), "{error}");
    let error = behind("postgres://pooler/x").unwrap_err();
    assert!(error.contains("must not be database.url: leave it out where no pooler is"), "{error}");
}

#[test]
fn a_wrong_upstream_is_named_by_where_it_stands() {
    let mut problems = Problems::default();
    let upstream = Upstream { timeout_ms: 0, ..Upstream::at("https://account".parse().unwrap()) };
    upstream.check("upstreams.account", &mut problems);
    let told = format!("{problems:?}");
    assert!(told.contains("upstreams.account.url = https://account/"), "{told}");
    assert!(told.contains("upstreams.account.timeout_ms = 0"), "{told}");
}

#[test]
fn a_misspelt_key_is_refused_by_name() {
    let error = load("[database]\nurl = 'postgres://localhost/x'\nmax_conections = 9").unwrap_err();
    assert!(error.contains("max_conections"), "{error}");
}

#[test]
fn a_missing_key_is_named() {
    let error = load("").unwrap_err();
    assert!(error.contains("database"), "{error}");
}

#[test]
fn of_several_files_and_folders_the_last_wins_and_what_is_wrong_is_told_of_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, toml: &str| {
        fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        fs::write(folder.path().join(name), toml).unwrap();
        folder.path().join(name)
    };
    let base = write(
        "base.toml",
        "[database]\nurl = 'postgres://base/x'\nmax_connections = 3\nworker_connections = 3",
    );
    write("conf.d/10-url.toml", "[database]\nurl = 'postgres://ten/x'");
    write("conf.d/20-size.toml", "[database]\nmax_connections = 20");
    write("conf.d/README", "no TOML");
    let all = [base, folder.path().join("conf.d")];
    let database = config::load::<Config>(&all).unwrap().database;
    assert_eq!(database.url.expose_secret(), "postgres://ten/x");
    assert_eq!((database.max_connections, database.worker_connections), (20, 3));

    let wrong = write("conf.d/20-size.toml", "[database]\nmax_connections = 1");
    let error = config::load::<Config>(&all).unwrap_err().to_string();
    assert!(error.contains(&format!("must be from 2 to 1000 (in {})", wrong.display())), "{error}");
    let missing = folder.path().join("none.toml");
    let error = config::load::<Config>(std::slice::from_ref(&missing)).unwrap_err().to_string();
    assert!(error.contains(&format!("{} cannot be read", missing.display())), "{error}");
}

#[test]
fn no_error_shows_a_value_that_may_be_a_secret() {
    for toml in [
        "[database]\nurl = 'postgres://u:geheim@h/x",
        "[database]\nurl = 'geheim://h/x'",
        "[database]\nurl = ['geheim']",
        "[database]\nurl = 'postgres://h/x'\nmax_connections = 'geheim'",
        "[database]\nurl = 'postgres://h/x'\n[grpc]\nlisten = 'geheim'",
        "[database]\nurl = 'postgres://h/x'\n[runtime.telemetry]\notlp_endpoint = 'geheim'",
        "[database]\nurl = 'postgres://h/x'\n[runtime.telemetry]\nlog_format = 'geheim'",
    ] {
        let error = load(toml).unwrap_err();
        assert!(!error.contains("geheim") && error.contains("FILE"), "{error}");
    }
    let error = load("[database]\nurl = 4711").unwrap_err();
    insta::assert_snapshot!(error, @r"
    the configuration is not valid:
      database.url: invalid type, expected a string (in FILE)
    ");
}

#[test]
fn the_time_to_stop_must_hold_all_that_there_is_to_do() {
    let error = load("[database]\nurl = 'postgres://h/x'\n[runtime.drain]\ndelay_ms = 20000").unwrap_err();
    let expected =
        "runtime.drain.budget_ms = 25000: must be 36000 or more: the delay, the grace period, and 6s";
    assert!(error.contains(expected), "{error}");
}
