//! A thousand bets at once on one outcome: all answered, none lost, none twice.

use futures::{StreamExt, future, stream};
use loljoa_service_kit::AccountId;
use sqlx::PgPool;

use crate::harness::{Bet, World};

/// Places every bet in a call of its own, all at once, twice; and counts the accepted. The rest lack points.
async fn place_at_once(world: &World, bets: &[Bet]) -> usize {
    let round = || future::join_all(bets.iter().map(|bet| world.betting().place(bet)));
    let (first, again) = (round().await, round().await);
    for (first, again) in first.iter().zip(again) {
        match (first, again) {
            (Ok(first), Ok(again)) => assert!(again.replayed && first.bet == again.bet),
            (Err(first), Err(again)) => {
                assert_eq!((&*first.reason, &*again.reason), ("insufficient_points", "insufficient_points"));
            }
            (first, again) => panic!("{first:?}, then {again:?}"),
        }
    }
    first.iter().filter(|answer| answer.is_ok()).count()
}

#[sqlx::test]
async fn a_thousand_bettors_on_one_outcome_are_all_answered(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let sign_up = |n: usize| {
        let world = &world;
        async move { world.account(&format!("bettor_{n}")).await }
    };
    let accounts: Vec<AccountId> = stream::iter(0..1_000).map(sign_up).buffered(16).collect().await;
    let stake = |n: usize| if n.is_multiple_of(20) { 1_001 } else { 100 };
    let bets: Vec<_> = accounts
        .iter()
        .enumerate()
        .map(|(n, account)| Bet::on(&game.winner, "T1", *account, stake(n)))
        .collect();
    assert_eq!(place_at_once(&world, &bets).await, 950);
    let market = world.betting().market(&game.winner.market_id).await;
    assert_eq!((market.pool, market.outcomes[0].bettors), (95_000, 950));
    world.end().await;
}

#[sqlx::test]
async fn a_thousand_bets_of_one_account_are_all_answered(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account_with("faker", 95_000).await;
    let bets: Vec<_> = (0..1_000).map(|_| Bet::on(&game.winner, "T1", account, 100)).collect();
    assert_eq!(place_at_once(&world, &bets).await, 950);
    let market = world.betting().market(&game.winner.market_id).await;
    assert_eq!((market.pool, market.outcomes[0].bettors), (95_000, 1));
    assert_eq!(world.points(account).await, 0);
    world.end().await;
}
