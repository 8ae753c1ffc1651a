//! The admin that configuration asks for.

use futures::future::join_all;
use loljoa_account::config::BootstrapAdmin;
use loljoa_proto::account::v1::Role;
use loljoa_service_kit::Clock;
use sqlx::PgPool;

use crate::harness::{PASSWORD, Service, assert_ledger_is_clean, config, eventually, noon};

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

#[sqlx::test]
async fn an_admin_who_is_there_keeps_the_password(pool: PgPool) {
    let first = with_admin(&pool, admin("operator", PASSWORD)).await;
    until_made(&pool).await;
    first.log_in("operator", PASSWORD, "home").await.unwrap();
    first.stop().await;
    let second = with_admin(&pool, admin("Operator", "another password")).await;
    second.log_in("operator", PASSWORD, "elsewhere").await.unwrap();
    second.stop().await;
}

#[sqlx::test]
async fn a_name_that_cannot_be_the_admins_stops_the_service(pool: PgPool) {
    let reason = with_admin(&pool, admin("no", PASSWORD)).await.failure().await;
    assert!(reason.contains("bootstrap_admin: username"), "{reason}");

    let service = Service::start(&pool).await;
    service.sign_up("faker").await;
    service.stop().await;
    let reason = with_admin(&pool, admin("faker", PASSWORD)).await.failure().await;
    assert!(reason.contains("a user who is no admin has this name"), "{reason}");
}
