//! Configuration that cannot be worked with is told whole.

use loljoa_service_kit::config::{self, Check, Database, GrpcServer, Problems, Runtime, Upstream};
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

fn load(toml: &str) -> Result<Config, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), toml).unwrap();
    config::load::<Config>(Some(file.path())).map_err(|error| error.to_string())
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
      runtime.telemetry.sample_ratio = 2: must be from 0.0 to 1.0
      grpc.max_in_flight = 0: must be 1 or more
      database.url = (not shown): must start with postgres://
      database.max_connections = 1: must be from 2 to 1000
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
