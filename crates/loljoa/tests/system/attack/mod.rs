//! An attack on everything that can be reached, while honest users bet: each bet stands, in about the time that it takes anyway,
//! no service grows or keeps what the attackers left, and the books are right.
//!
//! `make test-attack` does the same to a release build, larger and longer, and prints the figures.

mod calls;
mod figures;
mod foes;
#[path = "../../../../gateway/tests/it/harness/frames.rs"]
mod frames;
mod honest;
mod requests;
mod scale;
mod sockets;
mod watch;

use std::time::Duration;

use loljoa::system::Service;
use serde_json::json;
use tokio::time;

use self::{
    figures::Figures,
    foes::{Foes, Kind},
    honest::Honest,
    scale::Scale,
    watch::Watch,
};
use crate::{
    promises,
    support::{App, Cup},
};

/// How long the attackers are at it before it is measured.
const GATHER: Duration = Duration::from_secs(2);

/// Services as they are configured by themselves, but for times, which fit into a test.
async fn app(scale: &Scale, gateway: serde_json::Value) -> App {
    App::start_as_processes(|options| {
        if let Some(program) = &scale.program {
            options.mode = loljoa::system::Mode::Processes { program: program.clone() };
        }
        options.overrides.clear();
        options.overrides.insert(Service::Gateway, gateway);
    })
    .await
}

/// Calm, attack, calm, and so on; what the machine does besides is in both. An attack does not end before the gateway has dropped
/// connections for each of these `reasons`.
async fn alternate(app: &App, scale: &Scale, kinds: &[Kind], reasons: &[&str]) -> (Figures, Watch) {
    let (mut cup, mut figures) = (Cup::of(app).await, Figures::default());
    let game = cup.game().await;
    let honest = Honest::gather(app, game).await;
    honest.bet_for(scale.window).await;
    let mut watch = Watch::begin(app);
    for _ in 0..scale.rounds {
        figures.calm.push(honest.bet_for(scale.window).await);
        let foes = Foes::begin(app, &honest, scale, kinds);
        honest.bet_for(GATHER).await;
        figures.attack.push(honest.bet_for(scale.window).await);
        watch.until_dropped(reasons).await;
        figures.add(foes.end().await);
        watch.until_all_is_let_go().await;
        watch.note_values().await;
    }
    figures.calm.push(honest.bet_for(scale.window).await);
    watch.end();
    (figures, watch)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn honest_bets_stand_during_an_attack() {
    let scale = Scale::told();
    let short = json!({ "header_timeout_ms": 2_000, "body_timeout_ms": 4_000, "write_timeout_ms": 2_000 });
    let app = app(&scale, json!({ "http": short, "streams": { "slow_reader_ms": 1_000 } })).await;
    let (figures, watch) = alternate(&app, &scale, &Scale::kinds(), &["silent", "unread"]).await;
    Scale::print("an attack of all kinds", &figures, &watch);
    figures.are_good(&scale);
    watch.is_good();
    time::timeout(Duration::from_mins(2), promises::all_hold(&app.db)).await.expect("it comes to rest");
    app.stop().await;
}

/// Passwords at their real cost, and nobody throttled before a password is looked at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn honest_bets_stand_beside_a_storm_of_log_ins() {
    let scale = Scale::told();
    let no_limit = json!({ "per_second": 0, "burst": 0 });
    let limits = json!({ "per_address": no_limit, "log_in": { "per_minute": 0, "burst": 0 } });
    let app = app(&scale, json!({ "limits": limits })).await;
    let (figures, watch) = alternate(&app, &scale, &[Kind::LogInStorm], &[]).await;
    Scale::print("a storm of log-ins alone", &figures, &watch);
    figures.are_good(&scale);
    watch.is_good();
    app.stop().await;
}
