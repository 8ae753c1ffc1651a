//! What admins do to accounts.

use chrono::TimeDelta;
use loljoa_proto::account::v1::{
    DisableAccountRequest, EnableAccountRequest, EndSessionsRequest, FindAccountRequest, ManagedAccount, Role,
};
use loljoa_service_kit::{AccountId, Error, ErrorCode, postgres};
use sqlx::PgPool;

use crate::harness::{PASSWORD, Service, access_session, id_of, until_blocked};

const HOME: &str = "203.0.113.7";

async fn disable(service: &Service, account: AccountId, admin: AccountId) -> Result<ManagedAccount, Error> {
    let request =
        DisableAccountRequest { account_id: account.to_string(), acting_account_id: admin.to_string() };
    let answer = service.admin.clone().disable_account(request).await.map_err(Error::from)?;
    Ok(answer.into_inner().account.unwrap())
}

async fn enable(service: &Service, account: AccountId, admin: AccountId) -> ManagedAccount {
    let request =
        EnableAccountRequest { account_id: account.to_string(), acting_account_id: admin.to_string() };
    service.admin.clone().enable_account(request).await.unwrap().into_inner().account.unwrap()
}

async fn find(service: &Service, username: &str) -> Result<ManagedAccount, Error> {
    let request = FindAccountRequest { username: username.into() };
    let answer = service.admin.clone().find_account(request).await.map_err(Error::from)?;
    Ok(answer.into_inner().account.unwrap())
}

#[sqlx::test]
async fn a_disabled_account_stays_out_until_it_is_enabled(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (session, admin) = (service.sign_up("Faker").await, AccountId::fresh());
    let account = id_of(&session);
    let first = disable(&service, account, admin).await.unwrap();
    assert!(first.disabled_at.is_some() && first.open_sessions == 0);
    service.clock.advance(TimeDelta::seconds(1));
    assert_eq!(disable(&service, account, admin).await.unwrap(), first, "the first time stands");
    assert_eq!(find(&service, "fAKER").await.unwrap(), first);

    assert!(service.is_over(&session.refresh_token).await);
    let ended = service.revocations(None).await.access_session_ids;
    assert_eq!(ended, [access_session(&session.access_token)]);
    let refused = service.log_in("faker", PASSWORD, HOME).await.unwrap_err();
    assert_eq!((refused.code, refused.reason.as_str()), (ErrorCode::Forbidden, "account_disabled"));
    let guess = service.log_in("faker", "wrong horse", HOME).await.unwrap_err();
    assert_eq!(guess.reason, "invalid_credentials", "only who knows the password is told");

    assert_eq!(enable(&service, account, admin).await.disabled_at, None);
    assert!(service.is_over(&session.refresh_token).await, "what has ended stays so");
    service.log_in("faker", PASSWORD, HOME).await.unwrap();
    assert_eq!(find(&service, "faker").await.unwrap().open_sessions, 1);
    service.stop().await;
}

#[sqlx::test]
async fn a_sign_up_sent_again_is_no_way_in(pool: PgPool) {
    let service = Service::start(&pool).await;
    let key = loljoa_service_kit::ids::fresh().to_string();
    let session = service.try_sign_up("faker", PASSWORD, &key).await.unwrap();
    disable(&service, id_of(&session), AccountId::fresh()).await.unwrap();
    let error = service.try_sign_up("faker", PASSWORD, &key).await.unwrap_err();
    assert_eq!(error.reason, "account_disabled");
    let error =
        service.change_password(id_of(&session), (PASSWORD, "battery staple"), HOME).await.unwrap_err();
    assert_eq!(error.reason, "account_disabled");
    service.stop().await;
}

#[sqlx::test]
async fn a_log_in_under_way_is_shut_out(pool: PgPool) {
    let service = Service::start(&pool).await;
    let account = service.account("faker").await;
    let mut admin = postgres::begin(&pool).await.unwrap();
    let keep_out = "UPDATE users SET disabled_at = now() WHERE account_id = $1";
    sqlx::query(keep_out).bind(account).execute(&mut *admin).await.unwrap();
    let (log_in, ()) = tokio::join!(service.log_in("faker", PASSWORD, HOME), async {
        until_blocked(&pool, 1).await;
        admin.commit().await.unwrap();
    });
    assert_eq!(log_in.unwrap_err().reason, "account_disabled");
    let sessions: i64 = sqlx::query_scalar("SELECT count(*) FROM sessions").fetch_one(&pool).await.unwrap();
    assert_eq!(sessions, 1, "the one of the sign-up");
    service.stop().await;
}

#[sqlx::test]
async fn a_session_that_a_replica_of_before_has_opened_is_not_refreshed(pool: PgPool) {
    let service = Service::start(&pool).await;
    let session = service.sign_up("faker").await;
    sqlx::query("UPDATE users SET disabled_at = now()").execute(&pool).await.unwrap();
    assert!(service.is_over(&session.refresh_token).await);
    service.stop().await;
}

#[sqlx::test]
async fn admins_end_sessions_of_others_and_do_not_disable_themselves(pool: PgPool) {
    let service = Service::start(&pool).await;
    let session = service.sign_up("faker").await;
    let (account, admin) = (id_of(&session), AccountId::fresh());
    let request =
        EndSessionsRequest { account_id: account.to_string(), acting_account_id: admin.to_string() };
    let ended = service.admin.clone().end_sessions(request).await.unwrap().into_inner().ended;
    assert_eq!(ended, 1);
    assert!(service.is_over(&session.refresh_token).await);
    service.log_in("faker", PASSWORD, HOME).await.unwrap();

    let error = disable(&service, account, account).await.unwrap_err();
    assert_eq!((error.code, error.reason.as_str()), (ErrorCode::Conflict, "own_account"));
    let error = disable(&service, AccountId::fresh(), admin).await.unwrap_err();
    assert_eq!((error.code, error.reason.as_str()), (ErrorCode::NotFound, "account_not_found"));
    assert_eq!(find(&service, "nobody_here").await.unwrap_err().reason, "account_not_found");
    service.stop().await;
}

#[sqlx::test]
async fn what_was_ended_long_ago_is_told_no_more_and_nothing_is_left_out_between(pool: PgPool) {
    let service = Service::start(&pool).await;
    let end = async |username: &str| {
        let session = service.sign_up(username).await;
        service.end_others(id_of(&session), "x.eyJzaWQiOiIifQ").await;
        access_session(&session.access_token)
    };
    let first = end("faker").await;
    let one = service.revocations(None).await;
    assert_eq!((&one.access_session_ids, one.keep_seconds), (&vec![first.clone()], 900));
    service.clock.advance(TimeDelta::minutes(10));
    let second = end("keria").await;
    let two = service.revocations(one.until).await;
    assert_eq!(two.access_session_ids, [first, second.clone()], "the last minute is told again");
    assert_eq!(service.revocations(two.until).await.access_session_ids, std::slice::from_ref(&second));
    service.clock.advance(TimeDelta::minutes(6));
    assert_eq!(service.revocations(None).await.access_session_ids, [second], "tokens of the first are dead");
    service.stop().await;
}

#[sqlx::test]
async fn the_leaderboard_does_not_tell_who_is_an_admin(pool: PgPool) {
    let service = Service::start(&pool).await;
    let account = service.account("faker").await;
    sqlx::query("UPDATE users SET role = 'admin'").execute(&pool).await.unwrap();
    let request = loljoa_proto::account::v1::ListLeaderboardRequest {
        account_id: account.to_string(),
        ..Default::default()
    };
    let board = service.accounts.clone().list_leaderboard(request).await.unwrap().into_inner();
    assert_eq!(board.accounts[0].role(), Role::Unspecified);
    assert_eq!(board.own.unwrap().role(), Role::Admin, "one may know it of oneself");
    service.stop().await;
}
