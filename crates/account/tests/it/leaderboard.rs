//! Accounts by profit.

use loljoa_proto::account::v1::{
    Account, BatchGetUsernamesRequest, ListLeaderboardRequest, ListLeaderboardResponse, Tier,
};
use loljoa_service_kit::{AccountId, Error, ErrorCode, page};
use serde_json::json;
use sqlx::PgPool;

use crate::harness::Service;

/// Accounts with these profits, named after them.
async fn with_profits(service: &Service, pool: &PgPool, profits: &[i64]) -> Vec<AccountId> {
    let mut accounts = Vec::new();
    for (n, profit) in profits.iter().enumerate() {
        let account = service.account(&format!("bettor_{n}")).await;
        let update = sqlx::query("UPDATE user_balances SET profit = $2 WHERE account_id = $1");
        update.bind(account).bind(profit).execute(pool).await.unwrap();
        accounts.push(account);
    }
    accounts
}

async fn list(service: &Service, request: ListLeaderboardRequest) -> ListLeaderboardResponse {
    service.accounts.clone().list_leaderboard(request).await.unwrap().into_inner()
}

fn places(accounts: &[Account]) -> Vec<(i64, i64)> {
    accounts.iter().map(|account| (account.rank, account.profit)).collect()
}

#[sqlx::test]
async fn the_best_profit_is_first_and_equals_share_a_rank_over_all_pages(pool: PgPool) {
    let service = Service::start(&pool).await;
    with_profits(&service, &pool, &[500, 2_000, 500, -3, 500, 0]).await;
    let (mut cursor, mut all) = (String::new(), Vec::new());
    loop {
        let page = list(&service, ListLeaderboardRequest { limit: 2, cursor, ..Default::default() }).await;
        all.extend(page.accounts);
        cursor = page.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(places(&all), [(1, 2_000), (2, 500), (2, 500), (2, 500), (5, 0), (6, -3)]);
    service.stop().await;
}

#[sqlx::test]
async fn a_tier_has_its_own_page_with_the_ranks_of_all(pool: PgPool) {
    let service = Service::start(&pool).await;
    let accounts = with_profits(&service, &pool, &[1_500, 12_000, 1_000, 999, 9_999]).await;
    let request = ListLeaderboardRequest {
        tier: Tier::Silver.into(),
        account_id: accounts[3].to_string(),
        ..Default::default()
    };
    let page = list(&service, request).await;
    assert_eq!(places(&page.accounts), [(2, 9_999), (3, 1_500), (4, 1_000)]);
    assert_eq!(places(page.own.as_slice()), [(5, 999)], "one's own place is always there");
    service.stop().await;
}

#[sqlx::test]
async fn bad_questions_are_refused(pool: PgPool) {
    let service = Service::start(&pool).await;
    let position = json!({"position": {"profit": 0, "account": AccountId::fresh()}, "rank": 1, "counted": 1});
    let forged = page::encode_cursor(&position);
    let cases = [
        (ListLeaderboardRequest { limit: 101, ..Default::default() }, "limit"),
        (ListLeaderboardRequest { cursor: "x".into(), ..Default::default() }, "cursor"),
        // What a client could make up: a place in the middle of all who have a profit of 0.
        (ListLeaderboardRequest { cursor: forged, ..Default::default() }, "cursor"),
        (ListLeaderboardRequest { tier: 9, ..Default::default() }, "tier"),
        (ListLeaderboardRequest { account_id: "x".into(), ..Default::default() }, "accountId"),
    ];
    for (request, field) in cases {
        let error = Error::from(service.accounts.clone().list_leaderboard(request).await.unwrap_err());
        assert_eq!((error.code, error.violations[0].field.as_str()), (ErrorCode::Invalid, field));
    }
    service.stop().await;
}

#[sqlx::test]
async fn names_come_for_the_ids_that_exist(pool: PgPool) {
    let service = Service::start(&pool).await;
    let faker = service.account("Faker").await;
    let account_ids = vec![faker.to_string(), AccountId::fresh().to_string()];
    let request = BatchGetUsernamesRequest { account_ids };
    let names = service.accounts.clone().batch_get_usernames(request).await.unwrap().into_inner().usernames;
    assert_eq!(names.into_iter().collect::<Vec<_>>(), [(faker.to_string(), "Faker".to_owned())]);

    let request = BatchGetUsernamesRequest { account_ids: vec![faker.to_string(); 1_001] };
    let error = Error::from(service.accounts.clone().batch_get_usernames(request).await.unwrap_err());
    assert_eq!(error.reason, "too_many_accounts");
    service.stop().await;
}
