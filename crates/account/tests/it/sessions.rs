//! Refreshing and ending sessions.

use std::time::Duration;

use chrono::TimeDelta;
use futures::future::join_all;
use loljoa_proto::account::v1::LogOutRequest;
use loljoa_service_kit::{Clock, ErrorCode};
use sqlx::PgPool;

use crate::harness::{PASSWORD, Service, config, id_of, noon};

#[sqlx::test]
async fn each_refresh_gives_another_token_for_the_same_account(pool: PgPool) {
    let service = Service::start(&pool).await;
    let first = service.sign_up("faker").await;
    let second = service.refresh(&first.refresh_token).await.unwrap();
    let third = service.refresh(&second.refresh_token).await.unwrap();
    assert_eq!(id_of(&first), id_of(&third));
    assert_eq!(first.refresh_expires_at, third.refresh_expires_at);
    assert_ne!(second.refresh_token, third.refresh_token);
    assert_ne!(second.access_token, third.access_token);
    service.stop().await;
}

#[sqlx::test]
async fn a_token_sent_again_within_thirty_seconds_gets_a_sibling(pool: PgPool) {
    let service = Service::start(&pool).await;
    let first = service.sign_up("faker").await;
    let child = service.refresh(&first.refresh_token).await.unwrap();
    service.clock.advance(TimeDelta::seconds(30));
    let sibling = service.refresh(&first.refresh_token).await.unwrap();
    assert!(!service.is_over(&child.refresh_token).await);
    assert!(!service.is_over(&sibling.refresh_token).await);
    service.stop().await;
}

#[sqlx::test]
async fn a_token_sent_again_later_ends_the_whole_session(pool: PgPool) {
    let service = Service::start(&pool).await;
    let first = service.sign_up("faker").await;
    let other = service.log_in("faker", PASSWORD, "home").await.unwrap();
    let child = service.refresh(&first.refresh_token).await.unwrap();
    service.clock.advance(TimeDelta::seconds(31));
    assert!(service.is_over(&first.refresh_token).await);
    assert!(service.is_over(&child.refresh_token).await, "whoever has the child may be the thief");
    assert!(!service.is_over(&other.refresh_token).await, "the account's other session goes on");
    service.stop().await;
}

#[sqlx::test]
async fn a_token_sent_many_times_at_once_is_used_once_and_gets_siblings(pool: PgPool) {
    let service = Service::start(&pool).await;
    let first = service.sign_up("faker").await;
    let answers = join_all((0..8).map(|_| service.refresh(&first.refresh_token))).await;
    assert!(answers.iter().all(Result::is_ok));
    let used: i64 = sqlx::query_scalar("SELECT count(*) FROM refresh_tokens WHERE used_at IS NOT NULL")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(used, 1);
    service.stop().await;
}

#[sqlx::test]
async fn what_is_no_token_opens_nothing(pool: PgPool) {
    let service = Service::start(&pool).await;
    let unknown = "A".repeat(43);
    for token in ["", "x", "not base64 at all", unknown.as_str(), &"A".repeat(10_240)] {
        assert!(service.is_over(token).await);
    }
    service.stop().await;
}

#[sqlx::test]
async fn a_session_ends_after_thirty_days_and_is_deleted_later(pool: PgPool) {
    let service = Service::start(&pool).await;
    let first = service.sign_up("faker").await;
    service.clock.advance(TimeDelta::days(30) - TimeDelta::seconds(1));
    let last = service.refresh(&first.refresh_token).await.unwrap();
    service.clock.advance(TimeDelta::seconds(1));
    assert!(service.is_over(&last.refresh_token).await);
    service.stop().await;
}

#[sqlx::test]
async fn logging_out_ends_the_session_and_may_be_repeated(pool: PgPool) {
    let service = Service::start(&pool).await;
    let session = service.sign_up("faker").await;
    let child = service.refresh(&session.refresh_token).await.unwrap();
    for token in [&session.refresh_token, &session.refresh_token, &"unknown".to_owned()] {
        let request = LogOutRequest { refresh_token: token.clone() };
        service.accounts.clone().log_out(request).await.unwrap();
    }
    assert!(service.is_over(&child.refresh_token).await);
    service.stop().await;
}

#[sqlx::test]
async fn logging_out_everywhere_ends_every_session_of_the_account_alone(pool: PgPool) {
    let service = Service::start(&pool).await;
    let here = service.sign_up("faker").await;
    let there = service.log_in("faker", PASSWORD, "there").await.unwrap();
    let somebody = service.sign_up("keria").await;
    assert_eq!(service.log_out_all(&here.access_token).await.unwrap(), 2);
    let again = service.log_out_all(&here.access_token).await.unwrap_err();
    assert_eq!(again.reason, "session_over", "a token is worth no more than its session");
    assert!(service.is_over(&here.refresh_token).await);
    assert!(service.is_over(&there.refresh_token).await);
    assert!(!service.is_over(&somebody.refresh_token).await);
    service.stop().await;
}

#[sqlx::test]
async fn a_long_session_stores_few_tokens_and_still_knows_a_stolen_one(pool: PgPool) {
    let service = Service::start(&pool).await;
    let first = service.sign_up("faker").await;
    let mut last = first.clone();
    for _ in 0..8 {
        service.clock.advance(TimeDelta::hours(12));
        last = service.refresh(&last.refresh_token).await.unwrap();
    }
    let stored: i64 =
        sqlx::query_scalar("SELECT count(*) FROM refresh_tokens").fetch_one(&pool).await.unwrap();
    assert_eq!(stored, 2, "the present one, and the one that it came for");
    assert!(service.is_over(&first.refresh_token).await);
    assert!(service.is_over(&last.refresh_token).await, "the first one, used days ago, came again");
    service.stop().await;
}

#[sqlx::test]
async fn a_token_that_tells_no_session_goes_on(pool: PgPool) {
    let service = Service::start(&pool).await;
    service.sign_up("faker").await;
    // A token of before they told their session: 32 bytes, here zeros, as it was stored.
    sqlx::query("UPDATE refresh_tokens SET token_hash = sha256(decode(repeat('00', 32), 'hex'))")
        .execute(&pool)
        .await
        .unwrap();
    let second = service.refresh(&"A".repeat(43)).await.unwrap();
    assert!(!service.is_over(&second.refresh_token).await);
    service.clock.advance(TimeDelta::seconds(31));
    assert!(service.is_over(&"A".repeat(43)).await, "its reuse is found while it is stored");
    assert!(service.is_over(&second.refresh_token).await);
    service.stop().await;
}

async fn stored_tokens(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM refresh_tokens").fetch_one(pool).await.unwrap()
}

#[sqlx::test]
async fn a_storm_of_refreshes_gets_few_tokens_a_clear_answer_and_no_revocation(pool: PgPool) {
    let clock = Clock::fixed(noon());
    // All are answered however slow the machine is.
    let mut patient = config(&pool);
    patient.database.acquire_timeout_ms = 60_000;
    let one = Service::start_with(patient.clone(), clock.clone()).await;
    let two = Service::start_with(patient, clock).await;
    let first = one.sign_up("faker").await;
    let newest = one.refresh(&first.refresh_token).await.unwrap();
    let storm = (0..60).map(|n| [&one, &two][n % 2].refresh(&first.refresh_token));
    let (siblings, refused): (Vec<_>, Vec<_>) = join_all(storm).await.into_iter().partition(Result::is_ok);
    assert_eq!((siblings.len(), stored_tokens(&pool).await), (18, 20));
    for error in refused {
        let error = error.unwrap_err();
        assert_eq!((error.code, error.reason.as_str()), (ErrorCode::Exhausted, "refresh_throttled"));
        assert_eq!(error.retry_after, Some(Duration::from_secs(30)));
    }
    // Siblings of siblings are no way round, nor is the newest token while the window is full.
    let child = siblings[0].as_ref().unwrap();
    for token in [&child.refresh_token, &newest.refresh_token] {
        assert_eq!(two.refresh(token).await.unwrap_err().reason, "refresh_throttled");
    }
    one.clock.advance(TimeDelta::seconds(30));
    let next = two.refresh(&newest.refresh_token).await.unwrap();
    assert!(!one.is_over(&next.refresh_token).await, "an honest client has only waited");
    one.stop().await;
    two.stop().await;
}

#[sqlx::test]
async fn whoever_makes_siblings_for_ever_has_few_at_a_time(pool: PgPool) {
    let service = Service::start(&pool).await;
    let mut last = service.sign_up("faker").await;
    let mut throttled = 0;
    for _ in 0..30 {
        service.clock.advance(TimeDelta::seconds(31));
        let next = service.refresh(&last.refresh_token).await.unwrap();
        for _ in 0..8 {
            throttled += u32::from(service.refresh(&last.refresh_token).await.is_err());
        }
        last = next;
    }
    // What is unused, what was used in the last minute, and what is being used.
    assert!(stored_tokens(&pool).await <= 20 + 2, "{}", stored_tokens(&pool).await);
    assert!(throttled > 100, "{throttled}");
    // Answers that were lost an hour ago make room.
    service.clock.advance(TimeDelta::minutes(61));
    let next = service.refresh(&last.refresh_token).await.unwrap();
    let sibling = service.refresh(&last.refresh_token).await.unwrap();
    assert!(!service.is_over(&next.refresh_token).await);
    assert!(!service.is_over(&sibling.refresh_token).await);
    service.stop().await;
}
