//! Of two changes that have nothing to do with each other, it does not matter which comes first: the match, its questions, their answers and
//! pools, and every bet end the same.

mod seen;
mod touch;
mod twins;

use std::collections::{BTreeMap, HashSet};

use futures::future::join_all;
use loljoa_service_kit::Clock;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use uuid::Uuid;

use self::{seen::Seen, twins::Twins};
use super::{
    app, board,
    change::whole_millis,
    line::{Line, file},
    rules_hold,
    told::Run,
    view::View,
};
use crate::{
    promises,
    support::{Admin, App, Bettor, api::Market, eventually},
};

/// So many matches at the same time, beside a cup.
const TWINS: usize = 8;
/// Two changes of each of two, and some bets; all matches of the cups are played.
const STEPS_OF_A_ROUND: usize = TWINS * 10 + 70;
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
    twins.push(Twins::random_cups(round, now, random));
    import(admin, &twins).await;
    let view = holds(app, &twins).await;
    bet_alike(app, bettors, (&twins, &view), random).await;
    for turn in 0..2 {
        let by_hand: Vec<_> = twins.iter_mut().flat_map(|twins| twins.touch(turn)).collect();
        import(admin, &twins).await;
        for line in by_hand {
            admin.http.patch(&line.path(), &json!({ "cancel": true })).await.ok::<Value>();
        }
        if random.random() {
            holds(app, &twins).await;
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
    let stages: Vec<_> = twins.iter().flat_map(Twins::stages).collect();
    let reply = admin.import(&file(lines(twins), &stages)).await;
    assert_eq!(reply.ok::<Value>()["applied"], true, "{}", reply.text);
}

/// Waits until the rules hold, also of the tables of cups.
async fn holds(app: &App, twins: &[Twins]) -> View {
    let cups: Vec<_> = twins.iter().flat_map(|twins| twins.cups.iter().flatten()).collect();
    let names: Vec<_> = cups.iter().map(|cup| cup.name.clone()).collect();
    rules_hold(app, &names, &HashSet::new()).await
}

/// What there are markets about: matches and questions, each with its twin.
fn pairs(twins: &Twins, view: &View) -> Vec<[Uuid; 2]> {
    let [one, other] = &twins.lines;
    let mut pairs: Vec<_> =
        one.iter().zip(other).map(|(one, other)| [one.match_id(), other.match_id()]).collect();
    let Some(cups) = &twins.cups else { return pairs };
    let [ones, others] = cups.each_ref().map(|cup| {
        let own = view.contests.iter().filter(|contest| contest.tournament == cup.name);
        own.map(|it| ((&it.kind, &it.stage, &it.group), it.question_id)).collect::<BTreeMap<_, _>>()
    });
    assert!(ones.len() > 1 && ones.len() == others.len(), "every stage asks: {ones:?}, {others:?}");
    pairs.extend(ones.iter().map(|(what, one)| [*one, others[what]]));
    pairs
}

/// Everybody bets the same on a match and its twin, in the same order; not on every market. So it goes for questions about stages.
async fn bet_alike(app: &App, bettors: &[Bettor], (twins, view): (&[Twins], &View), random: &mut StdRng) {
    let board = board::open(&app.http).await;
    // Of a cup's matches those that change; there are many.
    let is_bet_on = |twins: &Twins, at: usize| twins.is_touched(at) || at >= twins.lines[0].len();
    let bet_on = |twins| {
        let pairs = pairs(twins, view).into_iter().enumerate();
        pairs.filter(|(at, _)| is_bet_on(twins, *at)).map(|(_, pair)| pair).collect::<Vec<_>>()
    };
    for [one, other] in twins.iter().flat_map(bet_on) {
        let of = |id: Uuid| board.iter().filter(|market| market.match_id == id).collect();
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

async fn are_the_same(app: &App, twins: &[Twins], when: &str) {
    eventually("paying what is owed", async || {
        holds(app, twins).await;
        promises::at_rest(&app.db).await.then_some(())
    })
    .await;
    let view = holds(app, twins).await;
    for twins in twins {
        for [one, other] in pairs(twins, &view) {
            let seen = Seen::of(&app.db, &view, one).await;
            let twin = Seen::of(&app.db, &view, other).await;
            assert_eq!(seen, twin, "{when}, after {}", twins.told());
        }
    }
}
