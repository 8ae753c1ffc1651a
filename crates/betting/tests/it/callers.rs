//! Bets for which nobody waits any more.

use std::time::Duration;

use loljoa_service_kit::{Error, ErrorCode};
use sqlx::PgPool;

use crate::harness::{Bet, World, until_blocked};

#[sqlx::test]
async fn a_bet_whose_deadline_is_over_while_it_queues_is_dropped_before_the_debit(pool: PgPool) {
    let world = World::start_with(&pool, |config| {
        config.placement.workers = 1;
        config.account.timeout_ms = 60_000;
    })
    .await;
    let game = world.game().await;
    let (ahead, late) = (world.account("faker").await, world.account("chovy").await);
    let held = world.hold_balance(ahead).await;
    let betting = world.betting();
    let first = Bet::on(&game.winner, "T1", ahead, 100);
    let story = async {
        until_blocked(world.ledger_pool(), 1).await;
        // The only worker waits for the row, so this one waits in the queue, longer than its caller does.
        let hasty = Bet::on(&game.winner, "GEN", late, 200);
        let status = betting.place_within(&hasty, Duration::from_millis(200)).await.unwrap_err();
        assert_eq!(Error::from(status).code, ErrorCode::Unavailable);
        held.rollback().await.unwrap();
        hasty
    };
    let (placed, hasty) = tokio::join!(betting.place(&first), story);
    placed.unwrap();

    betting.bet(&Bet::on(&game.winner, "GEN", late, 300)).await;
    assert_eq!(world.points(late).await, 700, "nothing was taken for the bet that nobody waited for");
    let market = betting.market(&game.winner.market_id).await;
    assert_eq!(market.pool, 400);

    // Nothing stands in the way of the same request later.
    betting.bet(&hasty).await;
    assert_eq!(world.points(late).await, 500);
    world.end().await;
}
