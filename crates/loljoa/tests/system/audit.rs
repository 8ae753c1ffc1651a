//! The audit is not content by nature: it finds what is planted.

use std::panic::{AssertUnwindSafe, catch_unwind};

use loljoa_service_kit::ids;
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    promises,
    support::{App, Cup, api::Bet},
};

#[tokio::test]
async fn every_planted_difference_is_found_and_named() {
    let app = App::start().await;
    let game = Cup::of(&app).await.game().await;
    let faker = app.sign_up("faker").await;
    let bet = faker.bet(&game.winner, "T1", 500).await;
    promises::all_hold(&app.db).await;
    let (market, outcome) = (game.winner.market_id, game.winner.outcome("T1").outcome_id);
    let plants = [
        (&app.db.account, "user_balances SET balance = balance", "account_id", faker.account_id),
        (&app.db.account, "system_balances SET balance = balance", "ledger_id", market),
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

/// Adds points to one row behind everybody's back.
async fn plant(pool: &PgPool, table: &str, key: &str, id: Uuid, points: i64) {
    let update = format!("UPDATE {table} + $2 WHERE {key} = $1");
    let planted = sqlx::query(sqlx::AssertSqlSafe(update)).bind(id).bind(points).execute(pool).await.unwrap();
    assert_eq!(planted.rows_affected(), 1, "{table}");
}
