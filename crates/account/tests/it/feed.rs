//! The transfer feed.

use loljoa_proto::account::v1::{
    CheckTransfersRequest, FeedTransfer, ListTransferFeedRequest, ListTransferFeedResponse, Transfer,
    TransferDifference, TransferKind, TransferOutcome,
};
use loljoa_service_kit::{Error, ErrorCode, MarketId, postgres};
use sqlx::PgPool;

use crate::harness::{Bet, Service, eventually, gift, give};

async fn read(service: &Service, request: ListTransferFeedRequest) -> ListTransferFeedResponse {
    service.ledger.clone().list_transfer_feed(request).await.unwrap().into_inner()
}

/// Reads to the end in pages of two.
async fn read_all(service: &Service, mut cursor: String) -> (Vec<Transfer>, String) {
    let mut transfers = Vec::new();
    loop {
        let request = ListTransferFeedRequest { cursor: cursor.clone(), limit: 2, ..Default::default() };
        let page = read(service, request).await;
        transfers.extend(page.transfers.into_iter().filter_map(|FeedTransfer { transfer, .. }| transfer));
        if page.next_cursor == cursor {
            return (transfers, cursor);
        }
        cursor = page.next_cursor;
    }
}

/// Reads on until `count` transfers have come.
async fn read_until(service: &Service, count: usize) -> Vec<Transfer> {
    let (mut cursor, mut all) = (String::new(), Vec::new());
    eventually(async || {
        let (more, next) = read_all(service, cursor.clone()).await;
        all.extend(more);
        cursor = next;
        (all.len() >= count).then_some(())
    })
    .await;
    all
}

#[sqlx::test]
async fn every_transfer_comes_once_in_order_and_whole(pool: PgPool) {
    let service = Service::start(&pool).await;
    let bet = Bet::new(service.account("faker").await, MarketId::fresh(), 300);
    let sent = [bet.stake(), gift(bet.account, 5), bet.cancel()];
    service.apply_one(&sent[0]).await;
    give(&pool, &sent[1]).await;
    service.apply_one(&sent[2]).await;
    let all = read_until(&service, 4).await;
    assert_eq!(all[0].kind(), TransferKind::SignupGrant);
    assert_eq!(all[1..], sent);
    service.stop().await;
}

#[sqlx::test]
async fn a_slow_transaction_is_never_skipped(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, keria) = (service.account("faker").await, service.account("keria").await);
    read_until(&service, 2).await;
    let (_, before) = read_all(&service, String::new()).await;

    // The slow transaction has its place in the order, and has not committed.
    let mut slow = postgres::begin(&pool).await.unwrap();
    let place: String =
        sqlx::query_scalar("SELECT pg_current_xact_id()::text").fetch_one(&mut *slow).await.unwrap();
    let fast = gift(keria, 7);
    give(&pool, &fast).await;
    let (seen, _) = read_all(&service, before.clone()).await;
    assert!(seen.is_empty(), "what committed later in the order waits for the slow one at {place}");

    sqlx::query(
        "INSERT INTO transfers (transfer_id, kind, account_id, points, fingerprint, created_at)
        VALUES (gen_random_uuid(), 'daily_grant', $1, 3, 'slow', now())",
    )
    .bind(faker)
    .execute(&mut *slow)
    .await
    .unwrap();
    slow.commit().await.unwrap();
    let all = read_until(&service, 4).await;
    let points: Vec<i64> = all[2..].iter().map(|transfer| transfer.points).collect();
    assert_eq!(points, [3, 7]);
    service.stop().await;
}

#[sqlx::test]
async fn young_transfers_are_left_for_later(pool: PgPool) {
    let service = Service::start(&pool).await;
    let faker = service.account("faker").await;
    read_until(&service, 1).await;
    let patient = ListTransferFeedRequest { min_age_ms: 600_000, ..Default::default() };
    let page = read(&service, patient).await;
    assert!(page.transfers.is_empty());
    assert_eq!(page.next_cursor, "", "the cursor does not pass what was left");

    give(&pool, &gift(faker, 1)).await;
    assert_eq!(read_until(&service, 2).await.len(), 2);
    service.stop().await;
}

#[sqlx::test]
async fn only_the_wanted_kinds_come(pool: PgPool) {
    let service = Service::start(&pool).await;
    let bet = Bet::new(service.account("faker").await, MarketId::fresh(), 300);
    service.apply_one(&bet.stake()).await;
    read_until(&service, 2).await;
    let kinds = vec![TransferKind::Stake.into()];
    let page = read(&service, ListTransferFeedRequest { kinds, ..Default::default() }).await;
    let found: Vec<_> = page.transfers.into_iter().filter_map(|entry| entry.transfer).collect();
    assert_eq!(found, [bet.stake()]);
    service.stop().await;
}

#[sqlx::test]
async fn a_page_tells_whether_there_is_more_and_how_old_what_is_left_is(pool: PgPool) {
    let service = Service::start(&pool).await;
    let faker = service.account("faker").await;
    give(&pool, &gift(faker, 1)).await;
    read_until(&service, 2).await;
    let first = read(&service, ListTransferFeedRequest { limit: 1, ..Default::default() }).await;
    assert!(first.more && first.lag_ms > 0);
    let rest = ListTransferFeedRequest { limit: 2, cursor: first.next_cursor, ..Default::default() };
    let rest = read(&service, rest).await;
    assert_eq!((rest.transfers.len(), rest.more, rest.lag_ms), (1, false, 0));
    let patient = ListTransferFeedRequest { min_age_ms: 600_000, ..Default::default() };
    let patient = read(&service, patient).await;
    assert!(!patient.more, "what is too young does not ripen by asking at once");
    assert!(patient.lag_ms > 0, "and is not read yet");

    // What cannot be read yet because an older transaction is under way is left as well.
    let mut slow = postgres::begin(&pool).await.unwrap();
    sqlx::query("SELECT pg_current_xact_id()").execute(&mut *slow).await.unwrap();
    give(&pool, &gift(faker, 2)).await;
    let stuck = ListTransferFeedRequest { cursor: rest.next_cursor.clone(), ..Default::default() };
    let stuck = read(&service, stuck).await;
    assert_eq!((stuck.transfers.len(), stuck.next_cursor), (0, rest.next_cursor));
    assert!(stuck.lag_ms > 0);
    slow.rollback().await.unwrap();
    service.stop().await;
}

#[sqlx::test]
async fn a_cursor_whose_transfer_was_lost_is_refused_also_once_newer_transfers_have_come(pool: PgPool) {
    let service = Service::start(&pool).await;
    let faker = service.account("faker").await;
    give(&pool, &gift(faker, 1)).await;
    read_until(&service, 2).await;
    let (_, cursor) = read_all(&service, String::new()).await;
    // As after a failover to a replica that lagged.
    for statement in
        ["ALTER TABLE transfers DISABLE TRIGGER USER", "DELETE FROM transfers WHERE kind = 'daily_grant'"]
    {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    for _ in 0..2 {
        let request = ListTransferFeedRequest { cursor: cursor.clone(), ..Default::default() };
        let refused = Error::from(service.ledger.clone().list_transfer_feed(request).await.unwrap_err());
        assert_eq!((refused.code, refused.reason.as_str()), (ErrorCode::Conflict, "cursor_ahead"));
        give(&pool, &gift(faker, 2)).await;
    }
    read_until(&service, 2).await;
    service.stop().await;
}

#[sqlx::test]
async fn transfers_that_are_missing_or_otherwise_are_told_by_their_place(pool: PgPool) {
    let service = Service::start(&pool).await;
    let bet = Bet::new(service.account("faker").await, MarketId::fresh(), 300);
    for transfer in [bet.stake(), bet.cancel()] {
        service.apply_one(&transfer).await;
    }
    let missing = Bet::new(bet.account, MarketId::fresh(), 100).stake();
    let otherwise = Transfer { points: 301, ..bet.stake() };
    let transfers = vec![bet.stake(), missing, bet.cancel(), otherwise];
    let request = CheckTransfersRequest { transfers };
    let differences = service.ledger.clone().check_transfers(request).await.unwrap().into_inner().differences;
    let expected = [
        TransferDifference { index: 1, found: None },
        TransferDifference { index: 3, found: Some(bet.stake()) },
    ];
    assert_eq!(differences, expected);
    let request = CheckTransfersRequest { transfers: vec![bet.stake(); 5_001] };
    let refused = Error::from(service.ledger.clone().check_transfers(request).await.unwrap_err());
    assert_eq!(refused.violations[0].field, "transfers");
    service.stop().await;
}

#[sqlx::test]
async fn a_refund_of_a_stake_that_is_refused_for_good_is_not_missing(pool: PgPool) {
    let service = Service::start(&pool).await;
    let bet = Bet::new(service.account("faker").await, MarketId::fresh(), 300);
    let differences = async || {
        let request = CheckTransfersRequest { transfers: vec![bet.tombstone()] };
        service.ledger.clone().check_transfers(request).await.unwrap().into_inner().differences
    };
    assert_eq!(differences().await, [TransferDifference { index: 0, found: None }]);
    assert_eq!(service.apply_one(&bet.tombstone()).await, TransferOutcome::StakeMissing);
    assert_eq!(differences().await, []);
    service.stop().await;
}

#[sqlx::test]
async fn bad_requests_are_named(pool: PgPool) {
    let service = Service::start(&pool).await;
    let cases = [
        (ListTransferFeedRequest { limit: 5_001, ..Default::default() }, "limit"),
        (ListTransferFeedRequest { limit: -1, ..Default::default() }, "limit"),
        (ListTransferFeedRequest { min_age_ms: -1, ..Default::default() }, "minAgeMs"),
        (ListTransferFeedRequest { cursor: "x".into(), ..Default::default() }, "cursor"),
        (ListTransferFeedRequest { kinds: vec![0], ..Default::default() }, "kind"),
    ];
    for (request, field) in cases {
        let error = Error::from(service.ledger.clone().list_transfer_feed(request).await.unwrap_err());
        assert_eq!(error.violations[0].field, field);
    }
    service.stop().await;
}
