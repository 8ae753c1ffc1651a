//! What nobody needs any more is deleted, and the audit does not miss it.

use loljoa_proto::betting::v1::MarketState;
use sqlx::PgPool;

use crate::harness::{Bet, World, eventually};

async fn positions(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM positions").fetch_one(pool).await.unwrap()
}

#[sqlx::test]
async fn positions_of_final_markets_are_swept_some_time_after_their_end(pool: PgPool) {
    let mut world = World::start(&pool).await;
    let (over, live) = (world.game().await, world.game().await);
    for n in 0..5 {
        let account = world.account(&format!("bettor_{n}")).await;
        world.betting().bet(&Bet::on(&over.winner, "T1", account, 100)).await;
        world.betting().bet(&Bet::on(&over.score, "2-0", account, 100)).await;
        world.betting().bet(&Bet::on(&live.winner, "T1", account, 100)).await;
    }
    world.feed.say(over.fixture.completed(2, [2, 0]));
    world.until(&over.winner, MarketState::Settled).await;
    world.until(&over.score, MarketState::Settled).await;
    assert_eq!(positions(&pool).await, 15);
    world
        .add_replica(|config| {
            config.retention.positions_ms = 0;
            config.retention.interval_ms = 10;
            config.retention.chunk = 2;
        })
        .await;
    let swept = async || {
        let left = "SELECT count(*) FROM markets WHERE closed_at IS NOT NULL AND NOT swept";
        let left: i64 = sqlx::query_scalar(left).fetch_one(&pool).await.unwrap();
        (left == 0).then_some(())
    };
    eventually(swept).await;
    assert_eq!(positions(&pool).await, 5);
    let leaders: i64 = sqlx::query_scalar("SELECT count(*) FROM leaders").fetch_one(&pool).await.unwrap();
    assert_eq!(leaders, 5);
    assert_eq!(loljoa_betting::audit::full(&pool).await.unwrap(), []);
    world.end().await;
}
