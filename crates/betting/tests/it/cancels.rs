//! Cancels share batches as bets do, and whoever cancels sees the points come back.

use std::time::Duration;

use futures::future;
use loljoa_proto::betting::v1::BetState;
use sqlx::PgPool;
use tokio::time;

use crate::harness::{Bet, World, eventually, hold, until_blocked};

/// Tells a hang from work.
const PATIENCE: Duration = Duration::from_secs(8);

#[sqlx::test]
async fn a_cancel_is_answered_when_its_refund_can_be_seen(pool: PgPool) {
    // Delivery comes by when it is called, and then no more.
    let world = World::start_with(&pool, |config| config.settlement.interval_ms = 3_600_000).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    for _ in 0..20 {
        let bet = world.betting().bet(&Bet::on(&game.winner, "T1", account, 300)).await;
        let cancelled = world.betting().cancel(account, &bet.bet_id).await.unwrap();
        assert_eq!((cancelled.state(), cancelled.returned), (BetState::Cancelled, 300));
        assert_eq!(world.points(account).await, 1_000);
        let owed: i64 = sqlx::query_scalar("SELECT count(*) FROM owed").fetch_one(&pool).await.unwrap();
        assert_eq!(owed, 0);
    }
    world.end().await;
}

#[sqlx::test]
async fn many_cancels_at_once_share_few_connections_and_leave_the_rest_to_others(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account_with("faker", 10_000).await;
    let bets = (0..100).map(|_| Bet::on(&game.winner, "T1", account, 100)).collect();
    let placed: Vec<_> = world.betting().place_all(bets).await;
    let ids: Vec<_> = placed.into_iter().map(|placed| placed.unwrap().bet.unwrap().bet_id).collect();

    let held = hold(&pool, &game.winner).await;
    let cancels = future::join_all(ids.iter().map(|id| world.betting().cancel(account, id)));
    let others = async {
        until_blocked(&pool, 2).await;
        for id in ids.iter().take(10) {
            let read = time::timeout(PATIENCE, world.betting().get(account, id)).await.unwrap();
            assert_eq!(read.unwrap().state(), BetState::Accepted);
        }
        held.commit().await.unwrap();
    };
    let (cancelled, ()) = tokio::join!(cancels, others);
    assert!(cancelled.iter().all(|bet| bet.as_ref().unwrap().state() == BetState::Cancelled));
    assert_eq!(world.points(account).await, 10_000);
    let market = world.betting().market(&game.winner.market_id).await;
    assert_eq!((market.pool, market.outcomes[0].bettors), (0, 0));
    assert!(market.outcomes[0].top_account_id.is_empty());
    world.end().await;
}

#[sqlx::test]
async fn each_cancel_of_a_batch_is_answered_for_itself(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let soon = world.game_in(chrono::TimeDelta::minutes(4)).await;
    let (faker, chovy) = (world.account("faker").await, world.account("chovy").await);
    let mine = world.betting().bet(&Bet::on(&game.winner, "T1", faker, 100)).await;
    let late = world.betting().bet(&Bet::on(&soon.winner, "T1", faker, 100)).await;
    let held = (hold(&pool, &game.winner).await, hold(&pool, &soon.winner).await);
    let race = async {
        tokio::join!(
            world.betting().cancel(faker, &mine.bet_id),
            world.betting().cancel(faker, &mine.bet_id),
            world.betting().cancel(faker, &late.bet_id),
            world.betting().cancel(chovy, &mine.bet_id),
        )
    };
    let release = async {
        until_blocked(&pool, 1).await;
        held.0.commit().await.unwrap();
        held.1.commit().await.unwrap();
    };
    let ((one, two, late, anothers), ()) = tokio::join!(race, release);
    assert_eq!(one.unwrap(), two.unwrap());
    assert_eq!(late.unwrap_err().reason, "cancel_window_closed");
    assert_eq!(anothers.unwrap_err().reason, "bet_not_found");
    eventually(async || (world.points(faker).await == 900).then_some(())).await;
    world.end().await;
}
