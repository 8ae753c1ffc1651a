//! Changing a password, and who is still in afterwards.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use loljoa_proto::account::v1::{ChangePasswordRequest, EndOtherSessionsRequest, LogOutAllRequest};
use loljoa_service_kit::{Error, ErrorCode, postgres};
use sqlx::PgPool;

use crate::harness::{PASSWORD, Service, access_session, until_blocked};

const HOME: &str = "203.0.113.7";
const NEW: &str = "battery staple";

fn named(error: &Error) -> (ErrorCode, &str, &str) {
    (
        error.code,
        error.reason.as_str(),
        error.violations.first().map_or("", |at_fault| at_fault.field.as_str()),
    )
}

#[sqlx::test]
async fn another_password_ends_all_sessions_and_opens_one(pool: PgPool) {
    let service = Service::start(&pool).await;
    let here = service.sign_up("faker").await;
    let there = service.log_in("faker", PASSWORD, HOME).await.unwrap();
    let somebody = service.sign_up("keria").await;
    let fresh = service.change_password(&here, (PASSWORD, NEW), HOME).await.unwrap();
    for old in [&here, &there] {
        assert!(service.is_over(&old.refresh_token).await);
    }
    for on in [&fresh, &somebody] {
        assert!(!service.is_over(&on.refresh_token).await);
    }
    let ended = service.revocations(None).await.access_session_ids;
    let expected = [&here, &there].map(|session| access_session(&session.access_token));
    assert_eq!(BTreeSet::from_iter(ended), BTreeSet::from(expected));
    assert_eq!(service.log_in("faker", PASSWORD, HOME).await.unwrap_err().reason, "invalid_credentials");
    service.log_in("faker", NEW, HOME).await.unwrap();
    service.stop().await;
}

#[sqlx::test]
async fn the_same_change_sent_again_succeeds_again(pool: PgPool) {
    let service = Service::start(&pool).await;
    let here = service.sign_up("faker").await;
    let lost = service.change_password(&here, (PASSWORD, NEW), HOME).await.unwrap();
    let session = service.change_password(&here, (PASSWORD, NEW), HOME).await.unwrap();
    assert!(service.is_over(&lost.refresh_token).await);
    assert!(!service.is_over(&session.refresh_token).await);
    service.stop().await;
}

#[sqlx::test]
async fn who_does_not_know_the_password_changes_nothing_and_has_to_wait(pool: PgPool) {
    let service = Service::start(&pool).await;
    let session = service.sign_up("faker").await;
    for (current, new) in [("short", NEW), ("wrong horse", NEW), ("wrong horse", "other staple")] {
        let error = service.change_password(&session, (current, new), HOME).await.unwrap_err();
        assert_eq!(named(&error), (ErrorCode::Invalid, "password_wrong", "currentPassword"));
    }
    let error = service.change_password(&session, (PASSWORD, "1234567"), HOME).await.unwrap_err();
    assert_eq!(named(&error), (ErrorCode::Invalid, "password_invalid", "newPassword"));
    for _ in 0..3 {
        service.change_password(&session, ("wrong horse", NEW), HOME).await.unwrap_err();
    }
    // Guesses here and at log-in are counted together.
    for error in [
        service.change_password(&session, (PASSWORD, NEW), HOME).await.unwrap_err(),
        service.log_in("faker", PASSWORD, HOME).await.unwrap_err(),
    ] {
        assert_eq!((error.code, error.reason.as_str()), (ErrorCode::Exhausted, "login_throttled"));
    }
    service.clock.advance(TimeDelta::minutes(5));
    service.log_in("faker", PASSWORD, HOME).await.unwrap();
    assert!(!service.is_over(&session.refresh_token).await);
    service.stop().await;
}

#[sqlx::test]
async fn a_log_in_under_way_with_the_old_password_opens_nothing(pool: PgPool) {
    let service = Service::start(&pool).await;
    let account = service.account("faker").await;
    let sessions = "SELECT count(*) FROM sessions WHERE revoked_at IS NULL";
    // The change has replaced the password and not committed yet; the log-in has verified the old one.
    let mut change = postgres::begin(&pool).await.unwrap();
    let replace = "UPDATE users SET password_hash = password_hash || 'x' WHERE account_id = $1";
    sqlx::query(replace).bind(account).execute(&mut *change).await.unwrap();
    let (log_in, ()) = tokio::join!(service.log_in("faker", PASSWORD, HOME), async {
        until_blocked(&pool, 1).await;
        let end = "UPDATE sessions SET revoked_at = now() WHERE account_id = $1";
        sqlx::query(end).bind(account).execute(&mut *change).await.unwrap();
        change.commit().await.unwrap();
    });
    assert_eq!(log_in.unwrap_err().reason, "invalid_credentials");
    assert_eq!(sqlx::query_scalar::<_, i64>(sessions).fetch_one(&pool).await.unwrap(), 0);
    service.stop().await;
}

#[sqlx::test]
async fn one_ends_all_other_sessions_and_stays(pool: PgPool) {
    let service = Service::start(&pool).await;
    let here = service.sign_up("faker").await;
    let here = service.refresh(&here.refresh_token).await.unwrap();
    let there = service.log_in("faker", PASSWORD, HOME).await.unwrap();
    let somebody = service.sign_up("keria").await;
    assert_eq!(service.end_others(&here.access_token).await, 1);
    assert_eq!(service.end_others(&here.access_token).await, 0);
    assert!(service.is_over(&there.refresh_token).await);
    assert!(!service.is_over(&here.refresh_token).await);
    assert!(!service.is_over(&somebody.refresh_token).await);
    service.stop().await;
}

#[sqlx::test]
async fn nobody_acts_for_another_account(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, keria) = (service.sign_up("faker").await, service.sign_up("keria").await);
    let account_id = keria.account.clone().unwrap().account_id;
    let mut as_faker = service.with(&faker.access_token);
    let log_out = LogOutAllRequest { account_id: account_id.clone() };
    let end = EndOtherSessionsRequest { account_id: account_id.clone(), ..Default::default() };
    let change = ChangePasswordRequest {
        account_id,
        current_password: PASSWORD.into(),
        new_password: NEW.into(),
        client_address: HOME.into(),
    };
    for refused in [
        as_faker.log_out_all(log_out.clone()).await.unwrap_err(),
        as_faker.end_other_sessions(end.clone()).await.unwrap_err(),
        as_faker.change_password(change.clone()).await.unwrap_err(),
    ] {
        let error = Error::from(refused);
        assert_eq!((error.code, error.reason.as_str()), (ErrorCode::Forbidden, "another_account"));
    }
    // Nor does whoever has no token at all, whatever the request says.
    let mut as_nobody = service.accounts.clone();
    for refused in [
        as_nobody.log_out_all(log_out).await.unwrap_err(),
        as_nobody.end_other_sessions(end).await.unwrap_err(),
        as_nobody.change_password(change).await.unwrap_err(),
    ] {
        assert_eq!(Error::from(refused).reason, "token_missing");
    }
    service.log_in("keria", PASSWORD, HOME).await.unwrap();
    assert!(!service.is_over(&keria.refresh_token).await);
    service.stop().await;
}
