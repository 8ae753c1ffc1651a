use loljoa_service_kit::postgres;
use sqlx::{
    PgPool, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};
use tokio::time;

use super::database;

fn migrator(steps: &[(i64, &'static str)]) -> Migrator {
    let migration = |(version, sql): &(i64, &'static str)| {
        let kind = MigrationType::Simple;
        Migration::new(*version, "step".into(), kind, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(steps.iter().map(migration).collect())
}

const OLD: [(i64, &str); 1] = [(1, "CREATE TABLE things (id int)")];
const NEW: [(i64, &str); 2] = [OLD[0], (2, "ALTER TABLE things ADD note text")];

#[sqlx::test]
async fn an_older_program_leaves_a_newer_schema_alone(pool: PgPool) {
    let database = database(&pool, None);
    postgres::migrate(&database, "test", &migrator(&NEW)).await.unwrap();
    postgres::migrate(&database, "test", &migrator(&OLD)).await.unwrap();
    sqlx::query("SELECT note FROM things").execute(&pool).await.unwrap();
}

#[sqlx::test]
async fn a_migration_outlasts_the_bound_on_statements(pool: PgPool) {
    let database = database(&pool, None);
    let slow = migrator(&[(1, "SELECT pg_sleep(1.5)")]);
    assert!(database.statement_timeout_ms < 1_500);
    postgres::migrate(&database, "test", &slow).await.unwrap();
}

#[sqlx::test]
async fn a_lock_that_is_held_delays_a_migration_and_does_not_stop_it_or_those_who_queue_behind(pool: PgPool) {
    let database = database(&pool, None);
    postgres::migrate(&database, "test", &migrator(&OLD)).await.unwrap();
    let mut reader = postgres::begin(&pool).await.unwrap();
    sqlx::query("SELECT FROM things").execute(&mut *reader).await.unwrap();
    let migrating = tokio::spawn(async move { postgres::migrate(&database, "test", &migrator(&NEW)).await });
    let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'test migrate'
        AND wait_event_type = 'Lock')";
    let waiting = async |expected: bool| {
        while sqlx::query_scalar::<_, bool>(waits).fetch_one(&pool).await.unwrap() != expected {
            time::sleep(time::Duration::from_millis(5)).await;
        }
    };
    waiting(true).await;
    waiting(false).await;
    assert!(!migrating.is_finished(), "it lets others pass and tries again");
    reader.rollback().await.unwrap();
    migrating.await.unwrap().unwrap();
    sqlx::query("SELECT note FROM things").execute(&pool).await.unwrap();
}
