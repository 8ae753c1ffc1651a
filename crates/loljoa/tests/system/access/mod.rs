//! Every gRPC call, and every request of the admin port, made by everybody: the tables of `table.rs`, over the wire, to services
//! that run.

mod admin_port;
mod callers;
mod table;

use std::collections::BTreeSet;

use loljoa::system::Service;
use loljoa_service_kit::{
    config::Upstream,
    grpc::{Channel, client},
};
use loljoa_test_tokens::{calls, refusal};

use self::{
    callers::Callers,
    table::{Caller, Calls, Door, OUTCOMES, Outcome, TABLE},
};
use crate::support::App;

/// What gates say. What else is said to who is let in is about the message.
const GATES: [&str; 7] = [
    "token_missing",
    "token_malformed",
    "token_invalid",
    "token_expired",
    "session_over",
    "admin_required",
    "another_account",
];

fn channel(app: &App, server: &str) -> Channel {
    let service = match server {
        "account" => Service::Account,
        "betting" => Service::Betting,
        "league_schedule" => Service::LeagueSchedule,
        other => panic!("{other} is no service"),
    };
    let url = app.system.url(service).parse().unwrap();
    client::connect(&Upstream { timeout_ms: 20_000, balance: false, ..Upstream::at(url) }).unwrap()
}

/// What becomes of a call with an empty message.
async fn outcome(channel: &Channel, path: &str, door: Door, token: Option<&str>) -> Outcome {
    let Some((_, reason)) = refusal(channel, path, token).await else { return Outcome::In };
    // An empty refresh token belongs to a session that is over.
    let gate =
        GATES.into_iter().find(|gate| *gate == reason && (door != Door::Peers || reason != "session_over"));
    gate.map_or(Outcome::In, Outcome::Refused)
}

#[test]
fn the_table_has_every_call_of_the_contracts_and_no_other() {
    let listed: Vec<_> = TABLE
        .iter()
        .flat_map(|Calls { service, doors, .. }| {
            doors.iter().map(move |(call, _)| format!("/{service}/{call}"))
        })
        .collect();
    let rows: BTreeSet<_> = listed.iter().cloned().collect();
    assert_eq!(rows.len(), listed.len(), "a call stands twice");
    assert_eq!(rows, BTreeSet::from_iter(calls()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_lets_in_whom_the_table_says() {
    let app = App::start().await;
    let channels = ["account", "betting", "league_schedule"].map(|server| (server, channel(&app, server)));
    let mut callers = Callers::gather(&app, channels.each_ref().map(|(_, channel)| channel)).await;
    let (mut tried, mut wrong) = (0, Vec::new());
    for Calls { service, servers, doors } in TABLE {
        for (server, channel) in channels.iter().filter(|(server, _)| servers.contains(server)) {
            let admin = callers.token(Caller::AnAdmin).await;
            let made_up = refusal(channel, &format!("/{service}/MadeUp"), admin.as_deref()).await;
            for (call, door) in *doors {
                let path = format!("/{service}/{call}");
                let admin = callers.token(Caller::AnAdmin).await;
                let served = refusal(channel, &path, admin.as_deref()).await;
                assert_ne!(served, made_up, "{server} does not serve {path}");
                for (caller, outcomes) in OUTCOMES {
                    let expected = outcomes.into_iter().find(|(through, _)| through == door).unwrap().1;
                    let token = callers.token(caller).await;
                    let found = outcome(channel, &path, *door, token.as_deref()).await;
                    tried += 1;
                    if found != expected {
                        wrong.push(format!("{server} {path}, {caller:?}: {found:?}, not {expected:?}"));
                    }
                }
            }
        }
    }
    assert_eq!(wrong, [] as [String; 0], "of {tried}");
    assert!(tried > 350, "{tried}");
    app.stop().await;
}
