//! The ledger's answer to a debit comes after the batch has given up waiting. The stake may be taken all the same, and there
//! is one right state: the bet, if it is asked for again before recovery has looked, and otherwise the refund.

use loljoa_proto::betting::v1::BetState;
use loljoa_service_kit::{AccountId, ErrorCode, postgres};
use sqlx::{PgPool, Postgres, Transaction};

use crate::harness::{Bet, World, eventually, until_blocked};

/// Holds the points of an account, so that the ledger cannot decide its transfers.
async fn hold_points(world: &World, account: AccountId) -> Transaction<'static, Postgres> {
    let mut transaction = postgres::begin(world.ledger_pool()).await.unwrap();
    sqlx::query("SELECT FROM user_balances WHERE account_id = $1 FOR UPDATE")
        .bind(account.0)
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction
}

/// A bet whose batch gave up while the ledger was about to take the stake, which it then does.
async fn late_stake(world: &World, account: AccountId) -> Bet {
    let game = world.game().await;
    let bet = Bet::on(&game.winner, "T1", account, 300);
    let held = hold_points(world, account).await;
    let refused = async {
        let refused = world.betting().place(&bet).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::Unavailable);
    };
    tokio::join!(refused, until_blocked(world.ledger_pool(), 1));
    let stakes: i64 = sqlx::query_scalar("SELECT count(*) FROM transfers WHERE kind = 'stake'")
        .fetch_one(world.ledger_pool())
        .await
        .unwrap();
    assert_eq!(stakes, 0, "the batch gave up before the ledger decided");
    held.rollback().await.unwrap();
    eventually(async || {
        let taken: i64 = sqlx::query_scalar("SELECT count(*) FROM transfers WHERE kind = 'stake'")
            .fetch_one(world.ledger_pool())
            .await
            .unwrap();
        (taken == 1).then_some(())
    })
    .await;
    bet
}

#[sqlx::test]
async fn a_bet_whose_stake_came_late_is_completed_when_it_is_asked_for_again(pool: PgPool) {
    let world = World::start_with(&pool, |config| config.account.timeout_ms = 1_000).await;
    let account = world.account("faker").await;
    let bet = late_stake(&world, account).await;
    assert_eq!(world.points(account).await, 700);
    assert_eq!(
        world.betting().get(account, &bet.id().to_string()).await.unwrap_err().reason,
        "bet_not_found"
    );
    let completed = world.betting().place(&bet).await.unwrap();
    assert!(!completed.replayed);
    assert_eq!(completed.bet.unwrap().state(), BetState::Accepted);
    assert_eq!(world.points(account).await, 700, "the stake was taken once");
    assert_eq!(world.betting().market(&bet.0.market_id).await.pool, 300);
    world.end().await;
}

#[sqlx::test]
async fn a_stake_that_came_late_and_is_not_asked_for_again_is_given_back(pool: PgPool) {
    let world = World::start_with(&pool, |config| {
        config.account.timeout_ms = 1_000;
        config.recovery.grace_ms = 0;
    })
    .await;
    let account = world.account("faker").await;
    let bet = late_stake(&world, account).await;
    eventually(async || (world.points(account).await == 1_000).then_some(())).await;
    let fate = world.betting().place(&bet).await.unwrap();
    assert!(fate.replayed, "the refund is final");
    assert_eq!(fate.bet.unwrap().state(), BetState::Refunded);
    assert_eq!(world.points(account).await, 1_000);
    assert_eq!(world.betting().market(&bet.0.market_id).await.pool, 0);
    world.end().await;
}
