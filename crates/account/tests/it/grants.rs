//! The daily grant.

use chrono::TimeDelta;
use futures::future::join_all;
use loljoa_proto::account::v1::ClaimDailyGrantRequest;
use loljoa_service_kit::{AccountId, Error, ErrorCode};
use sqlx::PgPool;

use crate::harness::{Service, assert_ledger_is_clean};

async fn claim(service: &Service, account: AccountId) -> Result<i64, Error> {
    let request = ClaimDailyGrantRequest { account_id: account.to_string() };
    let response = service.accounts.clone().claim_daily_grant(request).await.map_err(Error::from)?;
    Ok(response.into_inner().granted)
}

#[sqlx::test]
async fn five_hundred_points_come_once_a_korean_day(pool: PgPool) {
    let service = Service::start(&pool).await;
    let faker = service.account("faker").await;
    let claims = join_all((0..8).map(|_| claim(&service, faker))).await;
    assert_eq!(claims.into_iter().map(Result::unwrap).sum::<i64>(), 500);
    // It is noon UTC; Korean midnight is three hours ahead.
    service.clock.advance(TimeDelta::hours(3) - TimeDelta::seconds(1));
    assert_eq!(claim(&service, faker).await.unwrap(), 0);
    service.clock.advance(TimeDelta::seconds(1));
    assert_eq!(claim(&service, faker).await.unwrap(), 500);
    assert_eq!(service.look(faker).await.points, 2_000);
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn nobody_gets_nothing(pool: PgPool) {
    let service = Service::start(&pool).await;
    let error = claim(&service, AccountId::fresh()).await.unwrap_err();
    assert_eq!((error.code, error.reason.as_str()), (ErrorCode::NotFound, "account_not_found"));
    service.stop().await;
}
