//! The admin that configuration asks for.

use futures::future::join_all;
use loljoa_account::config::BootstrapAdmin;
use loljoa_proto::account::v1::{Role, Session};
use loljoa_service_kit::{Clock, ids};
use sqlx::PgPool;

use crate::harness::{PASSWORD, Service, access_session, assert_ledger_is_clean, config, eventually, noon};

fn admin(username: &str, password: &str) -> BootstrapAdmin {
    BootstrapAdmin { username: username.into(), password: password.into() }
}

async fn with_admin(pool: &PgPool, admin: BootstrapAdmin) -> Service {
    let mut config = config(pool);
    config.bootstrap_admin = Some(admin);
    Service::start_with(config, Clock::fixed(noon())).await
}

/// Waits until there is an admin. Whoever tries to log in instead is soon kept out for trying.
async fn until_made(pool: &PgPool) {
    let made = "SELECT true FROM users WHERE role = 'admin'";
    eventually(async || sqlx::query_scalar::<_, bool>(made).fetch_optional(pool).await.unwrap()).await;
}

#[sqlx::test]
async fn replicas_that_start_at_once_make_one_admin(pool: PgPool) {
    let replicas = join_all((0..3).map(|_| with_admin(&pool, admin("operator", PASSWORD)))).await;
    until_made(&pool).await;
    let session = replicas[0].log_in("operator", PASSWORD, "home").await.unwrap();
    assert_eq!(session.account.unwrap().role(), Role::Admin);
    for replica in replicas {
        replica.stop().await;
    }
    assert_ledger_is_clean(&pool).await;
}

/// Waits until a replica has done with the admin: one whose password is another stays unready for it.
async fn until_applied(service: &Service, password: &str) -> Session {
    eventually(async || service.log_in("operator", password, &ids::fresh().to_string()).await.ok()).await
}

#[sqlx::test]
async fn a_configured_password_that_has_changed_is_applied_once_and_ends_all_sessions(pool: PgPool) {
    let first = with_admin(&pool, admin("operator", PASSWORD)).await;
    let before = until_applied(&first, PASSWORD).await;
    first.stop().await;

    let replicas = join_all((0..3).map(|_| with_admin(&pool, admin("Operator", "another password")))).await;
    let after = until_applied(&replicas[0], "another password").await;
    assert!(replicas[1].is_over(&before.refresh_token).await);
    assert_eq!(
        replicas[2].log_in("operator", PASSWORD, "x").await.unwrap_err().reason,
        "invalid_credentials"
    );
    for replica in replicas {
        replica.stop().await;
    }
    let again = with_admin(&pool, admin("operator", "another password")).await;
    eventually(async || again.is_ready().await.then_some(())).await;
    assert!(!again.is_over(&after.refresh_token).await, "what has not changed ends nothing");
    again.stop().await;
}

#[sqlx::test]
async fn a_replica_of_before_that_starts_again_brings_no_old_password_back(pool: PgPool) {
    let passwords = ["first password", "second password", "third password"];
    for (n, password) in passwords.iter().enumerate() {
        let replica = with_admin(&pool, admin("operator", password)).await;
        let session = until_applied(&replica, password).await;
        for before in &passwords[..n] {
            let old = with_admin(&pool, admin("operator", before)).await;
            // Ready once it has done with the admin: it serves all the same.
            eventually(async || old.is_ready().await.then_some(())).await;
            let refused = old.log_in("operator", before, &ids::fresh().to_string()).await.unwrap_err();
            assert_eq!(refused.reason, "invalid_credentials", "{before}");
            old.stop().await;
        }
        assert!(!replica.is_over(&session.refresh_token).await, "{password} was never replaced");
        replica.stop().await;
    }
}

#[sqlx::test]
async fn no_configured_password_is_forgotten_whoever_applied_it(pool: PgPool) {
    let first = with_admin(&pool, admin("operator", PASSWORD)).await;
    until_applied(&first, PASSWORD).await;
    first.try_sign_up("keria", "another password", "").await.unwrap();
    first.stop().await;
    // What the release before does when the configured password changes: it knows of the columns alone.
    let other = "SELECT password_hash FROM users WHERE username_key = 'keria'";
    let other: String = sqlx::query_scalar(other).fetch_one(&pool).await.unwrap();
    let change = "UPDATE users SET password_hash = $1, configured_hash = $1 WHERE role = 'admin'";
    sqlx::query(change).bind(&other).execute(&pool).await.unwrap();
    let old = with_admin(&pool, admin("operator", PASSWORD)).await;
    eventually(async || old.is_ready().await.then_some(())).await;
    let kept = "SELECT configured_hash FROM users WHERE role = 'admin'";
    assert_eq!(sqlx::query_scalar::<_, String>(kept).fetch_one(&pool).await.unwrap(), other);
    for statement in
        ["DELETE FROM configured_passwords", "UPDATE configured_passwords SET password_hash = 'x'"]
    {
        let refused = sqlx::query(statement).execute(&pool).await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().message(), "configured_passwords is append-only");
    }
    old.stop().await;
}

#[sqlx::test]
async fn a_password_that_the_admin_has_set_stays_while_configuration_stays(pool: PgPool) {
    let first = with_admin(&pool, admin("operator", PASSWORD)).await;
    let session = until_applied(&first, PASSWORD).await;
    first.change_password(&session, (PASSWORD, "set by hand"), "x").await.unwrap();
    first.stop().await;
    let again = with_admin(&pool, admin("operator", PASSWORD)).await;
    eventually(async || again.is_ready().await.then_some(())).await;
    again.log_in("operator", "set by hand", "y").await.unwrap();
    again.stop().await;
}

#[sqlx::test]
async fn an_admin_of_the_release_before_has_the_configured_password_or_gets_it(pool: PgPool) {
    let first = with_admin(&pool, admin("operator", PASSWORD)).await;
    let session = until_applied(&first, PASSWORD).await;
    first.stop().await;
    for (password, is_over) in [(PASSWORD, false), ("another password", true)] {
        sqlx::query("UPDATE users SET configured_hash = NULL").execute(&pool).await.unwrap();
        let again = with_admin(&pool, admin("operator", password)).await;
        eventually(async || again.is_ready().await.then_some(())).await;
        let noted = "SELECT configured_hash = password_hash FROM users";
        assert!(sqlx::query_scalar::<_, bool>(noted).fetch_one(&pool).await.unwrap());
        let access = again.revocations(None).await.access_session_ids;
        assert_eq!(access.contains(&access_session(&session.access_token)), is_over);
        again.stop().await;
    }
}

#[sqlx::test]
async fn a_name_that_can_be_nobodys_stops_the_service(pool: PgPool) {
    let reason = with_admin(&pool, admin("no", PASSWORD)).await.failure().await;
    assert!(reason.contains("bootstrap_admin: username"), "{reason}");
}

#[sqlx::test]
async fn whoever_has_the_admins_name_stops_no_replica_and_is_no_admin(pool: PgPool) {
    let service = Service::start(&pool).await;
    service.sign_up("faker").await;
    service.stop().await;
    let replicas = join_all((0..2).map(|_| with_admin(&pool, admin("faker", "another password")))).await;
    for replica in &replicas {
        eventually(async || replica.is_ready().await.then_some(())).await;
    }
    let session = replicas[0].log_in("faker", PASSWORD, "home").await.unwrap();
    assert_eq!(session.account.unwrap().role(), Role::User);
    replicas[1].sign_up("keria").await;
    for replica in replicas {
        replica.stop().await;
    }
}

#[sqlx::test]
async fn a_name_that_only_looks_like_the_admins_keeps_no_admin_away(pool: PgPool) {
    let service = Service::start(&pool).await;
    service.sign_up("Iol_chief").await;
    service.stop().await;
    let service = with_admin(&pool, admin("lol_chief", PASSWORD)).await;
    until_made(&pool).await;
    let session = service.log_in("lol_chief", PASSWORD, "home").await.unwrap();
    assert_eq!(session.account.unwrap().role(), Role::Admin);
    service.stop().await;
}
