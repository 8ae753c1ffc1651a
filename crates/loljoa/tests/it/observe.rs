//! `loljoa up --observe`, with the real Prometheus, and with Jaeger where there is one.

use std::{
    env, fs,
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    time::Duration,
};

use nix::sys::signal::Signal;
use serde_json::Value;
use tokio::time;

use crate::support::{Place, Up};

const BEFORE_THE_NEXT_LOOK: Duration = Duration::from_millis(50);
/// Any port that is free.
const PORTS: [&str; 6] = ["--jaeger-port", "0", "--prometheus-port", "0", "--grafana-port", "0"];

/// Where the tools for clusters put Jaeger, if it is there.
fn tools() -> PathBuf {
    env::home_dir().unwrap().join(".cache/loljoa-cluster/bin")
}

fn start(place: &Place) -> Up {
    let tools = tools();
    let options = ["--processes", "--observe", "--observe-bin", tools.to_str().unwrap()];
    place.up(&[&options[..], &PORTS].concat())
}

/// Where the banner says that this is.
fn address(up: &Up, what: &str) -> SocketAddr {
    let lines = up.said().lines().map(str::trim_start);
    let mut found =
        lines.filter_map(|line| line.strip_prefix(what)?.trim().strip_prefix("http://")?.strip_suffix('/'));
    found.next().unwrap_or_else(|| panic!("no {what}: {}", up.said())).parse().unwrap()
}

/// Asks until what is answered is as it should be.
async fn until(url: String, is_so: impl Fn(&Value) -> bool) {
    loop {
        if let Ok(answer) = reqwest::get(&url).await
            && is_so(&answer.json().await.unwrap_or_default())
        {
            return;
        }
        time::sleep(BEFORE_THE_NEXT_LOOK).await;
    }
}

async fn until_gone(address: SocketAddr) {
    while TcpStream::connect(address).is_ok() {
        time::sleep(BEFORE_THE_NEXT_LOOK).await;
    }
}

#[tokio::test]
async fn prometheus_reads_every_service_with_our_rules_and_ends_with_them() {
    let place = Place::new();
    let up = start(&place);
    let prometheus = address(&up, "queries");
    until(format!("http://{prometheus}/api/v1/targets"), |answer| {
        let targets = answer["data"]["activeTargets"].as_array().cloned().unwrap_or_default();
        let mut up: Vec<_> = targets.iter().filter(|target| target["health"] == "up").collect();
        up.sort_by_key(|target| target["labels"]["job"].to_string());
        let jobs: Vec<_> = up.iter().filter_map(|target| target["labels"]["job"].as_str()).collect();
        jobs == ["account", "betting", "gateway", "league-schedule"]
    })
    .await;
    until(format!("http://{prometheus}/api/v1/rules"), |answer| {
        let groups = answer["data"]["groups"].as_array().cloned().unwrap_or_default();
        let rules: Vec<_> = groups.iter().filter_map(|group| group["rules"].as_array()).flatten().collect();
        rules.len() > 20 && rules.iter().all(|rule| rule["health"] == "ok")
    })
    .await;
    if tools().join("jaeger").is_file() {
        assert_eq!(up.sign_up("faker").await, 201);
        let jaeger = address(&up, "traces");
        until(format!("http://{jaeger}/api/services"), |answer| {
            let services = answer["data"].as_array().cloned().unwrap_or_default();
            ["gateway", "account"].iter().all(|service| services.contains(&(*service).into()))
        })
        .await;
    }
    up.stop();
    assert!(TcpStream::connect(prometheus).is_err(), "Prometheus was left running");
}

#[tokio::test]
async fn after_kill_9_nothing_that_watches_keeps_running() {
    let place = Place::new();
    let mut up = start(&place);
    let prometheus = address(&up, "queries");
    up.signal(Signal::SIGKILL);
    up.wait();
    until_gone(prometheus).await;
}

#[test]
fn what_is_not_installed_is_told_with_how_to_get_it() {
    let place = Place::new();
    let mut command =
        place.command(&["up", "--listen", "127.0.0.1:0", "--no-replay", "--no-demo", "--observe"]);
    command.env("PATH", "/nowhere");
    let up = place.up_by(command);
    for missing in [
        "no traces: there is no `jaeger` (version 2) on PATH: https://",
        "no queries: there is no `prometheus` on PATH: apt-get install prometheus",
        "no graphs: there is no `grafana` on PATH or in /usr/share/grafana: https://",
    ] {
        assert!(up.said().contains(missing), "{missing}: {}", up.said());
    }
    up.stop();
}

/// There is no Grafana in the packages that tests install: what it would be told is looked at, and that the services do without.
#[test]
fn grafana_is_told_of_dashboards_and_sources_and_all_goes_on_without_it() {
    let place = Place::new();
    let programs = tempfile::tempdir().unwrap();
    let grafana = programs.path().join("grafana");
    let script = "#!/bin/sh\nenv >\"$GF_PATHS_DATA.told\"\necho \"$@\" >>\"$GF_PATHS_DATA.told\"\necho it is none >&2\nexit 1\n";
    fs::write(&grafana, script).unwrap();
    fs::set_permissions(&grafana, fs::Permissions::from_mode(0o755)).unwrap();
    let up =
        place.up(&[&["--observe", "--observe-bin", programs.path().to_str().unwrap()][..], &PORTS].concat());
    up.complains("Grafana has ended (exit status: 1): it is none");

    let own = place.data_dir().join("observe/grafana");
    let told = fs::read_to_string(own.join("data.told")).unwrap();
    let port = address(&up, "graphs").port();
    let provisioning =
        format!("GF_PATHS_PROVISIONING={}", own.canonicalize().unwrap().join("provisioning").display());
    let port = format!("GF_SERVER_HTTP_PORT={port}");
    for line in ["GF_SERVER_HTTP_ADDR=127.0.0.1", "GF_AUTH_ANONYMOUS_ENABLED=true", &port, &provisioning] {
        assert!(told.lines().any(|told| told == line), "{line}: {told}");
    }
    assert!(told.contains("server --homepath"), "{told}");
    let read = |file: &str| -> Value { serde_json::from_slice(&fs::read(own.join(file)).unwrap()).unwrap() };
    let sources = read("provisioning/datasources/loljoa.yaml");
    let prometheus = address(&up, "queries");
    let source =
        sources["datasources"].as_array().unwrap().iter().find(|source| source["uid"] == "prometheus");
    assert_eq!(source.unwrap()["url"], format!("http://{prometheus}"));
    let dashboards = read("provisioning/dashboards/loljoa.yaml");
    let folder = dashboards["providers"][0]["options"]["path"].as_str().unwrap();
    assert!(fs::read_dir(folder).unwrap().count() >= 8);
    assert_eq!(read("dashboards/bets.json")["uid"], "loljoa-bets");
    up.stop();
}
