//! The path of a bet, as a client sees it.

use loljoa_proto::{
    account::v1::{Transfer, TransferKind, TransferOutcome},
    betting::v1::BetState,
};
use loljoa_service_kit::ErrorCode;
use sqlx::PgPool;

use crate::harness::{Bet, World, while_held};

#[sqlx::test]
async fn the_same_request_again_is_the_same_bet(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let bet = Bet::on(&game.winner, "T1", account, 400);

    let first = world.betting().place(&bet).await.unwrap();
    let second = world.betting().place(&bet).await.unwrap();
    assert!(!first.replayed && second.replayed);
    assert_eq!(first.bet, second.bet);

    let twice = world.betting().place_all(vec![bet.clone(), bet.clone()]).await;
    assert!(twice.iter().all(|answer| answer.as_ref().unwrap().bet == first.bet));
    assert_eq!(world.points(account).await, 600);
    world.end().await;
}

#[sqlx::test]
async fn a_new_bet_twice_in_one_batch_is_one_bet(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let bet = Bet::on(&game.winner, "T1", account, 400);
    let answers = world.betting().place_all(vec![bet.clone(), bet]).await;
    assert_eq!(answers[0].as_ref().unwrap().bet, answers[1].as_ref().unwrap().bet);
    assert_eq!(world.points(account).await, 600);
    world.end().await;
}

#[sqlx::test]
async fn the_same_key_with_another_body_is_a_conflict_and_changes_nothing(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let bet = Bet::on(&game.winner, "T1", account, 400);
    world.betting().bet(&bet).await;
    let mut other = bet.clone();
    other.0.stake = 500;
    let mut elsewhere = Bet::on(&game.score, "2-0", account, 400);
    elsewhere.0.idempotency_key = bet.0.idempotency_key.clone();

    for answer in world.betting().place_all(vec![other.clone(), elsewhere]).await {
        assert_eq!(answer.unwrap_err().reason, "idempotency_key_reused");
    }
    world.betting().lock(&game.winner).await.unwrap();
    assert_eq!(world.betting().place(&other).await.unwrap_err().reason, "idempotency_key_reused");
    assert_eq!(world.points(account).await, 600);
    world.end().await;
}

#[sqlx::test]
async fn two_bodies_of_one_key_in_one_batch_make_one_bet(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let one = Bet::on(&game.winner, "T1", account, 400);
    let mut two = one.clone();
    two.0.stake = 500;
    let answers = world.betting().place_all(vec![one, two]).await;
    assert_eq!(answers[0].as_ref().unwrap().bet.as_ref().unwrap().stake, 400);
    assert_eq!(answers[1].as_ref().unwrap_err().reason, "idempotency_key_reused");
    assert_eq!(world.points(account).await, 600);
    world.end().await;
}

#[sqlx::test]
async fn a_bet_is_found_again_after_its_market_has_closed(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let bet = Bet::on(&game.winner, "T1", account, 400);
    let placed = world.betting().bet(&bet).await;
    world.betting().lock(&game.winner).await.unwrap();
    let again = world.betting().place(&bet).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.bet.unwrap().bet_id, placed.bet_id);
    world.end().await;
}

#[sqlx::test]
async fn a_refused_stake_does_not_disturb_its_neighbours(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let (rich, poor) = (world.account_with("rich", 5_000).await, world.account("poor").await);
    let bets = vec![
        Bet::on(&game.winner, "T1", rich, 5_000),
        Bet::on(&game.winner, "T1", poor, 1_001),
        Bet::on(&game.winner, "GEN", poor, 1_000),
        Bet::on(&game.winner, "GEN", poor, 100),
    ];
    let answers = world.betting().place_all(bets).await;
    let reasons: Vec<_> =
        answers.iter().map(|answer| answer.as_ref().map_err(|error| error.reason.as_str()).err()).collect();
    assert_eq!(reasons, [None, Some("insufficient_points"), None, Some("insufficient_points")]);
    let market = world.betting().market(&game.winner.market_id).await;
    assert_eq!((market.pool, market.outcomes[0].pool, market.outcomes[1].pool), (6_000, 5_000, 1_000));
    world.end().await;
}

#[sqlx::test]
async fn a_bet_that_finds_its_market_closed_after_the_debit_is_refused_for_good_and_refunded(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let bet = Bet::on(&game.winner, "T1", account, 400);

    // The stake is taken, and the very instant of the lock comes before the bet is recorded.
    let mut held = crate::harness::hold(&pool, &game.winner).await;
    let lock = async {
        crate::harness::until_blocked(&pool, 1).await;
        sqlx::query("UPDATE markets SET lock_at = clock_timestamp() WHERE market_id = $1::uuid")
            .bind(&game.winner.market_id)
            .execute(&mut *held)
            .await
            .unwrap();
        held.commit().await.unwrap();
    };
    let (refused, ()) = tokio::join!(world.betting().place(&bet), lock);
    assert_eq!(refused.unwrap_err().reason, "market_locked");
    world.until_delivered().await;
    assert_eq!(world.points(account).await, 1_000);

    let again = world.betting().place(&bet).await.unwrap_err();
    assert_eq!((again.code, again.reason.as_str()), (ErrorCode::Conflict, "market_locked"));
    let bet_id = bet.id().to_string();
    let tombstone = world.betting().get(account, &bet_id).await.unwrap();
    assert_eq!((tombstone.state(), tombstone.returned), (BetState::Refunded, 400));
    world.end().await;
}

#[sqlx::test]
async fn the_locks_own_instant_is_too_late(pool: PgPool) {
    let takes = |instant: &'static str| {
        sqlx::query_scalar::<_, bool>("SELECT takes_bets('open', '2022-02-12 17:00+09', $1::timestamptz)")
            .bind(instant)
            .fetch_one(&pool)
    };
    assert!(takes("2022-02-12 16:59:59.999999+09").await.unwrap());
    assert!(!takes("2022-02-12 17:00+09").await.unwrap());
}

#[sqlx::test]
async fn a_refund_that_came_first_refuses_the_late_stake(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let bet = Bet::on(&game.winner, "T1", account, 400);
    let bet_id = bet.id();
    let refund = Transfer {
        transfer_id: bet_id.closing_transfer().to_string(),
        kind: TransferKind::Tombstone.into(),
        account_id: account.to_string(),
        market_id: game.winner.market_id.clone(),
        bet_id: bet_id.to_string(),
        points: 400,
        fingerprint: vec![0; 32],
        closes_transfer_id: bet_id.stake_transfer().to_string(),
    };
    assert_eq!(world.transfer(refund).await, TransferOutcome::StakeMissing);
    assert_eq!(world.betting().place(&bet).await.unwrap_err().reason, "market_locked");
    assert_eq!(world.points(account).await, 1_000);
    world.end().await;
}

#[sqlx::test]
async fn a_full_queue_answers_at_once(pool: PgPool) {
    let world = World::start_with(&pool, |config| {
        config.placement.queue = 2;
        config.placement.batch = 1;
        config.placement.workers = 1;
    })
    .await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let bets: Vec<_> = (0..5).map(|_| Bet::on(&game.winner, "T1", account, 100)).collect();
    let answers = while_held(&pool, &game.winner, 1, world.betting().place_all(bets)).await;
    let full: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert!(!full.is_empty());
    assert!(full.iter().all(|error| (error.code, &*error.reason) == (ErrorCode::Exhausted, "queue_full")));
    world.end().await;
}

#[sqlx::test]
async fn the_top_bettor_is_right_after_more_bets_and_a_cancel(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let (faker, chovy) = (world.account("faker").await, world.account("chovy").await);
    let top = async || {
        let outcome = world.betting().market(&game.winner.market_id).await.outcomes.remove(0);
        (outcome.top_account_id, outcome.top_stake, outcome.bettors)
    };
    let large = world.betting().bet(&Bet::on(&game.winner, "T1", faker, 300)).await;
    world.betting().bet(&Bet::on(&game.winner, "T1", chovy, 200)).await;
    assert_eq!(top().await, (faker.to_string(), 300, 2));
    // A tie stays with the earlier.
    world.betting().bet(&Bet::on(&game.winner, "T1", chovy, 100)).await;
    assert_eq!(top().await, (faker.to_string(), 300, 2));
    world.betting().cancel(faker, &large.bet_id).await.unwrap();
    assert_eq!(top().await, (chovy.to_string(), 300, 1));
    world.end().await;
}
