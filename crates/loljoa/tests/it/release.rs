//! `loljoa season`, `demo` and `smoke` at a running release, by its public address.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Output, Stdio},
};

use loljoa_test_tokens::certificates::Authority;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{net::TcpSocket, process::Command};

use crate::{
    front::Front,
    support::{Place, Up, loljoa, refusal},
};

/// A season of its own, so that all of it is new.
const CUP: &str = r##"{
  "format": "loljoa-season/1",
  "teams": [
    {"code": "AAA", "nameEn": "Team A", "nameKo": "에이", "colour": "#E2012D"},
    {"code": "BBB", "nameEn": "Team B", "nameKo": "비", "colour": "#AA8A00"}
  ],
  "matches": [
    {"tournament": "Cup", "block": "Week 1", "date": "2021-02-12", "slot": 1, "bestOf": 3, "team1": "AAA", "team2": "BBB", "team1Wins": 2, "team2Wins": 0}
  ]
}"##;

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A file beside the data directory.
fn file(place: &Place, name: &str, text: &str) -> PathBuf {
    let path = place.data_dir().with_file_name(name);
    fs::write(&path, text).unwrap();
    path
}

fn season(place: &Place, url: &str, password: &str, options: &[&str]) -> std::process::Command {
    let mut command = loljoa(&["season", "--url", url, "--password-file"]);
    command.arg(file(place, "password", &format!("{password}\n"))).args(options);
    command
}

#[tokio::test]
async fn a_season_waits_for_the_release_and_the_same_one_again_changes_nothing() {
    let place = Place::new();
    // Nobody else is given the port while it is held so, and the gateway may still listen there.
    let held = TcpSocket::new_v4().unwrap();
    held.set_reuseaddr(true).unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = held.local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let cup = file(&place, "cup.json", CUP);
    let data = loljoa::data_dir::DataDir::open_or_make(&place.data_dir()).unwrap();
    let password = {
        use secrecy::ExposeSecret;
        data.secrets().unwrap().admin.expose_secret().to_owned()
    };

    let mut early = season(&place, &url, &password, &[cup.to_str().unwrap()]);
    let mut early = early.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut complaints = BufReader::new(early.stderr.take().unwrap()).lines();
    let first = complaints.next().unwrap().unwrap();
    assert!(first.starts_with("waiting (") && first.contains(" of 600 s): account: no answer: "), "{first}");
    let reading = std::thread::spawn(move || complaints.map_while(Result::ok).collect::<Vec<_>>());
    let up = place.up_with(&["up", "--listen", &format!("127.0.0.1:{port}"), "--no-replay", "--no-demo"]);
    let output = early.wait_with_output().unwrap();
    let waited = reading.join().unwrap();
    assert!(output.status.success(), "{waited:?}");
    assert_eq!(said(&output), "3 added, 0 changed, 0 unchanged, 0 refused.\n", "{waited:?}");
    let tournaments = up.get("/api/league/tournaments").await.to_string();
    assert!(tournaments.contains("\"Cup\""), "{tournaments}");

    let again = season(&place, &url, &password, &[cup.to_str().unwrap()]).output().unwrap();
    assert_eq!(said(&again), "0 added, 0 changed, 3 unchanged, 0 refused.\n", "{again:?}");
    // Each has ended its session; one is of the test's own asking.
    assert_eq!(up.open_sessions_of_admin().await, 1);

    let wrong = file(&place, "wrong.json", &CUP.replace("\"team1\": \"AAA\"", "\"team1\": \"ZZZ\""));
    let refused = season(&place, &url, &password, &[wrong.to_str().unwrap()]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("one refused line refuses the whole file"), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("line 8: "), "{refused:?}");
    up.stop();
}

#[tokio::test]
async fn what_keeps_a_season_out_is_told() {
    let place = Place::new();
    let nowhere = season(&place, "http://127.0.0.1:1", "x", &["--wait", "0"]).output().unwrap();
    let (code, line) = refusal(&nowhere);
    assert_eq!(code, Some(1));
    assert!(line.starts_with("loljoa: not ready after 0 s: account: no answer: "), "{line}");
    assert!(line.contains("Connection refused"), "{line}");

    let missing =
        loljoa(&["season", "--url", "http://127.0.0.1:1", "--password-file", "/nowhere"]).output().unwrap();
    let (code, line) = refusal(&missing);
    assert_eq!(code, Some(1));
    assert_eq!(line, "loljoa: --password-file /nowhere: No such file or directory (os error 2)");

    let up = place.up(&[]);
    up.log_in_as_admin().await;
    let wrong = season(&place, &up.url(""), "not the password", &[]).output().unwrap();
    let (code, lines) = refusal(&wrong);
    assert_eq!(code, Some(1));
    assert!(
        lines.contains("loljoa: admin could not be logged in: the answer is 401 Unauthorized: "),
        "{lines}"
    );
    up.stop();
}

fn smoke(up: &Up, options: &[&str]) -> Output {
    loljoa(&["smoke", "--url", &up.url(""), "--page", &up.url("")]).args(options).output().unwrap()
}

#[tokio::test]
async fn a_user_walks_through_a_release_and_demo_bettors_bet_at_it() {
    let place = Place::new();
    let up = place.up_with(&["up", "--listen", "127.0.0.1:0", "--no-demo", "--replay-interval", "60s"]);
    let walked = smoke(&up, &["--require-bet"]);
    assert!(walked.status.success(), "{walked:?}");
    let sentences = said(&walked);
    let mut sentences = sentences.lines();
    let mut next = || sentences.next().unwrap().to_owned();
    assert_eq!(next(), "every service answers");
    assert_eq!(next(), "the page is there");
    let name = next().strip_suffix(" has signed up").unwrap().to_owned();
    assert!(name.starts_with("smoke_"), "{name}");
    assert_eq!(next(), "a bet of 100 points stands");
    assert!(["it is cancelled", "its market lets nobody cancel any more, so it stands"].contains(&&*next()));
    let balance = next();
    assert!(balance.starts_with("its balance of ") && balance.ends_with(" transfers"), "{balance}");
    assert_eq!(next(), "it has logged out");

    let password = file(&place, "demo-password", "of all the demo bettors");
    let demo = loljoa(&["demo", "--url", &up.url(""), "--bettors", "10", "--bets", "2", "--password-file"])
        .arg(password)
        .output()
        .unwrap();
    assert!(demo.status.success(), "{demo:?}");
    let lines = said(&demo);
    assert!(
        lines.starts_with(
            "LCK 2022 Spring is being replayed\nLCK 2022 Spring Playoffs is being replayed\n10 demo bettors bet at "
        ),
        "{lines}"
    );
    assert!(lines.ends_with(" bets were placed\n"), "{lines}");
    let markets = up.get("/api/betting/markets?limit=100").await;
    let pools = markets["items"].as_array().unwrap().iter().map(|market| market["pool"].as_i64().unwrap());
    assert!(pools.sum::<i64>() > 0, "what they have bet stands in the pools: {markets}");
    walk_by_name(&place, &up).await;
    up.stop();
}

/// As behind a proxy with a certificate, by a name that nobody else knows; others have just signed up from the same address, and
/// the first market that is seen open locks meanwhile.
async fn walk_by_name(place: &Place, up: &Up) {
    let authority = Authority::fresh("ours");
    let gateway = up.url("").parse::<reqwest::Url>().unwrap().socket_addrs(|| None).unwrap()[0];
    let front = Front::start(&authority.server("loljoa.example"), gateway).await;
    let (url, address) =
        (format!("https://loljoa.example:{}", front.address.port()), front.address.to_string());
    let walk = async |options: &[&str]| {
        let always = ["smoke", "--url", &url, "--connect", &address, "--require-bet"];
        Command::from(loljoa(&[&always, options].concat())).output().await.unwrap()
    };
    let stranger = walk(&["--wait", "0"]).await;
    let (code, line) = refusal(&stranger);
    assert_eq!(code, Some(1));
    assert!(line.contains("UnknownIssuer"), "{line}");

    let trusted = file(place, "ca.pem", &authority.certificate());
    let walked = walk(&["--ca-file", trusted.to_str().unwrap(), "--page", &url]).await;
    assert!(walked.status.success(), "{walked:?}");
    assert!(said(&walked).contains("a bet of 100 points stands\n"), "{walked:?}");
    let waited = String::from_utf8_lossy(&walked.stderr);
    assert!(waited.contains(" of 60 s): the sign-up: the answer is 429 Too Many Requests"), "{walked:?}");
    assert!(front.has_refused_all(), "the first sign-up and the first bet were refused");
}

#[test]
fn what_no_release_can_be_at_is_refused_at_once() {
    for (url, more, code, said) in [
        ("ftp://loljoa.example", [].as_slice(), 64, "must begin with http:// or https://"),
        ("loljoa.example", &[], 64, "relative URL without a base"),
        ("http://127.0.0.1:1", &["--connect", "127.0.0.1:2"], 1, "127.0.0.1:1/ has no name to look up"),
        ("http://127.0.0.1:1", &["--ca-file", "/dev/null"], 1, "--ca-file /dev/null: no certificate in it"),
    ] {
        let (refused, line) = refusal(&loljoa(&["smoke", "--url", url]).args(more).output().unwrap());
        assert!(refused == Some(code) && line.contains(said), "{url}: {refused:?} {line}");
    }
}

#[test]
fn who_waits_for_a_release_can_be_stopped() {
    let place = Place::new();
    let password = file(&place, "password", "of somebody");
    let password = ["--password-file", password.to_str().unwrap()];
    for (command, options, said) in [
        ("season", password.as_slice(), "loljoa: stopped before the season was in"),
        ("smoke", &[], "loljoa: stopped before the end of the walk"),
        ("demo", &password, ""),
    ] {
        let mut waits = loljoa(&[command, "--url", "http://127.0.0.1:1", "--wait", "600"]);
        let mut waits = waits.args(options).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(waits.stderr.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.next().unwrap().contains(" of 600 s): account: no answer"), "{command}");
        kill(Pid::from_raw(waits.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
        assert_eq!(lines.collect::<Vec<_>>().join("\n"), said);
        assert_eq!(waits.wait().unwrap().code(), Some(i32::from(!said.is_empty())), "{command}");
    }
}

#[tokio::test]
async fn a_walk_without_a_market_says_so_and_one_at_something_else_fails() {
    let place = Place::new();
    // A season that is over.
    let up = place.up(&[]);
    let walked = smoke(&up, &[]);
    assert!(walked.status.success(), "{walked:?}");
    assert!(said(&walked).contains("no market is open, so nothing is bet\n"), "{walked:?}");
    let strict = smoke(&up, &["--require-bet", "--wait", "5"]);
    let (code, lines) = refusal(&strict);
    assert_eq!(code, Some(1));
    assert!(
        lines.contains("loljoa: looking for a market: not ready after 5 s: no market is open"),
        "{lines}"
    );
    let page = loljoa(&["smoke", "--url", &up.url(""), "--page", &up.url("/api/league/tournaments")]);
    let (code, line) = refusal(&{ page }.output().unwrap());
    assert_eq!(code, Some(1));
    assert!(line.ends_with("is not LOL.JOA's page"), "{line}");
    up.stop();
}
