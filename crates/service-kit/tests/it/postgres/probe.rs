use std::time::Duration;

use loljoa_service_kit::{
    config::Database,
    health::{Health, Missing},
    probe::Probe,
};
use secrecy::ExposeSecret;
use sqlx::{
    PgPool, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};
use tokio::time;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use super::{Proxy, database};

pub(super) fn migrator(version: i64) -> Migrator {
    let sql = "SELECT 1".into_sql_str();
    Migrator::with_migrations(vec![Migration::new(version, "test".into(), MigrationType::Simple, sql, false)])
}

fn watch(pool: &PgPool, proxy: Option<&Proxy>, migrator: &Migrator) -> (Health, DropGuard) {
    watch_database(&database(pool, proxy), migrator)
}

pub(super) fn watch_database(database: &Database, migrator: &Migrator) -> (Health, DropGuard) {
    let (health, stop) = (Health::new("test"), CancellationToken::new());
    let probe = Probe::new(database, migrator, health.clone()).unwrap();
    tokio::spawn(probe.run(stop.clone()));
    (health, stop.drop_guard())
}

pub(super) async fn becomes(health: &Health, missing: Option<Missing>) {
    let changed = async {
        while health.missing() != missing {
            time::sleep(Duration::from_millis(5)).await;
        }
    };
    time::timeout(Duration::from_secs(30), changed).await.unwrap_or_else(|_| {
        panic!("{missing:?} was awaited, {:?} is missing", health.missing());
    });
}

#[sqlx::test]
async fn a_replica_starts_unready_and_names_the_schema_that_is_missing(pool: PgPool) {
    let migrator = migrator(7);
    let (health, _stop) = watch(&pool, None, &migrator);
    assert!(!health.is_ready(), "nothing has answered yet");
    becomes(&health, Some(Missing::Schema { found: 0, needs: 7 })).await;
    let why = health.not_ready_because();
    assert_eq!(why, ["the database's schema has version 0, version 7 is needed: run migrate"]);
    migrator.run(&pool).await.unwrap();
    becomes(&health, None).await;
    assert!(health.is_ready());
}

#[sqlx::test]
async fn a_pool_that_is_busy_and_one_hiccup_leave_a_replica_ready_and_an_outage_does_not(pool: PgPool) {
    let (proxy, migrator) = (Proxy::to(&pool.connect_options()).await, migrator(7));
    migrator.run(&pool).await.unwrap();
    let (health, _stop) = watch(&pool, Some(&proxy), &migrator);
    becomes(&health, None).await;

    let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE application_name = 'test probe' AND datname = current_database()";
    for _ in 0..50 {
        sqlx::query(ended).execute(&pool).await.unwrap();
        assert!(health.is_ready(), "one failure is a hiccup");
        time::sleep(Duration::from_millis(20)).await;
    }

    proxy.cut();
    becomes(&health, Some(Missing::Database)).await;
    proxy.mend();
    becomes(&health, None).await;
}

#[sqlx::test]
async fn a_replica_that_is_not_let_in_says_so(pool: PgPool) {
    let here = database(&pool, None);
    let mut url = Url::parse(here.url.expose_secret()).unwrap();
    url.set_username("nobody_has_made_this_role").unwrap();
    let (health, _stop) = watch_database(&Database::at(url), &migrator(7));
    becomes(&health, Some(Missing::Credentials)).await;
    let why = health.not_ready_because();
    assert_eq!(why, ["the database's server refuses the user or the password of database.url"]);
}
