//! Of two changes that have nothing to do with each other, it does not matter which comes first: the match, its questions, their answers and
//! pools, and every bet end the same.

mod seen;
mod touch;
mod twins;

use std::collections::HashSet;

use futures::future::join_all;
use loljoa_service_kit::Clock;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use self::{seen::Seen, twins::Twins};
use super::{
    app, board,
    change::whole_millis,
    line::{Line, file},
    rules_hold,
    told::Run,
};
use crate::{
    promises,
    support::{Admin, App, Bettor, api::Market, eventually},
};

/// So many at the same time: all their markets have to be on one page.
const TWINS: usize = 8;
/// Two changes of each of two, and some bets.
const STEPS_OF_A_ROUND: usize = TWINS * 10;
/// The books are looked at every so many rounds, and at the end.
const ROUNDS_UNAUDITED: usize = 10;
const POINTS: i64 = 10_000_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_that_commute_reach_one_state_in_either_order() {
    for run in Run::all("commuting changes") {
        commuting_changes(run).await;
    }
}

async fn commuting_changes(mut run: Run) {
    let app = app().await;
    let admin = app.admin().await;
    let bettors = join_all(["faker", "chovy"].map(|name| app.sign_up(name))).await;
    for bettor in &bettors {
        app.fund(bettor.account_id, POINTS).await;
    }
    let mut random = StdRng::seed_from_u64(run.seed);
    for round in 1..=run.steps.div_ceil(STEPS_OF_A_ROUND) {
        one_round(&app, &admin, &bettors, (round, &mut random)).await;
        run.step += STEPS_OF_A_ROUND;
        if round % ROUNDS_UNAUDITED == 0 {
            let books = promises::all_hold(&app.db).await;
            run.print(&format!("{} pairs, {} bets", round * TWINS, books.bets.len()));
        }
    }
    let books = promises::all_hold(&app.db).await;
    run.print(&format!(
        "one state in either order; {} bets on {} markets",
        books.bets.len(),
        books.markets.len()
    ));
    app.stop().await;
}

async fn one_round(app: &App, admin: &Admin, bettors: &[Bettor], (round, random): (usize, &mut StdRng)) {
    let now = whole_millis(Clock::system().now());
    let day = |twin: usize| u16::try_from((round * TWINS + twin) * 2).unwrap();
    let mut twins: Vec<_> = (0..TWINS).map(|twin| Twins::random(day(twin), now, random)).collect();
    import(admin, &twins).await;
    rules_hold(&app.db, &HashSet::new()).await;
    bet_alike(app, bettors, &twins, random).await;
    for turn in 0..2 {
        let by_hand: Vec<_> = twins.iter_mut().flat_map(|twins| twins.touch(turn)).collect();
        import(admin, &twins).await;
        for line in by_hand {
            admin.http.patch(&line.path(), &json!({ "cancel": true })).await.ok::<Value>();
        }
        if random.random() {
            rules_hold(&app.db, &HashSet::new()).await;
        }
    }
    are_the_same(app, &twins, "once changed").await;
    for twins in &mut twins {
        twins.end(random);
    }
    import(admin, &twins).await;
    are_the_same(app, &twins, "once over").await;
}

fn lines(twins: &[Twins]) -> impl Iterator<Item = &Line> {
    twins.iter().flat_map(|twins| twins.lines.iter().flatten())
}

async fn import(admin: &Admin, twins: &[Twins]) {
    let reply = admin.import(&file(lines(twins))).await;
    assert_eq!(reply.ok::<Value>()["applied"], true, "{}", reply.text);
}

/// Everybody bets the same on a match and its twin, in the same order; not on every market.
async fn bet_alike(app: &App, bettors: &[Bettor], twins: &[Twins], random: &mut StdRng) {
    let board = board(app).await;
    for twins in twins {
        let [one, other] = &twins.lines;
        for (one, other) in one.iter().zip(other) {
            let of = |line: &Line| board.iter().filter(|market| market.match_id == line.match_id()).collect();
            let [ones, others]: [Vec<&Market>; 2] = [of(one), of(other)];
            for market in ones {
                let twin = others.iter().find(|other| other.template == market.template).unwrap();
                for bettor in bettors.iter().filter(|_| random.random_ratio(3, 4)).collect::<Vec<_>>() {
                    let key = &market.outcomes[random.random_range(0..market.outcomes.len())].key;
                    let stake = random.random_range(100..1_000);
                    tokio::join!(bettor.bet(market, key, stake), bettor.bet(twin, key, stake));
                }
            }
        }
    }
}

async fn are_the_same(app: &App, twins: &[Twins], when: &str) {
    eventually("paying what is owed", async || {
        rules_hold(&app.db, &HashSet::new()).await;
        promises::at_rest(&app.db).await.then_some(())
    })
    .await;
    let view = rules_hold(&app.db, &HashSet::new()).await;
    for twins in twins {
        let [one, other] = &twins.lines;
        for (one, other) in one.iter().zip(other) {
            let seen = Seen::of(&app.db, &view, one.match_id()).await;
            let twin = Seen::of(&app.db, &view, other.match_id()).await;
            assert_eq!(seen, twin, "{when}, after {}", twins.told());
        }
    }
}
