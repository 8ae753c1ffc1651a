//! The audit is not content by nature: it finds what is planted.

use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    promises,
    support::{App, Cup},
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

/// Adds points to one row behind everybody's back.
async fn plant(pool: &PgPool, table: &str, key: &str, id: Uuid, points: i64) {
    let update = format!("UPDATE {table} + $2 WHERE {key} = $1");
    let planted = sqlx::query(sqlx::AssertSqlSafe(update)).bind(id).bind(points).execute(pool).await.unwrap();
    assert_eq!(planted.rows_affected(), 1, "{table}");
}
