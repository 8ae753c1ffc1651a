//! An account's transfers.

use loljoa_proto::account::v1::{ListTransfersRequest, ListTransfersResponse};
use loljoa_service_kit::{AccountId, MarketId};
use sqlx::PgPool;

use crate::harness::{Bet, Service, gift, give};

async fn page(service: &Service, account: AccountId, limit: i32, cursor: &str) -> ListTransfersResponse {
    let (account_id, cursor) = (account.to_string(), cursor.to_owned());
    let request = ListTransfersRequest { account_id, limit, cursor };
    service.accounts.clone().list_transfers(request).await.unwrap().into_inner()
}

#[sqlx::test]
async fn a_statement_is_newest_first_and_signed(pool: PgPool) {
    let service = Service::start(&pool).await;
    let bet = Bet::new(service.account("faker").await, MarketId::fresh(), 300);
    service.apply(&[bet.stake(), bet.payout(300)]).await;
    service.record(bet, 300).await;
    service.apply_one(&bet.correction(40)).await;
    service.account("keria").await;
    let lines = page(&service, bet.account, 100, "").await.lines;
    let lines: Vec<_> = lines
        .iter()
        .map(|line| {
            (line.kind.as_str(), line.points, line.bet_id.is_empty(), line.corrects_transfer_id.as_str())
        })
        .collect();
    let stake = bet.id.stake_transfer().to_string();
    assert_eq!(
        lines,
        [
            ("correction", 40, false, stake.as_str()),
            ("payout", 300, false, ""),
            ("stake", -300, false, ""),
            ("signup_grant", 1_000, true, ""),
        ]
    );
    service.stop().await;
}

#[sqlx::test]
async fn pages_follow_each_other_without_gap_or_repetition(pool: PgPool) {
    let service = Service::start(&pool).await;
    let faker = service.account("faker").await;
    for points in 1..=9 {
        give(&pool, &gift(faker, points)).await;
    }
    let (mut cursor, mut points) = (String::new(), Vec::new());
    loop {
        let page = page(&service, faker, 3, &cursor).await;
        points.extend(page.lines.iter().map(|line| line.points));
        cursor = page.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(points, [9, 8, 7, 6, 5, 4, 3, 2, 1, 1_000]);
    service.stop().await;
}
