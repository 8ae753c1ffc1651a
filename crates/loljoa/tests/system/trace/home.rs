use std::{fs, os::unix::fs::PermissionsExt};

use loljoa::system::{Mode, Options, Service};
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use crate::support::App;

/// Where the processes of a story leave their logs.
pub(super) struct Home(TempDir);

impl Home {
    pub(super) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// Has every service run as a process that sends spans to `collector`, writes its log as JSON, filtered by `log`, to a file, and
    /// has these variables in its environment.
    pub(super) fn house(
        &self,
        options: &mut Options,
        collector: Url,
        log: &str,
        environment: &[(&str, &str)],
    ) {
        let exports = environment
            .iter()
            .fold(String::new(), |exports, (key, value)| exports + &format!("export {key}='{value}'\n"));
        let program = self.0.path().join("loljoa");
        let (binary, lines) = (env!("CARGO_BIN_EXE_loljoa"), self.0.path().join("log"));
        let script = format!("#!/bin/sh\n{exports}exec '{binary}' \"$@\" >>'{}'\n", lines.display());
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        options.mode = Mode::Processes { program };
        options.otlp = Some(collector);
        options.log = log.into();
        for service in [Service::Account, Service::LeagueSchedule, Service::Betting, Service::Gateway] {
            let config = options.overrides.entry(service).or_insert_with(|| json!({}));
            config["runtime"]["telemetry"]["log_format"] = json!("json");
        }
    }

    /// What was logged in a trace.
    pub(super) fn lines(&self, trace: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.0.path().join("log")).unwrap();
        let lines = text.lines().filter_map(|line| serde_json::from_str(line).ok());
        lines.filter(|line: &Value| line["trace_id"] == trace).collect()
    }
}

/// What a service's metric says now: the sum of the series whose labels hold all of `labels`.
pub(super) async fn metric(app: &App, service: Service, name: &str, labels: &[&str]) -> f64 {
    let admin = app.system.addresses()[&service].admin;
    let text = reqwest::get(format!("http://{admin}/metrics")).await.unwrap().text().await.unwrap();
    let series = text.lines().filter(|line| line.starts_with(&format!("{name}{{")));
    let fitting = series.filter(|line| labels.iter().all(|label| line.contains(label)));
    fitting.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// Whether a line that begins so in what a service tells as `OpenMetrics` has an exemplar of this trace.
pub(super) async fn leads_to(app: &App, service: Service, begin: &str, trace: &str) -> bool {
    let admin = app.system.addresses()[&service].admin;
    let asked = reqwest::Client::new().get(format!("http://{admin}/metrics"));
    let asked = asked.header("accept", "application/openmetrics-text; version=1.0.0");
    let text = asked.send().await.unwrap().text().await.unwrap();
    let exemplar = format!("# {{trace_id=\"{trace}\"}}");
    text.lines().any(|line| line.starts_with(begin) && line.contains(&exemplar))
}
