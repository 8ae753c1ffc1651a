//! Applying transfers.

use loljoa_proto::account::v1::{
    BatchGetPoolBalancesRequest, PoolBalance, Transfer, TransferKind, TransferOutcome as Outcome,
};
use loljoa_service_kit::{AccountId, MarketId, ids};
use sqlx::PgPool;

use crate::harness::{Bet, Service, assert_ledger_is_clean, gift, give};

#[sqlx::test]
async fn a_stake_moves_points_to_the_pool_and_a_payout_back(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, market) = (service.account("faker").await, MarketId::fresh());
    let bet = Bet::new(faker, market, 300);
    assert_eq!(service.apply_one(&bet.stake()).await, Outcome::Applied);
    let account = service.look(faker).await;
    assert_eq!((account.points, account.staked), (700, 300));

    let request =
        BatchGetPoolBalancesRequest { market_ids: vec![market.to_string(), ids::fresh().to_string()] };
    let pools = service.ledger.clone().batch_get_pool_balances(request).await.unwrap().into_inner().balances;
    assert_eq!(pools, [PoolBalance { market_id: market.to_string(), points: 300 }]);

    assert_eq!(service.apply_one(&bet.payout(300)).await, Outcome::Applied);
    let account = service.look(faker).await;
    assert_eq!(
        (account.points, account.staked, account.profit),
        (1_000, 300, 0),
        "until the result is recorded"
    );
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn each_kind_of_refund_gives_exactly_the_stake_back(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, market) = (service.account("faker").await, MarketId::fresh());
    for kind in [TransferKind::Cancel, TransferKind::Void, TransferKind::Tombstone] {
        let bet = Bet::new(faker, market, 300);
        let other = bet.close(kind, 299);
        let outcomes = service.apply(&[bet.stake(), other, bet.close(kind, 300)]).await;
        assert_eq!(outcomes, [Outcome::Applied, Outcome::Conflict, Outcome::Applied]);
        let account = service.look(faker).await;
        assert_eq!((account.points, account.staked, account.profit), (1_000, 0, 0));
    }
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn a_transfer_counts_once_and_its_id_is_taken_for_good(pool: PgPool) {
    let service = Service::start(&pool).await;
    let faker = service.account("faker").await;
    let stake = Bet::new(faker, MarketId::fresh(), 300).stake();
    let other = Transfer { fingerprint: b"other request".to_vec(), ..stake.clone() };
    assert_eq!(service.apply_one(&stake).await, Outcome::Applied);
    assert_eq!(service.apply_one(&stake).await, Outcome::AlreadyApplied);
    assert_eq!(service.apply_one(&other).await, Outcome::Conflict);
    assert_eq!(service.look(faker).await.points, 700);
    service.stop().await;
}

#[sqlx::test]
async fn a_refusal_for_points_is_not_remembered_and_fails_no_neighbour(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, keria, market) =
        (service.account("faker").await, service.account("keria").await, MarketId::fresh());
    let too_much = Bet::new(faker, market, 1_001).stake();
    let batch = [
        Bet::new(faker, market, 600).stake(),
        too_much.clone(),
        Bet::new(AccountId::fresh(), market, 100).stake(),
        Bet::new(keria, market, 100).stake(),
        Bet::new(faker, market, 401).stake(),
        Bet::new(faker, market, 400).stake(),
    ];
    let expected = [
        Outcome::Applied,
        Outcome::InsufficientPoints,
        Outcome::UnknownAccount,
        Outcome::Applied,
        Outcome::InsufficientPoints,
        Outcome::Applied,
    ];
    assert_eq!(service.apply(&batch).await, expected);
    assert_eq!(give(&pool, &gift(faker, 1_001)).await, Outcome::Applied);
    assert_eq!(service.apply_one(&too_much).await, Outcome::Applied);
    assert_eq!(service.look(faker).await.points, 0);
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn a_bet_is_closed_once_whatever_the_reason(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, keria) = (service.account("faker").await, service.account("keria").await);
    let market = MarketId::fresh();
    let bet = Bet::new(faker, market, 300);
    service.apply(&[bet.stake(), Bet::new(keria, market, 500).stake()]).await;
    assert_eq!(service.apply_one(&bet.payout(800)).await, Outcome::Applied);
    assert_eq!(service.apply_one(&bet.cancel()).await, Outcome::Conflict);
    let another_id = Transfer { transfer_id: ids::fresh().to_string(), ..bet.cancel() };
    assert_eq!(
        service.apply_one(&another_id).await,
        Outcome::Conflict,
        "whatever the closing transfer is called"
    );
    assert_eq!(service.look(faker).await.points, 1_500);
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn a_closing_transfer_must_fit_its_stake(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, keria) = (service.account("faker").await, service.account("keria").await);
    let bet = Bet::new(faker, MarketId::fresh(), 300);
    service.apply_one(&bet.stake()).await;
    let of_another_account = Transfer { account_id: keria.to_string(), ..bet.cancel() };
    let of_another_market = Transfer { market_id: ids::fresh().to_string(), ..bet.cancel() };
    let of_another_bet = Transfer { bet_id: ids::fresh().to_string(), ..bet.cancel() };
    let outcomes = service.apply(&[of_another_account, of_another_market, of_another_bet]).await;
    assert_eq!(outcomes, [Outcome::Conflict; 3]);
    assert_eq!(service.look(faker).await.points, 700);
    service.stop().await;
}

#[sqlx::test]
async fn a_refund_that_comes_first_refuses_the_late_stake(pool: PgPool) {
    let service = Service::start(&pool).await;
    let bet = Bet::new(service.account("faker").await, MarketId::fresh(), 300);
    for _ in 0..2 {
        assert_eq!(service.apply_one(&bet.cancel()).await, Outcome::StakeMissing);
        assert_eq!(service.apply_one(&bet.stake()).await, Outcome::StakeRevoked);
    }
    let in_one_batch = Bet::new(bet.account, bet.market, 300);
    let outcomes = service.apply(&[in_one_batch.cancel(), in_one_batch.stake(), in_one_batch.cancel()]).await;
    assert_eq!(outcomes, [Outcome::StakeMissing, Outcome::StakeRevoked, Outcome::StakeMissing]);
    assert_eq!(service.look(bet.account).await.points, 1_000);
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn a_correction_is_paid_by_the_house_and_counts_as_profit(pool: PgPool) {
    let service = Service::start(&pool).await;
    let bet = Bet::new(service.account("faker").await, MarketId::fresh(), 300);
    assert_eq!(service.apply_one(&bet.correction(50)).await, Outcome::StakeMissing);
    let bet = Bet::new(bet.account, bet.market, 300);
    assert_eq!(
        service.apply(&[bet.stake(), bet.correction(50)]).await,
        [Outcome::Applied, Outcome::Conflict],
        "it has not ended"
    );
    assert!(service.record(bet, 0).await);
    assert_eq!(service.apply_one(&bet.correction(50)).await, Outcome::Applied);
    let account = service.look(bet.account).await;
    assert_eq!((account.points, account.staked, account.profit), (750, 0, -250));
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn points_that_cannot_be_counted_are_refused(pool: PgPool) {
    let service = Service::start(&pool).await;
    let faker = service.account("faker").await;
    sqlx::query("UPDATE user_balances SET balance = 9223372036854775000").execute(&pool).await.unwrap();
    assert_eq!(give(&pool, &gift(faker, 1_000)).await, Outcome::LimitExceeded);
    assert_eq!(give(&pool, &gift(faker, 807)).await, Outcome::Applied);
    assert_eq!(service.look(faker).await.points, i64::MAX);
    let all = Bet::new(faker, MarketId::fresh(), i64::MAX);
    assert_eq!(service.apply_one(&all.stake()).await, Outcome::Applied);
    assert_eq!(give(&pool, &gift(faker, 1)).await, Outcome::Applied);
    let more = Bet::new(faker, MarketId::fresh(), 1);
    assert_eq!(service.apply_one(&more.stake()).await, Outcome::LimitExceeded);
    service.stop().await;
}

#[sqlx::test]
async fn a_malformed_transfer_is_named_and_fails_no_neighbour(pool: PgPool) {
    let service = Service::start(&pool).await;
    let faker = service.account("faker").await;
    let bet = |stake| Bet::new(faker, MarketId::fresh(), stake).stake();
    let (first, last, good) = (bet(10), bet(20), bet(300));
    let cases = [
        (Transfer { points: 0, ..good.clone() }, "points"),
        (Transfer { points: -300, ..good.clone() }, "points"),
        (Transfer { transfer_id: "x".into(), ..good.clone() }, "transferId"),
        (Transfer { account_id: String::new(), ..good.clone() }, "accountId"),
        (Transfer { kind: 0, ..good.clone() }, "kind"),
        (Transfer { kind: 99, ..good.clone() }, "kind"),
        (Transfer { closes_transfer_id: good.transfer_id.clone(), ..good.clone() }, "closesTransferId"),
        (Transfer { fingerprint: Vec::new(), ..good.clone() }, "fingerprint"),
    ];
    let mut batch = vec![first];
    batch.extend(cases.iter().map(|(bad, _)| bad.clone()));
    batch.push(last);
    let answer = service.answer_to(&batch).await.unwrap();
    let outcomes: Vec<_> = answer.outcomes().collect();
    assert_eq!((outcomes[0], outcomes[9]), (Outcome::Applied, Outcome::Applied), "the neighbours went on");
    assert_eq!(outcomes[1..9], [Outcome::Malformed; 8]);
    let named: Vec<_> =
        answer.refusals.iter().map(|refusal| (refusal.index, refusal.field.as_str())).collect();
    let expected: Vec<_> = (1..).zip(cases.iter().map(|(_, field)| *field)).collect();
    assert_eq!(named, expected);
    assert_eq!(service.look(faker).await.points, 970);

    let error = service.try_apply(&vec![good; 5_001]).await.unwrap_err();
    assert_eq!(error.reason, "too_many_transfers");
    assert_eq!(service.try_apply(&[]).await.unwrap(), []);
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}
