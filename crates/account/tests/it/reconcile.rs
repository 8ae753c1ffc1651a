//! What a person corrects in the ledger.

use loljoa_account::{
    audit::{self, BetTransferKind},
    reconcile::{self, Due},
};
use loljoa_proto::account::v1::TransferOutcome;
use loljoa_service_kit::{AccountId, Correction, MarketId, Points};
use sqlx::PgPool;
use uuid::Uuid;

use crate::harness::{Bet, Service};

fn correction(action: &'static str, subject: Uuid) -> Correction {
    let (detail, who, why) = ("a stake was lost".into(), "bengi".into(), "a story".into());
    Correction { action, subject, detail, who, why }
}

fn due(bet: &Bet, kind: BetTransferKind, account: AccountId, market: MarketId, points: i64) -> Due {
    let (bet_id, points, fingerprint) = (bet.id, Points(points), vec![7; 32]);
    Due { kind, bet_id, account_id: account, market_id: market, points, fingerprint }
}

async fn noted(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM reconciliations").fetch_one(pool).await.unwrap()
}

#[sqlx::test]
async fn a_stake_that_is_refused_is_taken_once_a_person_says_so(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, market) = (service.account("faker").await, MarketId::fresh());
    let bet = Bet::new(faker, market, 1_300);
    let stake = due(&bet, BetTransferKind::Stake, faker, market, 1_300);
    let payout = due(&bet, BetTransferKind::Payout, faker, market, 1_300);
    let take = correction("take_stake", bet.id.0);
    let error = reconcile::pay(&pool, Some(&payout), None, &take).await.unwrap_err();
    assert_eq!(error.reason, "stake_missing");
    assert!(reconcile::refuse_stake(&pool, &payout, &take).await.unwrap());
    assert!(!reconcile::refuse_stake(&pool, &payout, &take).await.unwrap());

    let error = reconcile::take_stake(&pool, &stake, false, &take).await.unwrap_err();
    assert_eq!(error.reason, "insufficient_points");
    assert_eq!(audit::refused_stakes(&pool, &[bet.id.stake_transfer()]).await.unwrap().len(), 1);
    for is_first in [true, false] {
        assert_eq!(reconcile::take_stake(&pool, &stake, true, &take).await.unwrap(), is_first);
    }
    assert_eq!(reconcile::balances(&pool, &[faker]).await.unwrap(), [(faker, Points(0))]);
    for is_first in [true, false] {
        assert_eq!(reconcile::pay(&pool, Some(&payout), None, &take).await.unwrap(), is_first);
    }
    assert_eq!(reconcile::balances(&pool, &[faker]).await.unwrap(), [(faker, Points(1_300))]);
    assert!(audit::full(&pool).await.unwrap().is_clean());
    assert_eq!(noted(&pool).await, 3);
    service.stop().await;
}

#[sqlx::test]
async fn stored_balances_are_made_what_transfers_make_them(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, market) = (service.account("faker").await, MarketId::fresh());
    service.apply_one(&Bet::new(faker, market, 300).stake()).await;
    let plant = [
        "UPDATE user_balances SET balance = balance + 7, staked = staked + 1, profit = profit - 2",
        "UPDATE system_balances SET balance = balance + 5, cover = cover - 9 WHERE ledger_id <> house()",
    ];
    for statement in plant {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    for is_first in [true, false] {
        for id in [faker.0, market.0] {
            let rebuild = correction("rebuild", id);
            assert_eq!(reconcile::rebuild(&pool, id, &rebuild).await.unwrap(), is_first);
        }
    }
    assert!(audit::full(&pool).await.unwrap().is_clean());
    assert_eq!(noted(&pool).await, 2);
    service.stop().await;
}

#[sqlx::test]
async fn a_cover_alone_is_rebuilt_and_a_correction_that_it_kept_from_its_bettor_is_paid(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, market) = (service.account("faker").await, MarketId::fresh());
    let bet = Bet::new(faker, market, 300);
    service.apply_one(&bet.stake()).await;
    assert!(service.record(bet, 0).await);
    let lower = "UPDATE system_balances SET cover = cover - 200 WHERE ledger_id <> house()";
    sqlx::query(lower).execute(&pool).await.unwrap();
    assert_eq!(service.apply_one(&bet.correction(120)).await, TransferOutcome::LimitExceeded);
    for is_first in [true, false] {
        let rebuild = correction("rebuild", market.0);
        assert_eq!(reconcile::rebuild(&pool, market.0, &rebuild).await.unwrap(), is_first);
    }
    assert_eq!(service.apply_one(&bet.correction(120)).await, TransferOutcome::Applied);
    assert!(audit::full(&pool).await.unwrap().is_clean());
    assert_eq!(noted(&pool).await, 1);
    service.stop().await;
}

#[sqlx::test]
async fn an_account_that_is_not_stored_is_taken_for_no_system_account(pool: PgPool) {
    let service = Service::start(&pool).await;
    let faker = service.account("faker").await;
    sqlx::query("DELETE FROM user_balances").execute(&pool).await.unwrap();
    let error = reconcile::rebuild(&pool, faker.0, &correction("rebuild", faker.0)).await.unwrap_err();
    assert_eq!(error.reason, "unknown_account");
    assert_eq!(noted(&pool).await, 0);
    service.stop().await;
}

#[sqlx::test]
async fn the_record_of_corrections_is_never_changed(pool: PgPool) {
    let service = Service::start(&pool).await;
    let faker = service.account("faker").await;
    sqlx::query("UPDATE user_balances SET balance = 1").execute(&pool).await.unwrap();
    assert!(reconcile::rebuild(&pool, faker.0, &correction("rebuild", faker.0)).await.unwrap());
    for change in ["UPDATE reconciliations SET who = 'nobody'", "DELETE FROM reconciliations"] {
        assert!(sqlx::query(change).execute(&pool).await.is_err(), "{change}");
    }
    service.stop().await;
}
