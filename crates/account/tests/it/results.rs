//! Recording how bets ended.

use loljoa_proto::account::v1::{
    BetResult, RecordResultsRequest, RecordResultsResponse, Tier, TransferOutcome as Outcome,
};
use loljoa_service_kit::{Error, MarketId};
use sqlx::PgPool;

use crate::harness::{Bet, Service, assert_ledger_is_clean, gift, give};

fn result(bet: Bet, paid: i64) -> BetResult {
    BetResult {
        bet_id: bet.id.to_string(),
        account_id: bet.account.to_string(),
        market_id: bet.market.to_string(),
        staked: bet.stake,
        paid,
    }
}

async fn record(service: &Service, results: Vec<BetResult>) -> (i32, i32) {
    let request = RecordResultsRequest { results };
    let response = service.ledger.clone().record_results(request).await.unwrap().into_inner();
    let RecordResultsResponse { recorded, unknown } = response;
    (recorded, unknown)
}

#[sqlx::test]
async fn a_result_moves_the_stake_into_the_profit_once(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, keria, market) =
        (service.account("faker").await, service.account("keria").await, MarketId::fresh());
    let (won, lost) = (Bet::new(faker, market, 300), Bet::new(keria, market, 500));
    service.apply(&[won.stake(), lost.stake()]).await;
    service.apply_one(&won.payout(800)).await;
    assert_eq!(record(&service, vec![result(won, 800), result(lost, 0)]).await, (2, 0));
    assert_eq!(record(&service, vec![result(lost, 0), result(won, 800), result(won, 800)]).await, (0, 0));
    let (winner, loser) = (service.look(faker).await, service.look(keria).await);
    assert_eq!((winner.points, winner.staked, winner.profit, winner.rank), (1_500, 0, 500, 1));
    assert_eq!((loser.points, loser.staked, loser.profit, loser.rank), (500, 0, -500, 2));
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn betting_on_both_sides_earns_no_tier(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, market) = (service.account("faker").await, MarketId::fresh());
    let (one, two) = (Bet::new(faker, market, 400), Bet::new(faker, market, 600));
    service.apply(&[one.stake(), two.stake(), one.payout(1_000)]).await;
    record(&service, vec![result(one, 1_000), result(two, 0)]).await;
    let account = service.look(faker).await;
    assert_eq!((account.points, account.profit, account.tier()), (1_000, 0, Tier::Bronze));
    service.stop().await;
}

#[sqlx::test]
async fn a_tier_comes_with_profit(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, keria, market) =
        (service.account("faker").await, service.account("keria").await, MarketId::fresh());
    let (won, lost) = (Bet::new(faker, market, 1_000), Bet::new(keria, market, 10_000));
    give(&pool, &gift(keria, 9_000)).await;
    service.apply(&[won.stake(), lost.stake()]).await;
    service.apply_one(&won.payout(11_000)).await;
    record(&service, vec![result(won, 11_000), result(lost, 0)]).await;
    let account = service.look(faker).await;
    assert_eq!((account.profit, account.tier()), (10_000, Tier::Gold));
    service.stop().await;
}

#[sqlx::test]
async fn a_result_without_a_standing_stake_is_left_out(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, market) = (service.account("faker").await, MarketId::fresh());
    let (standing, refunded, never) =
        (Bet::new(faker, market, 100), Bet::new(faker, market, 100), Bet::new(faker, market, 100));
    service.apply(&[standing.stake(), refunded.stake(), refunded.cancel()]).await;
    let other_points = BetResult { staked: 99, ..result(standing, 0) };
    let results = vec![result(refunded, 0), result(never, 0), other_points, result(standing, 0)];
    assert_eq!(record(&service, results).await, (1, 3));
    assert_eq!(
        service.apply_one(&standing.cancel()).await,
        Outcome::Conflict,
        "what is settled is not refunded"
    );
    let account = service.look(faker).await;
    assert_eq!((account.points, account.staked, account.profit), (900, 0, -100));
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn bad_results_are_named(pool: PgPool) {
    let service = Service::start(&pool).await;
    let good = result(Bet::new(service.account("faker").await, MarketId::fresh(), 100), 0);
    let cases = [
        (BetResult { staked: 0, ..good.clone() }, "staked"),
        (BetResult { paid: -1, ..good.clone() }, "paid"),
        (BetResult { bet_id: "x".into(), ..good.clone() }, "betId"),
    ];
    for (bad, field) in cases {
        let request = RecordResultsRequest { results: vec![good.clone(), bad] };
        let error = Error::from(service.ledger.clone().record_results(request).await.unwrap_err());
        assert_eq!(error.violations[0].field, field);
    }
    service.stop().await;
}

#[sqlx::test]
async fn what_can_be_paid_can_be_recorded(pool: PgPool) {
    const MOST_GIVEN: i64 = 1_000_000_000_000;
    let service = Service::start(&pool).await;
    let (faker, keria, market) =
        (service.account("faker").await, service.account("keria").await, MarketId::fresh());
    let (won, lost) = (Bet::new(faker, market, MOST_GIVEN), Bet::new(keria, market, MOST_GIVEN));
    let paid = 2 * MOST_GIVEN;
    for account in [faker, keria] {
        assert_eq!(give(&pool, &gift(account, MOST_GIVEN)).await, Outcome::Applied);
    }
    assert_eq!(service.apply(&[won.stake(), lost.stake()]).await, [Outcome::Applied; 2]);
    assert_eq!(service.apply_one(&won.payout(paid)).await, Outcome::Applied);
    assert_eq!(record(&service, vec![result(won, paid), result(lost, 0)]).await, (2, 0));
    assert_eq!(service.look(faker).await.profit, MOST_GIVEN);
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}
