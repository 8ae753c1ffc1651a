//! Interleavings, forced.

use std::collections::HashSet;

use futures::future::join_all;
use loljoa_proto::account::v1::{TransferKind, TransferOutcome as Outcome};
use loljoa_service_kit::{AccountId, Clock, MarketId, postgres};
use sqlx::{PgConnection, PgPool};

use crate::harness::{
    Bet, Service, assert_ledger_is_clean, config, eventually, gift, give, noon, until_blocked,
};

/// Calls the ledger's function on a connection of the test's own, so that the test decides when it commits.
async fn apply_on(connection: &mut PgConnection, bet: Bet, kind: &str) -> String {
    let (id, closes) = match kind {
        "stake" => (bet.id.stake_transfer(), None),
        _ => (bet.id.closing_transfer(), Some(bet.id.stake_transfer())),
    };
    sqlx::query_scalar(
        "SELECT (apply_transfers(ARRAY[$1], ARRAY[$2::transfer_kind], ARRAY[$3], ARRAY[$4], ARRAY[$5], ARRAY[$6],
            ARRAY['request'::bytea], ARRAY[$7::uuid], 0::smallint))[1]::text",
    )
    .bind(id)
    .bind(kind)
    .bind(bet.account)
    .bind(bet.market)
    .bind(bet.id)
    .bind(bet.stake)
    .bind(closes)
    .fetch_one(connection)
    .await
    .unwrap()
}

#[sqlx::test]
async fn a_refund_under_way_makes_its_stake_wait_and_refuses_it(pool: PgPool) {
    let service = Service::start(&pool).await;
    let bet = Bet::new(service.account("faker").await, MarketId::fresh(), 300);
    let mut refund = postgres::begin(&pool).await.unwrap();
    assert_eq!(apply_on(&mut refund, bet, "tombstone").await, "stake_missing");
    let stake = bet.stake();
    let (outcome, ()) = tokio::join!(service.apply_one(&stake), async {
        until_blocked(&pool, 1).await;
        refund.commit().await.unwrap();
    });
    assert_eq!(outcome, Outcome::StakeRevoked);
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn a_stake_under_way_makes_its_refund_wait_and_is_given_back(pool: PgPool) {
    let service = Service::start(&pool).await;
    let bet = Bet::new(service.account("faker").await, MarketId::fresh(), 300);
    let mut stake = postgres::begin(&pool).await.unwrap();
    assert_eq!(apply_on(&mut stake, bet, "stake").await, "applied");
    let refund = bet.close(TransferKind::Tombstone, 300);
    let (outcome, ()) = tokio::join!(service.apply_one(&refund), async {
        until_blocked(&pool, 1).await;
        stake.commit().await.unwrap();
    });
    assert_eq!(outcome, Outcome::Applied);
    assert_eq!(service.look(bet.account).await.points, 1_000);
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn a_payout_and_a_refund_at_once_close_the_bet_once(pool: PgPool) {
    let service = Service::start(&pool).await;
    let bet = Bet::new(service.account("faker").await, MarketId::fresh(), 300);
    service.apply_one(&bet.stake()).await;
    let mut payout = postgres::begin(&pool).await.unwrap();
    assert_eq!(apply_on(&mut payout, bet, "payout").await, "applied");
    let cancel = bet.cancel();
    let (outcome, ()) = tokio::join!(service.apply_one(&cancel), async {
        until_blocked(&pool, 1).await;
        payout.commit().await.unwrap();
    });
    assert_eq!(outcome, Outcome::Conflict);
    assert_eq!(service.look(bet.account).await.points, 1_000);
    service.stop().await;
}

#[sqlx::test]
async fn one_id_for_two_accounts_at_once_is_applied_for_one(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, keria) = (service.account("faker").await, service.account("keria").await);
    let first = Bet::new(faker, MarketId::fresh(), 300);
    let second = Bet { account: keria, ..first };
    let mut other = postgres::begin(&pool).await.unwrap();
    assert_eq!(apply_on(&mut other, first, "stake").await, "applied");
    let stake = second.stake();
    let (outcome, ()) = tokio::join!(service.apply_one(&stake), async {
        until_blocked(&pool, 1).await;
        other.commit().await.unwrap();
    });
    assert_eq!(outcome, Outcome::Conflict, "the whole batch was decided again");
    assert_eq!(service.look(keria).await.points, 1_000);
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn a_batch_is_applied_even_if_its_caller_has_gone(pool: PgPool) {
    let service = Service::start(&pool).await;
    let bet = Bet::new(service.account("faker").await, MarketId::fresh(), 300);
    let mut lock = postgres::begin(&pool).await.unwrap();
    sqlx::query("SELECT FROM user_balances FOR UPDATE").execute(&mut *lock).await.unwrap();
    let stake = bet.stake();
    tokio::select! {
        _ = service.apply_one(&stake) => panic!("the row is locked"),
        () = until_blocked(&pool, 1) => {}
    }
    lock.commit().await.unwrap();
    // A second call before that could overtake the first.
    eventually(async || (service.look(bet.account).await.points == 700).then_some(())).await;
    assert_eq!(service.apply_one(&stake).await, Outcome::AlreadyApplied);
    service.stop().await;
}

#[sqlx::test]
async fn stopping_lets_the_batch_under_way_finish(pool: PgPool) {
    let service = Service::start(&pool).await;
    let bet = Bet::new(service.account("faker").await, MarketId::fresh(), 300);
    let mut lock = postgres::begin(&pool).await.unwrap();
    sqlx::query("SELECT FROM user_balances FOR UPDATE").execute(&mut *lock).await.unwrap();
    let (mut ledger, transfers) = (service.ledger.clone(), vec![bet.stake()]);
    let call = tokio::spawn(async move {
        ledger.apply_transfers(loljoa_proto::account::v1::ApplyTransfersRequest { transfers }).await
    });
    until_blocked(&pool, 1).await;
    service.start_stopping().await;
    lock.commit().await.unwrap();
    assert_eq!(call.await.unwrap().unwrap().into_inner().outcomes, [i32::from(Outcome::Applied)]);
    service.stop().await;
}

/// Two replicas, two workers each, many callers with the same accounts in every order.
#[sqlx::test]
async fn many_callers_with_the_same_accounts_are_all_answered_and_lose_no_point(pool: PgPool) {
    let clock = Clock::fixed(noon());
    let replicas = [
        Service::start_with(config(&pool), clock.clone()).await,
        Service::start_with(config(&pool), clock.clone()).await,
    ];
    let names = (0..20).map(|n| format!("bettor_{n}")).collect::<Vec<_>>();
    let accounts: Vec<AccountId> = join_all(names.iter().map(|name| replicas[0].account(name))).await;
    let markets: Vec<MarketId> = (0..3).map(|_| MarketId::fresh()).collect();
    let calls = (0..60_usize).map(|call| {
        let (service, markets) = (&replicas[call % 2], &markets);
        // A stake that is given back at once, and one that stands, of each account.
        let bet = |account: &AccountId| Bet::new(*account, markets[call % 3], 5);
        let mut batch: Vec<_> = accounts.iter().map(|account| bet(account).stake()).collect();
        batch.extend(accounts.iter().map(bet).flat_map(|bet| [bet.stake(), bet.cancel()]));
        let turn = call * 6 % batch.len();
        batch.rotate_left(turn);
        async move { service.apply(&batch).await }
    });
    let outcomes: HashSet<Outcome> = join_all(calls).await.into_iter().flatten().collect();
    assert_eq!(outcomes, HashSet::from([Outcome::Applied]));
    for account in accounts {
        let found = replicas[1].look(account).await;
        assert_eq!((found.points, found.staked), (1_000 - 60 * 5, 60 * 5));
    }
    for replica in replicas {
        replica.stop().await;
    }
    assert_ledger_is_clean(&pool).await;
}

#[sqlx::test]
async fn a_full_queue_is_waited_for_and_not_for_long(pool: PgPool) {
    let mut config = config(&pool);
    config.ledger.queue_capacity = 5_000;
    config.ledger.patience_ms = 1;
    let service = Service::start_with(config, Clock::fixed(noon())).await;
    let faker = service.account("faker").await;
    give(&pool, &gift(faker, 4_000)).await;
    let stake = || Bet::new(faker, MarketId::fresh(), 1).stake();
    let stakes: Vec<_> = (0..5_000).map(|_| stake()).collect();
    let mut lock = postgres::begin(&pool).await.unwrap();
    sqlx::query("SELECT FROM user_balances FOR UPDATE").execute(&mut *lock).await.unwrap();
    let (full, ()) = tokio::join!(service.apply(&stakes), async {
        until_blocked(&pool, 1).await;
        let error = service.try_apply(&[stake()]).await.unwrap_err();
        assert_eq!(error.reason, "ledger_queue_full");
        assert!(error.retry_after.is_some());
        lock.commit().await.unwrap();
    });
    assert!(full.into_iter().all(|outcome| outcome == Outcome::Applied));
    assert_eq!(service.look(faker).await.points, 0);
    service.stop().await;
}
