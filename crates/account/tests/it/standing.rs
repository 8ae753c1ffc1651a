//! What admins do to accounts.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use loljoa_proto::{
    account::v1::{
        DisableAccountRequest, EnableAccountRequest, EndSessionsRequest, FindAccountRequest, ManagedAccount,
        Role,
    },
    admin::v1::{ListAdminActionsRequest, admin_log_service_client::AdminLogServiceClient},
};
use loljoa_service_kit::{AccountId, Error, ErrorCode, identity::Bearer, postgres};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{PASSWORD, Service, access_session, id_of, until_blocked};

const HOME: &str = "203.0.113.7";

async fn disable(service: &Service, account: AccountId, admin: &str) -> Result<ManagedAccount, Error> {
    let request = DisableAccountRequest { account_id: account.to_string(), ..Default::default() };
    let answer = service.desk(admin).disable_account(request).await.map_err(Error::from)?;
    Ok(answer.into_inner().account.unwrap())
}

async fn enable(service: &Service, account: AccountId, admin: &str) -> ManagedAccount {
    let request = EnableAccountRequest { account_id: account.to_string(), ..Default::default() };
    service.desk(admin).enable_account(request).await.unwrap().into_inner().account.unwrap()
}

async fn end_sessions(service: &Service, account: AccountId, admin: &str) -> i64 {
    let request = EndSessionsRequest { account_id: account.to_string(), ..Default::default() };
    service.desk(admin).end_sessions(request).await.unwrap().into_inner().ended
}

async fn find(service: &Service, username: &str, admin: &str) -> Result<ManagedAccount, Error> {
    let request = FindAccountRequest { username: username.into() };
    let answer = service.desk(admin).find_account(request).await.map_err(Error::from)?;
    Ok(answer.into_inner().account.unwrap())
}

/// What is written down of what admins did, oldest first: who, what, on whom, before, after.
async fn written(service: &Service, admin: &str) -> Vec<(String, String, String, Value, Value)> {
    let bearer = Bearer::new(admin).unwrap();
    let mut log = AdminLogServiceClient::with_interceptor(service.channel.clone(), bearer);
    let request = ListAdminActionsRequest { limit: 100, cursor: String::new() };
    let actions = log.list_admin_actions(request).await.unwrap().into_inner().actions.into_iter().rev();
    let told = |text: String| serde_json::from_str(&text).unwrap();
    actions.map(|it| (it.username, it.action, it.subject_id, told(it.before), told(it.after))).collect()
}

#[sqlx::test]
async fn a_disabled_account_stays_out_until_it_is_enabled(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (session, admin) = (service.sign_up("Faker").await, service.admin(&pool, "oner").await.access_token);
    let account = id_of(&session);
    let first = disable(&service, account, &admin).await.unwrap();
    assert!(first.disabled_at.is_some() && first.open_sessions == 0);
    service.clock.advance(TimeDelta::seconds(1));
    assert_eq!(disable(&service, account, &admin).await.unwrap(), first, "the first time stands");
    assert_eq!(find(&service, "fAKER", &admin).await.unwrap(), first);

    assert!(service.is_over(&session.refresh_token).await);
    let ended = service.revocations(None).await.access_session_ids;
    assert_eq!(ended, [access_session(&session.access_token)]);
    let refused = service.log_in("faker", PASSWORD, HOME).await.unwrap_err();
    assert_eq!((refused.code, refused.reason.as_str()), (ErrorCode::Forbidden, "account_disabled"));
    let guess = service.log_in("faker", "wrong horse", HOME).await.unwrap_err();
    assert_eq!(guess.reason, "invalid_credentials", "only who knows the password is told");

    assert_eq!(enable(&service, account, &admin).await.disabled_at, None);
    assert!(service.is_over(&session.refresh_token).await, "what has ended stays so");
    service.log_in("faker", PASSWORD, HOME).await.unwrap();
    assert_eq!(find(&service, "faker", &admin).await.unwrap().open_sessions, 1);
    service.stop().await;
}

#[sqlx::test]
async fn a_sign_up_sent_again_is_no_way_in(pool: PgPool) {
    let service = Service::start(&pool).await;
    let key = loljoa_service_kit::ids::fresh().to_string();
    let session = service.try_sign_up("faker", PASSWORD, &key).await.unwrap();
    let admin = service.admin(&pool, "oner").await.access_token;
    disable(&service, id_of(&session), &admin).await.unwrap();
    let error = service.try_sign_up("faker", PASSWORD, &key).await.unwrap_err();
    assert_eq!(error.reason, "account_disabled");
    let error = service.change_password(&session, (PASSWORD, "battery staple"), HOME).await.unwrap_err();
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
    let (session, oner) = (service.sign_up("faker").await, service.admin(&pool, "oner").await);
    let (account, admin) = (id_of(&session), oner.access_token.as_str());
    assert_eq!(end_sessions(&service, account, admin).await, 1);
    assert!(service.is_over(&session.refresh_token).await);
    service.log_in("faker", PASSWORD, HOME).await.unwrap();

    // Whom the request names as acting is nobody's business.
    let request = DisableAccountRequest {
        account_id: id_of(&oner).to_string(),
        acting_account_id: AccountId::fresh().to_string(),
    };
    let error = Error::from(service.desk(admin).disable_account(request).await.unwrap_err());
    assert_eq!((error.code, error.reason.as_str()), (ErrorCode::Conflict, "own_account"));
    let error = disable(&service, AccountId::fresh(), admin).await.unwrap_err();
    assert_eq!((error.code, error.reason.as_str()), (ErrorCode::NotFound, "account_not_found"));
    assert_eq!(find(&service, "nobody_here", admin).await.unwrap_err().reason, "account_not_found");
    service.stop().await;
}

#[sqlx::test]
async fn what_admins_do_to_accounts_is_written_down_once_with_what_was_before(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (session, admin) = (service.sign_up("faker").await, service.admin(&pool, "oner").await.access_token);
    let (account, noon) = (id_of(&session), json!(service.clock.now()));
    for _ in 0..2 {
        disable(&service, account, &admin).await.unwrap();
    }
    for _ in 0..2 {
        enable(&service, account, &admin).await;
    }
    service.log_in("faker", PASSWORD, HOME).await.unwrap();
    assert_eq!(end_sessions(&service, account, &admin).await, 1);
    assert_eq!(end_sessions(&service, account, &admin).await, 0);
    let line = |what: &str, before: Value, after: Value| {
        ("oner".to_owned(), what.to_owned(), account.to_string(), before, after)
    };
    let expected = [
        line(
            "disable_account",
            json!({ "disabledAt": null, "openSessions": 1 }),
            json!({ "username": "faker", "disabledAt": noon, "openSessions": 0 }),
        ),
        line(
            "enable_account",
            json!({ "disabledAt": noon }),
            json!({ "username": "faker", "disabledAt": null }),
        ),
        line("end_sessions", json!({ "openSessions": 1 }), json!({ "username": "faker", "openSessions": 0 })),
    ];
    assert_eq!(written(&service, &admin).await, expected);
    service.stop().await;
}

#[sqlx::test]
async fn an_action_that_cannot_be_written_down_is_not_done(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (session, admin) = (service.sign_up("faker").await, service.admin(&pool, "oner").await.access_token);
    let account = id_of(&session);
    sqlx::query("ALTER TABLE admin_actions RENAME TO away").execute(&pool).await.unwrap();
    assert_eq!(disable(&service, account, &admin).await.unwrap_err().code, ErrorCode::Internal);
    let request = EndSessionsRequest { account_id: account.to_string(), ..Default::default() };
    assert!(service.desk(&admin).end_sessions(request).await.is_err());
    sqlx::query("ALTER TABLE away RENAME TO admin_actions").execute(&pool).await.unwrap();
    let session = service.refresh(&session.refresh_token).await.unwrap();
    assert_eq!(find(&service, "faker", &admin).await.unwrap().disabled_at, None);
    assert!(!service.is_over(&session.refresh_token).await);
    for statement in
        ["UPDATE admin_actions SET why = 'x'", "DELETE FROM admin_actions", "TRUNCATE admin_actions"]
    {
        let refused = sqlx::query(statement).execute(&pool).await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().message(), "admin_actions is append-only");
    }
    service.stop().await;
}

#[sqlx::test]
async fn whoever_is_no_admin_any_more_or_was_logged_out_does_nothing_more(pool: PgPool) {
    let service = Service::start(&pool).await;
    let account = service.account("faker").await;
    let (gone, demoted) = (service.admin(&pool, "oner").await, service.admin(&pool, "gumayusi").await);
    service.log_out_all(&gone.access_token).await.unwrap();
    let demote = "UPDATE users SET role = 'user' WHERE username_key = 'gumayusi'";
    sqlx::query(demote).execute(&pool).await.unwrap();
    for (session, reason) in [(&gone, "session_over"), (&demoted, "admin_required")] {
        let error = disable(&service, account, &session.access_token).await.unwrap_err();
        assert_eq!(error.reason, reason);
    }
    service.log_in("faker", PASSWORD, HOME).await.unwrap();
    service.stop().await;
}

#[sqlx::test]
async fn what_was_ended_long_ago_is_told_no_more_and_nothing_is_left_out_between(pool: PgPool) {
    let service = Service::start(&pool).await;
    let end = async |username: &str| {
        let session = service.sign_up(username).await;
        service.log_out_all(&session.access_token).await.unwrap();
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
async fn of_very_many_sessions_that_were_ended_none_is_left_out(pool: PgPool) {
    let service = Service::start(&pool).await;
    let account = service.account("faker").await;
    // As an operator ends them all after a break-in: most in one instant some minutes ago, others one by one just now.
    for (how_many, ago, apart) in [(20_001, 300, "0"), (1, 299, "0"), (45_000, 10, "100 microseconds")] {
        let end = "INSERT INTO sessions (session_id, account_id, created_at, expires_at, revoked_at)
            SELECT gen_random_uuid(), $1, $2, $2 + interval '1 day', $2 + n * $3::text::interval
            FROM generate_series(1, $4::bigint) AS n";
        let at = service.clock.now() - TimeDelta::seconds(ago);
        sqlx::query(end).bind(account).bind(at).bind(apart).bind(how_many).execute(&pool).await.unwrap();
    }
    let (mut told, mut since, mut more) = (BTreeSet::new(), None, true);
    for _ in 0..20 {
        let page = service.revocations(since).await;
        told.extend(page.access_session_ids);
        (since, more) = (page.until, page.more);
        if !more {
            break;
        }
    }
    assert_eq!((told.len(), more), (65_002, false));
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
