//! Finding what is not what it should be.

use loljoa_account::audit::{self, Check, Difference};
use loljoa_service_kit::{MarketId, Points};
use sqlx::PgPool;

use crate::harness::{Bet, Service, assert_ledger_is_clean};

#[sqlx::test]
async fn a_clean_ledger_has_no_difference(pool: PgPool) {
    let service = Service::start(&pool).await;
    let bet = Bet::new(service.account("faker").await, MarketId::fresh(), 300);
    service.apply(&[bet.stake(), bet.cancel()]).await;
    let report = audit::full(&pool).await.unwrap();
    assert!(report.is_clean());
    assert_eq!((report.accounts, report.transfers, report.results), (1, 3, 0));
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn planted_differences_are_found(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, market) = (service.account("faker").await, MarketId::fresh());
    let bet = Bet::new(faker, market, 300);
    service.apply_one(&bet.stake()).await;
    let plant = [
        "UPDATE user_balances SET balance = balance + 7, staked = staked + 1, profit = profit - 2",
        "UPDATE system_balances SET balance = balance + 5, cover = cover + 9 WHERE ledger_id <> house()",
        "INSERT INTO refused_stakes SELECT transfer_id, gen_random_uuid(), now() FROM transfers WHERE kind = 'stake'",
    ];
    for statement in plant {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let report = audit::full(&pool).await.unwrap();
    assert_eq!(report.sum, Points(12));
    let difference = |id, check, expected, found| Difference {
        id,
        check,
        expected: Points(expected),
        found: Points(found),
    };
    let mut expected = [
        difference(faker.0, Check::Balance, 700, 707),
        difference(market.0, Check::Balance, 300, 305),
        difference(market.0, Check::Cover, 300, 309),
        difference(faker.0, Check::Staked, 300, 301),
        difference(faker.0, Check::Profit, 0, -2),
        difference(bet.id.stake_transfer().0, Check::RefusedStake, 0, 300),
    ];
    expected[..2].sort_by_key(|difference| difference.id);
    assert_eq!(report.differences, expected);
    service.stop().await;
}

#[sqlx::test]
async fn a_transfer_that_was_changed_behind_the_triggers_back_is_found(pool: PgPool) {
    let service = Service::start(&pool).await;
    let faker = service.account("faker").await;
    let tampering = [
        "ALTER TABLE transfers DISABLE TRIGGER transfers_append_only",
        "UPDATE transfers SET points = 900",
        "ALTER TABLE transfers ENABLE TRIGGER transfers_append_only",
    ];
    for statement in tampering {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let report = audit::full(&pool).await.unwrap();
    assert!(report.differences.iter().any(|difference| difference.id == faker.0));
    assert_eq!(report.differences.len(), 2, "the account and the house");
    assert_eq!(report.sum, Points::ZERO);
    service.stop().await;
}

#[sqlx::test]
async fn a_cover_is_what_stakes_and_corrections_make_it(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, market) = (service.account("faker").await, MarketId::fresh());
    let (lost, open) = (Bet::new(faker, market, 300), Bet::new(faker, market, 200));
    service.apply(&[lost.stake(), open.stake()]).await;
    assert!(service.record(lost, 0).await);
    service.apply_one(&lost.correction(120)).await;
    assert!(audit::full(&pool).await.unwrap().is_clean());
    sqlx::query("UPDATE system_balances SET cover = 0").execute(&pool).await.unwrap();
    let found = audit::full(&pool).await.unwrap().differences;
    let expected = Difference { id: market.0, check: Check::Cover, expected: Points(380), found: Points(0) };
    assert_eq!(found, [expected]);
    service.stop().await;
}
