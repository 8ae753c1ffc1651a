use std::collections::BTreeSet;

use loljoa_service_kit::{
    health::{Health, Missing},
    postgres::{self, Pools},
};
use sqlx::{PgPool, Row};
use tokio::time;

use super::{Pooled, SERVER_CONNECTIONS};
use crate::postgres::probe::{becomes, migrator, watch_database};

#[sqlx::test]
async fn a_pooler_that_loses_prepared_statements_is_named_and_not_worked_with(pool: PgPool) {
    let mut pooled = Pooled::over(&pool, &[("max_prepared_statements", "0")]).await;
    pooled.migrate().await;
    let (health, _stop) = watch_database(&pooled.config, &migrator(7));
    becomes(&health, Some(Missing::PreparedStatements)).await;
    let why = "the pooler does not keep prepared statements: PgBouncer 1.21 or later with max_prepared_statements above 0 \
        is needed";
    assert_eq!(health.not_ready_because(), [why]);

    pooled.config.acquire_timeout_ms = 500;
    let service = Pools::new(&pooled.config, "test").unwrap().requests;
    let refused = sqlx::query("SELECT 1").execute(&service).await.unwrap_err();
    assert!(matches!(refused, sqlx::Error::PoolTimedOut), "{refused}");
}

#[sqlx::test]
async fn a_replica_is_not_ready_before_bounds_are_in_force(pool: PgPool) {
    let pooled = Pooled::over(&pool, &[]).await;
    migrator(7).run(&pool).await.unwrap();
    let (health, _stop) = watch_database(&pooled.config, &migrator(7));
    becomes(&health, Some(Missing::Limit("statement_timeout"))).await;
    let why = "statement_timeout is not in force through the pooler: run migrate";
    assert_eq!(health.not_ready_because(), [why]);

    // Server connections that are older than the bounds are ended, one after the other.
    pooled.migrate().await;
    becomes(&health, None).await;
}

#[sqlx::test]
async fn readiness_follows_the_pooler(pool: PgPool) {
    let mut pooled = Pooled::migrated(&pool).await;
    let (health, _stop) = watch_database(&pooled.config, &migrator(7));
    becomes(&health, None).await;
    pooled.pooler.kill().await.unwrap();
    becomes(&health, Some(Missing::Pooler)).await;
    pooled.pooler.start_again().await.unwrap();
    becomes(&health, None).await;
}

#[sqlx::test]
async fn a_pooler_whose_server_connections_are_all_in_use_leaves_a_replica_ready(pool: PgPool) {
    let pooled = Pooled::migrated(&pool).await;
    let (health, _stop) = watch_database(&pooled.config, &migrator(7));
    becomes(&health, None).await;
    let service = Pools::new(&pooled.config, "test").unwrap().requests;
    let mut held = Vec::new();
    for _ in 0..SERVER_CONNECTIONS {
        held.push(postgres::begin(&service).await.unwrap());
    }
    stays_ready_while_looks_wait(&pooled, &health).await;
}

#[sqlx::test]
async fn a_pooler_that_pauses_leaves_a_replica_ready(pool: PgPool) {
    let pooled = Pooled::migrated(&pool).await;
    let (health, _stop) = watch_database(&pooled.config, &migrator(7));
    becomes(&health, None).await;
    pooled.command("PAUSE").await;
    stays_ready_while_looks_wait(&pooled, &health).await;
    pooled.command("RESUME").await;
}

async fn stays_ready_while_looks_wait(pooled: &Pooled, health: &Health) {
    // Each look that is given up is made again on another connection.
    let mut looks = BTreeSet::new();
    while looks.len() < 4 {
        for client in pooled.command("SHOW CLIENTS").await {
            if client.get::<String, _>("state") == "waiting" {
                looks.insert(client.get::<i32, _>("port"));
            }
        }
        assert!(health.is_ready(), "after {} looks", looks.len());
        time::sleep(time::Duration::from_millis(20)).await;
    }
}
