//! Making accounts.

use futures::future::join_all;
use loljoa_account::config::BootstrapAdmin;
use loljoa_proto::account::v1::{Role, Tier};
use loljoa_service_kit::{Clock, ErrorCode, ids};
use sqlx::PgPool;

use crate::harness::{PASSWORD, Service, assert_ledger_is_clean, config, id_of, noon};

#[sqlx::test]
async fn a_new_account_is_a_bronze_user_with_a_thousand_points(pool: PgPool) {
    let service = Service::start(&pool).await;
    let session = service.sign_up("Faker").await;
    let account = session.account.unwrap();
    assert_eq!(
        (account.username.as_str(), account.points, account.staked, account.profit),
        ("Faker", 1_000, 0, 0)
    );
    assert_eq!((account.role(), account.tier(), account.rank), (Role::User, Tier::Bronze, 1));
    assert_eq!(session.expires_in, 900);
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn a_name_is_taken_whatever_its_case(pool: PgPool) {
    let service = Service::start(&pool).await;
    service.sign_up("Faker").await;
    let error = service.try_sign_up("FAKER", PASSWORD, "").await.unwrap_err();
    assert_eq!((error.code, error.reason.as_str()), (ErrorCode::AlreadyExists, "username_taken"));
    assert_eq!(error.violations[0].field, "username");
    service.stop().await;
}

#[sqlx::test]
async fn bad_names_and_passwords_are_refused_and_change_nothing(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (huge, long) = ("x".repeat(10_240), "x".repeat(129));
    let cases = [
        ("ab", PASSWORD, "username"),
        ("with space", PASSWORD, "username"),
        ("nul\u{0}byte", PASSWORD, "username"),
        ("no\u{a0}break", PASSWORD, "username"),
        ("f\u{430}ker", PASSWORD, "username"),
        (huge.as_str(), PASSWORD, "username"),
        ("faker", "1234567", "password"),
        ("faker", long.as_str(), "password"),
        ("faker", huge.as_str(), "password"),
    ];
    for (username, password, field) in cases {
        let error = service.try_sign_up(username, password, "").await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Invalid);
        assert_eq!(error.violations[0].field, field, "{username:?}");
    }
    let error = service.try_sign_up("faker", PASSWORD, "not-a-uuid").await.unwrap_err();
    assert_eq!(error.violations[0].field, "Idempotency-Key");
    let users: i64 = sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&pool).await.unwrap();
    assert_eq!(users, 0);
    service.stop().await;
}

#[sqlx::test]
async fn the_same_key_and_credentials_open_a_session_on_the_same_account(pool: PgPool) {
    let service = Service::start(&pool).await;
    let key = ids::fresh().to_string();
    let first = service.try_sign_up("faker", PASSWORD, &key).await.unwrap();
    let again = service.try_sign_up("Faker", PASSWORD, &key).await.unwrap();
    assert_eq!(id_of(&first), id_of(&again));
    assert_ne!(first.refresh_token, again.refresh_token);
    assert_eq!(again.account.unwrap().points, 1_000);

    for (username, password) in [("keria", PASSWORD), ("faker", "another password")] {
        let error = service.try_sign_up(username, password, &key).await.unwrap_err();
        assert_eq!((error.code, error.reason.as_str()), (ErrorCode::Conflict, "idempotency_key_reused"));
    }
    service.stop().await;
}

#[sqlx::test]
async fn one_request_sent_many_times_at_once_makes_one_account(pool: PgPool) {
    let service = Service::start(&pool).await;
    let key = ids::fresh().to_string();
    let sessions = join_all((0..8).map(|_| service.try_sign_up("faker", PASSWORD, &key))).await;
    let accounts: std::collections::HashSet<_> =
        sessions.into_iter().map(|session| id_of(&session.unwrap())).collect();
    assert_eq!(accounts.len(), 1);
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn of_many_who_want_one_name_at_once_one_gets_it(pool: PgPool) {
    let service = Service::start(&pool).await;
    let sessions = join_all((0..8).map(|_| service.try_sign_up("faker", PASSWORD, ""))).await;
    let (made, refused): (Vec<_>, Vec<_>) = sessions.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    assert!(refused.into_iter().all(|result| result.unwrap_err().reason == "username_taken"));
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn nobody_passes_for_the_house_or_for_another(pool: PgPool) {
    let mut config = config(&pool);
    config.bootstrap_admin =
        Some(BootstrapAdmin { username: "gumayusi".into(), password: PASSWORD.to_owned().into() });
    let service = Service::start_with(config, Clock::fixed(noon())).await;
    service.sign_up("FaIker").await;
    for (name, reason) in [
        ("admin", "username_reserved"),
        ("Adm1n", "username_reserved"),
        ("0perator", "username_reserved"),
        ("_System_", "username_reserved"),
        ("관리자", "username_reserved"),
        ("GUMAYUSI", "username_reserved"),
        ("gurnayusi", "username_reserved"),
        ("faiker", "username_taken"),
        ("falker", "username_lookalike"),
        ("FA1KER", "username_lookalike"),
    ] {
        let error = service.try_sign_up(name, PASSWORD, "").await.unwrap_err();
        assert_eq!(
            (error.reason.as_str(), error.violations[0].field.as_str()),
            (reason, "username"),
            "{name}"
        );
    }
    service.sign_up("faker").await;
    service.stop().await;
}

#[sqlx::test]
async fn of_many_who_want_names_that_look_alike_at_once_one_gets_it(pool: PgPool) {
    let service = Service::start(&pool).await;
    let names = ["lol_1", "lol_l", "l0l_1", "I0I_I", "1o1_1", "loi_i"];
    let sessions = join_all(names.map(|name| service.try_sign_up(name, PASSWORD, ""))).await;
    assert_eq!(sessions.iter().filter(|session| session.is_ok()).count(), 1);
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}
