//! What the database refuses whatever the code does.

use loljoa_service_kit::MarketId;
use sqlx::PgPool;

use crate::harness::{Bet, Service};

async fn refusal(pool: &PgPool, statement: &'static str) -> String {
    let error = sqlx::query(statement).execute(pool).await.unwrap_err();
    error.as_database_error().unwrap().message().to_owned()
}

#[sqlx::test]
async fn no_balance_goes_below_zero(pool: PgPool) {
    let service = Service::start(&pool).await;
    service.sign_up("faker").await;
    let message = refusal(&pool, "UPDATE user_balances SET balance = balance - 1001").await;
    assert!(message.contains("balance_not_negative"), "{message}");
    let message = refusal(&pool, "UPDATE user_balances SET staked = staked - 1").await;
    assert!(message.contains("staked_not_negative"), "{message}");
    service.stop().await;
}

#[sqlx::test]
async fn transfers_are_never_changed_or_deleted(pool: PgPool) {
    let service = Service::start(&pool).await;
    service.sign_up("faker").await;
    for statement in ["UPDATE transfers SET points = 1", "DELETE FROM transfers", "TRUNCATE transfers"] {
        assert_eq!(refusal(&pool, statement).await, "transfers is append-only");
    }
    for statement in ["UPDATE bet_results SET paid = 1", "DELETE FROM bet_results", "TRUNCATE bet_results"] {
        assert_eq!(refusal(&pool, statement).await, "bet_results is append-only");
    }
    service.stop().await;
}

#[sqlx::test]
async fn a_stake_has_one_closing_transfer(pool: PgPool) {
    let service = Service::start(&pool).await;
    let bet = Bet::new(service.account("faker").await, MarketId::fresh(), 300);
    service.apply(&[bet.stake(), bet.cancel()]).await;
    let message = refusal(
        &pool,
        "INSERT INTO transfers (transfer_id, kind, account_id, market_id, bet_id, points, fingerprint,
            closes_transfer_id, created_at)
        SELECT gen_random_uuid(), 'payout', account_id, market_id, bet_id, points, fingerprint, closes_transfer_id, now()
        FROM transfers WHERE kind = 'cancel'",
    )
    .await;
    assert!(message.contains("transfers_one_closing"), "{message}");
    service.stop().await;
}

#[sqlx::test(migrations = false)]
async fn replicas_that_start_at_once_may_all_migrate(pool: PgPool) {
    let config = crate::harness::config(&pool);
    let migrations =
        futures::future::join_all((0..3).map(|_| loljoa_account::migrate(&config.database))).await;
    assert!(migrations.iter().all(Result::is_ok));
}
