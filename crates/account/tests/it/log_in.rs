//! Logging in, and waiting after failures.

use std::time::Duration;

use chrono::TimeDelta;
use futures::future::join_all;
use loljoa_service_kit::{Clock, ErrorCode};
use sqlx::PgPool;

use crate::harness::{PASSWORD, Service, config, id_of, noon};

const HOME: &str = "203.0.113.7";
const ELSEWHERE: &str = "2001:db8::1";

#[sqlx::test]
async fn a_user_logs_in_whatever_the_case_of_the_name(pool: PgPool) {
    let service = Service::start(&pool).await;
    let account = service.account("Faker").await;
    let session = service.log_in("fAKER", PASSWORD, HOME).await.unwrap();
    assert_eq!(id_of(&session), account);
    service.stop().await;
}

#[sqlx::test]
async fn an_unknown_user_and_a_wrong_password_get_the_same_answer(pool: PgPool) {
    let service = Service::start(&pool).await;
    service.sign_up("faker").await;
    let wrong = service.log_in("faker", "wrong horse", HOME).await.unwrap_err();
    let unknown = service.log_in("keria", "wrong horse", HOME).await.unwrap_err();
    let malformed = service.log_in("no such name!", "wrong horse", HOME).await.unwrap_err();
    assert_eq!((wrong.code, wrong.reason.as_str()), (ErrorCode::Unauthenticated, "invalid_credentials"));
    assert_eq!(wrong, unknown);
    assert_eq!(wrong, malformed);
    service.stop().await;
}

#[sqlx::test]
async fn an_address_that_guesses_waits_and_locks_nobody_else_out(pool: PgPool) {
    let service = Service::start(&pool).await;
    service.sign_up("faker").await;
    service.sign_up("keria").await;
    for _ in 0..5 {
        let error = service.log_in("faker", "wrong horse", HOME).await.unwrap_err();
        assert_eq!(error.reason, "invalid_credentials");
    }
    let throttled = service.log_in("faker", PASSWORD, HOME).await.unwrap_err();
    assert_eq!((throttled.code, throttled.reason.as_str()), (ErrorCode::Exhausted, "login_throttled"));
    assert_eq!(throttled.retry_after, Some(Duration::from_secs(1)));

    service.log_in("faker", PASSWORD, ELSEWHERE).await.unwrap();
    service.log_in("keria", PASSWORD, HOME).await.unwrap();

    service.clock.advance(TimeDelta::seconds(1));
    service.log_in("faker", "wrong horse", HOME).await.unwrap_err();
    let longer = service.log_in("faker", PASSWORD, HOME).await.unwrap_err();
    assert_eq!(longer.retry_after, Some(Duration::from_secs(2)), "each further failure doubles the wait");
    service.stop().await;
}

#[sqlx::test]
async fn success_forgets_the_failures(pool: PgPool) {
    let service = Service::start(&pool).await;
    service.sign_up("faker").await;
    for _ in 0..3 {
        for _ in 0..4 {
            service.log_in("faker", "wrong horse", HOME).await.unwrap_err();
        }
        service.log_in("faker", PASSWORD, HOME).await.unwrap();
    }
    service.stop().await;
}

#[sqlx::test]
async fn guesses_made_at_once_through_two_replicas_are_counted_one_by_one(pool: PgPool) {
    let clock = Clock::fixed(noon());
    let one = Service::start_with(config(&pool), clock.clone()).await;
    let two = Service::start_with(config(&pool), clock).await;
    one.sign_up("faker").await;
    let guesses = (0..20).map(|n| [&one, &two][n % 2].log_in("faker", "wrong horse", HOME));
    let answers = join_all(guesses).await;
    let looked_at =
        answers.iter().filter(|answer| answer.as_ref().unwrap_err().reason == "invalid_credentials");
    assert_eq!(looked_at.count(), 5);
    one.stop().await;
    two.stop().await;
}

#[sqlx::test]
async fn one_customers_many_addresses_are_one(pool: PgPool) {
    let service = Service::start(&pool).await;
    service.sign_up("faker").await;
    for host in 0..5 {
        let address = format!("2001:db8:1:2::{host}");
        let error = service.log_in("faker", "wrong horse", &address).await.unwrap_err();
        assert_eq!(error.reason, "invalid_credentials");
    }
    let error = service.log_in("faker", PASSWORD, "2001:db8:1:2:3:4:5:6").await.unwrap_err();
    assert_eq!(error.reason, "login_throttled");
    service.log_in("faker", PASSWORD, "2001:db8:1:3::1").await.unwrap();
    service.stop().await;
}

#[sqlx::test]
async fn one_sites_many_addresses_have_a_limit_together(pool: PgPool) {
    let mut config = config(&pool);
    config.throttle.network_free_failures = 6;
    let service = Service::start_with(config, Clock::fixed(noon())).await;
    service.sign_up("faker").await;
    let guess = |subnet| {
        let service = &service;
        async move {
            let address = format!("2001:db8:1:{subnet}::1");
            service.log_in(&format!("victim_{subnet}"), "wrong horse", &address).await.unwrap_err().reason
        }
    };
    for reason in join_all((0..6).map(guess)).await {
        assert_eq!(reason, "invalid_credentials");
    }
    let throttled = service.log_in("faker", PASSWORD, "2001:db8:1:ffff::1").await.unwrap_err();
    assert_eq!(throttled.reason, "login_throttled");
    assert_eq!(throttled.retry_after, Some(Duration::from_secs(1)));
    service.log_in("faker", PASSWORD, "2001:db8:2:ffff::1").await.unwrap();
    service.log_in("faker", PASSWORD, HOME).await.unwrap();

    // Who knows the password is not counted.
    service.clock.advance(TimeDelta::seconds(1));
    for _ in 0..3 {
        service.log_in("faker", PASSWORD, "2001:db8:1:ffff::1").await.unwrap();
    }
    service.stop().await;
}

#[sqlx::test]
async fn one_password_tried_over_many_names_has_to_wait(pool: PgPool) {
    let service = Service::start(&pool).await;
    service.sign_up("faker").await;
    let spray = (0..100).map(|n| {
        let service = &service;
        async move { service.log_in(&format!("victim_{n}"), "correct horse", HOME).await.unwrap_err().reason }
    });
    let reasons = join_all(spray).await;
    let looked_at = reasons.iter().filter(|reason| *reason == "invalid_credentials").count();
    assert_eq!(looked_at, 30, "{reasons:?}");
    let throttled = service.log_in("faker", PASSWORD, HOME).await.unwrap_err();
    assert_eq!((throttled.code, throttled.reason.as_str()), (ErrorCode::Exhausted, "login_throttled"));
    assert_eq!(throttled.retry_after, Some(Duration::from_secs(1)));
    service.log_in("faker", PASSWORD, ELSEWHERE).await.unwrap();
    service.stop().await;
}

#[sqlx::test]
async fn logging_in_to_ones_own_account_forgives_no_guesses_at_others(pool: PgPool) {
    let mut config = config(&pool);
    config.throttle.address_free_failures = 3;
    let service = Service::start_with(config, Clock::fixed(noon())).await;
    service.sign_up("faker").await;
    for n in 0..2 {
        service.log_in(&format!("victim_{n}"), "wrong horse", HOME).await.unwrap_err();
        for _ in 0..5 {
            service.log_in("faker", PASSWORD, HOME).await.expect("who knows the password may come often");
        }
    }
    service.log_in("victim_2", "wrong horse", HOME).await.unwrap_err();
    assert_eq!(service.log_in("victim_3", "wrong horse", HOME).await.unwrap_err().reason, "login_throttled");
    service.stop().await;
}
