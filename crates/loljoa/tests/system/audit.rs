//! The audit is not content by nature: it finds what is planted.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use loljoa::{
    audit::{self, Books, Difference, Options},
    progress::Progress,
    system::Service,
};
use loljoa_service_kit::ids;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    promises,
    support::{App, Cup, api::Bet, plant},
};

#[tokio::test]
async fn every_planted_difference_is_found_and_named() {
    let app = App::start().await;
    let game = Cup::of(&app).await.game().await;
    let faker = app.sign_up("faker").await;
    let bet = faker.bet(&game.winner, "T1", 500).await;
    faker.bet(&game.score, "2-0", 200).await;
    promises::all_hold(&app.db).await;
    let (market, outcome) = (game.winner.market_id, game.winner.outcome("T1").outcome_id);
    let plants = [
        (&app.db.account, "user_balances SET balance = balance", "account_id", faker.account_id),
        (&app.db.account, "system_balances SET balance = balance", "ledger_id", market),
        (&app.db.account, "system_balances SET cover = cover", "ledger_id", game.score.market_id),
        (&app.db.betting, "outcomes SET pool = pool", "outcome_id", outcome),
        (&app.db.betting, "bets SET stake = stake", "bet_id", bet.bet_id),
    ];
    for (pool, table, key, id) in plants {
        plant(pool, table, key, id, 1).await;
    }
    let (clean, said) = promises::audit(&app.db).await;
    assert!(!clean, "{said}");
    for (pool, table, key, id) in plants {
        assert!(said.contains(&id.to_string()), "{table}: {said}");
        plant(pool, table, key, id, -1).await;
    }
    promises::all_hold(&app.db).await;
}

#[tokio::test]
async fn a_second_effect_of_a_key_is_a_broken_promise() {
    let app = App::start().await;
    let game = Cup::of(&app).await.game().await;
    let faker = app.sign_up("faker").await;
    let key = ids::fresh();
    for _ in 0..2 {
        faker.try_bet(key, &game.winner, "T1", 500).await.ok::<Bet>();
    }
    let mut books = promises::all_hold(&app.db).await;
    let second = books.bets[0].clone();
    books.bets.push(second);
    let broken = catch_unwind(AssertUnwindSafe(|| promises::one_key_has_one_effect(&books)));
    assert!(broken.is_err(), "two bets for one key are noticed");
    books.bets.pop();
    let stake = books.transfers.iter().find(|transfer| transfer.is_stake()).unwrap().clone();
    books.transfers.push(stake);
    let broken = catch_unwind(AssertUnwindSafe(|| promises::one_key_has_one_effect(&books)));
    assert!(broken.is_err(), "and so are two stakes");
}

/// Reads both databases in pieces of this size.
async fn in_pieces(app: &App, page: i64, grace: Duration) -> Vec<Difference> {
    let books = Books::single(app.db.account.clone(), app.db.betting.clone());
    let options = Options { grace, page: Some(page) };
    let report = audit::run(&books, options, &Progress::of("auditing", true)).await.unwrap();
    assert_eq!(report.omitted, 0);
    report.differences
}

#[tokio::test]
async fn it_finds_the_same_in_pieces_of_any_size() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let (game, other) = (cup.game().await, cup.game().await);
    let mut bets = Vec::new();
    for name in ["faker", "chovy", "zeus"] {
        let bettor = app.sign_up(name).await;
        for (market, key) in [(&game.winner, "T1"), (&game.sets, "2"), (&other.winner, "GEN")] {
            bets.push(bettor.bet(market, key, 200).await);
        }
    }
    cup.settle(&game.winner, "T1").await;
    promises::all_hold(&app.db).await;
    app.db.lose_stake(bets[1].bet_id).await;
    app.db.lose_stake(bets[8].bet_id).await;
    app.db.lose_closing(bets[3].bet_id).await;
    plant(&app.db.betting, "markets SET pool = pool", "market_id", other.winner.market_id, 1).await;
    let whole = in_pieces(&app, 10_000, Duration::ZERO).await;
    let checks: Vec<_> = whole.iter().map(|found| (found.books, found.check.as_str())).collect();
    let expected = [("betting", "market_pool"), ("both", "closing"), ("both", "stake"), ("both", "stake")];
    assert_eq!(checks.len(), 4, "{whole:?}");
    assert!(expected.iter().all(|check| checks.contains(check)), "{whole:?}");
    for page in [1, 2, 5] {
        assert_eq!(in_pieces(&app, page, Duration::ZERO).await, whole, "in pieces of {page}");
    }
}

#[tokio::test]
async fn a_stake_without_a_bet_is_not_left_out_for_being_young_or_behind_an_open_transaction() {
    let app = App::start_with(|options| {
        let betting = options.overrides.get_mut(&Service::Betting).unwrap();
        betting["recovery"]["grace_ms"] = json!(600_000);
    })
    .await;
    let game = Cup::of(&app).await.game().await;
    let faker = app.sign_up("faker").await;
    // Nothing that comes from now on is below the watermark.
    let mut open = loljoa_service_kit::postgres::begin(&app.db.account).await.unwrap();
    sqlx::query("SELECT pg_current_xact_id()").execute(&mut *open).await.unwrap();
    let bet = app.db.orphan_stake(faker.account_id, game.winner.market_id, 500).await;
    for grace in [Duration::ZERO, Duration::from_millis(300)] {
        let found = in_pieces(&app, 100, grace).await;
        let found: Vec<_> = found.iter().map(|found| (found.check.as_str(), found.subject.clone())).collect();
        assert_eq!(found, [("stake", bet.to_string())]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_finds_nothing_while_bets_come_and_go() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let (game, ends) = (cup.game().await, cup.game().await);
    let faker = app.sign_up("faker").await;
    for _ in 0..10 {
        faker.bet(&ends.winner, "T1", 100).await;
    }
    app.fund(faker.account_id, 1_000_000).await;
    let enough = CancellationToken::new();
    let (until, bettor, market) = (enough.clone(), faker.clone(), game.winner.clone());
    let busy = tokio::spawn(async move {
        let mut bets = 0;
        while !until.is_cancelled() {
            let bet = bettor.bet(&market, "T1", 100).await;
            bettor.cancel(bet.bet_id).await.ok::<serde_json::Value>();
            bettor.bet(&market, "GEN", 100).await;
            bets += 2;
        }
        bets
    });
    let patient = Duration::from_mins(1);
    assert_eq!(in_pieces(&app, 3, patient).await, []);
    cup.settle(&ends.winner, "T1").await;
    for page in [1, 7] {
        assert_eq!(in_pieces(&app, page, patient).await, []);
    }
    enough.cancel();
    assert!(busy.await.unwrap() > 0);
    promises::all_hold(&app.db).await;
}
