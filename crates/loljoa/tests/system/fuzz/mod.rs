//! Matches that are moved, renamed, re-scored, cancelled, removed and imported again at random, and stages that are said otherwise, while
//! bets are placed on them.
//!
//! `make fuzz-matches SEED=… STEPS=…` does it for longer. A seed decides who tries what and when; how bets and changes fall together is up to
//! the machine.

mod board;
mod change;
mod commute;
mod contests;
mod crowd;
mod cup;
mod damage;
mod desk;
mod line;
mod rules;
mod tally;
mod told;
mod view;

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use loljoa::system::Service;
use loljoa_service_kit::Clock;
use serde_json::json;
use tokio::time::{self, Instant};
use uuid::Uuid;

use self::{crowd::Crowd, desk::Desk, told::Run, view::View};
use crate::{
    promises::{self, Books},
    support::{App, eventually},
};

const CANCEL_WINDOW: Duration = Duration::from_millis(50);
const A_DAY_S: u32 = 24 * 3_600;
/// A market whose row is held for long is put aside, and its bettors are asked to come again. Here it is the machine that is busy.
const PATIENT_LOCK_MS: u32 = 5_000;
/// Deeds of the admin, and of each bettor, that go on at the same time.
const ROUND: (usize, usize) = (6, 4);
const STEPS_OF_A_ROUND: usize = ROUND.0 + ROUND.1 * Crowd::SIZE;
/// A market about a whole stage is on the board so many times more: there are few, and bettors are to find them.
const FAVOUR: usize = 8;
/// It is looked at this often, and every so many rounds at least.
const LOOKS: usize = 2;
const ROUNDS_UNSEEN: usize = 4;
/// How long betting may take to follow, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn matches_that_change_while_bets_are_placed_keep_every_promise() {
    for run in Run::all("changing matches") {
        changing_matches(run).await;
    }
}

async fn changing_matches(mut run: Run) {
    let app = app().await;
    let mut desk = Desk::open(&app, run.seed).await;
    let mut crowd = Crowd::gather(&app, run.seed).await;
    let begun = Clock::system().now();
    let rounds = run.steps.div_ceil(STEPS_OF_A_ROUND);
    let look_every = rounds.div_ceil(LOOKS).min(ROUNDS_UNSEEN);
    for round in 1..=rounds {
        if desk.announce().await {
            // What is asked about a cup is on the board before its first match ends.
            rules_hold(&app, &desk.last_cups(), &desk.locked).await;
        }
        let mut board = board::open(&app.http).await;
        board.extend(vec![board::about_stages(&app.http).await; FAVOUR].concat());
        let changes = async {
            for _ in 0..ROUND.0 {
                desk.act().await;
            }
        };
        tokio::join!(changes, crowd.act(&board, ROUND.1));
        run.step += STEPS_OF_A_ROUND;
        if round % look_every == 0 {
            let books = all_holds(&app, &desk).await;
            run.print(&format!("{} bets on {} markets", books.bets.len(), books.markets.len()));
        }
    }
    let took = Clock::system().now() - begun;
    desk.end_all().await;
    desk.end_own().await;
    rules_hold(&app, &desk.last_cups(), &desk.locked).await;
    desk.end_cups().await;
    let books = all_holds(&app, &desk).await;
    crowd.finds_all_as_it_was_told().await;
    run.print(&closing_line(&books, &desk, took));
    app.stop().await;
}

/// Nobody has to log in again, or to come again, while it runs.
async fn app() -> App {
    App::start_with(|options| {
        options.cancel_window = CANCEL_WINDOW;
        let account = options.overrides.entry(Service::Account).or_default();
        account["tokens"] = json!({ "access_seconds": A_DAY_S });
        let betting = options.overrides.entry(Service::Betting).or_default();
        betting["placement"] = json!({ "lock_timeout_ms": PATIENT_LOCK_MS });
    })
    .await
}

/// Waits until betting has followed every change and owes nothing, and checks whatever has to hold then.
async fn all_holds(app: &App, desk: &Desk) -> Books {
    let cups = desk.last_cups();
    rules_hold(app, &cups, &desk.locked).await;
    let books = promises::all_hold(&app.db).await;
    rules_hold(app, &cups, &desk.locked).await;
    books
}

/// Waits until the rules hold, of stages those of these `cups` and of every market about one. `locked` are markets that were locked by
/// hand.
async fn rules_hold(app: &App, cups: &[String], locked: &HashSet<Uuid>) -> View {
    let deadline = Instant::now() + PATIENCE;
    loop {
        eventually("asking anew about stages", async || View::is_asked_anew(app).await.then_some(())).await;
        let view = View::of(app, cups).await;
        let mut broken = rules::broken(&view, locked);
        broken.extend(contests::broken(&view, locked));
        let Some(first) = broken.first() else { return view };
        assert!(Instant::now() < deadline, "{} rules are still broken, the first is: {first}", broken.len());
        time::sleep(PAUSE).await;
    }
}

fn closing_line(books: &Books, desk: &Desk, took: chrono::TimeDelta) -> String {
    let count = |states: Vec<&str>| {
        let mut count: BTreeMap<&str, usize> = BTreeMap::new();
        for state in states {
            *count.entry(state).or_default() += 1;
        }
        count.into_iter().map(|(state, times)| format!("{state} {times}")).collect::<Vec<_>>().join(", ")
    };
    let bets = count(books.bets.iter().map(|bet| bet.state.as_str()).collect());
    let markets = count(books.markets.values().map(|market| market.state.as_str()).collect());
    let about_stages = |market: &Uuid| books.markets[market].asks.is_some();
    let stages = books.markets.values().filter(|market| market.asks.is_some());
    let stages = count(stages.map(|market| market.state.as_str()).collect());
    let on_stages = books.bets.iter().filter(|bet| about_stages(&bet.market_id));
    let on_stages = count(on_stages.map(|bet| bet.state.as_str()).collect());
    format!(
        "every promise holds after {:.0} s; bets: {bets}; markets: {markets}; of stages: {stages}; bets: {on_stages}; changes: {}",
        took.as_seconds_f64(),
        desk.tally
    )
}
