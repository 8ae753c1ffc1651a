use std::collections::BTreeSet;

use futures::future::join_all;
use loljoa_service_kit::{
    Error,
    postgres::{self, Pools},
};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgListener};
use tokio::time;

use super::{Pooled, SERVER_CONNECTIONS};
use crate::postgres::begin::{hanging_up_loses_nothing, make_table, stray_transactions_end};

/// More different statements than one connection of sqlx keeps.
const STATEMENTS: i64 = 150;
const CLIENTS: i64 = 8;

async fn none_is_left_in_a_transaction(pool: &PgPool) {
    let left = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    while sqlx::query_scalar::<_, i64>(left).fetch_one(pool).await.unwrap() > 0 {
        time::sleep(time::Duration::from_millis(5)).await;
    }
}

#[sqlx::test]
async fn whoever_hangs_up_while_a_transaction_begins_leaves_none_behind_the_pooler(pool: PgPool) {
    let pooled = Pooled::migrated(&pool).await;
    make_table(&pool).await;
    let service = Pools::new(&pooled.config, "test").unwrap().requests;
    hanging_up_loses_nothing(&service, &pool).await;
    none_is_left_in_a_transaction(&pool).await;
}

#[sqlx::test]
async fn a_client_that_comes_back_inside_a_transaction_is_closed_and_so_is_its_server_connection(
    pool: PgPool,
) {
    let pooled = Pooled::migrated(&pool).await;
    make_table(&pool).await;
    let service = Pools::new(&pooled.config, "test").unwrap().requests;
    stray_transactions_end(&service, &pool).await;
    none_is_left_in_a_transaction(&pool).await;
}

#[sqlx::test]
async fn bounds_hold_without_a_client_saying_so(pool: PgPool) {
    let pooled = Pooled::migrated(&pool).await;
    make_table(&pool).await;
    let service = Pools::new(&pooled.config, "test").unwrap().workers;
    for (show, bound) in [
        ("SHOW statement_timeout", "500ms"),
        ("SHOW lock_timeout", "300ms"),
        ("SHOW idle_in_transaction_session_timeout", "15s"),
        ("SHOW tcp_user_timeout", "25000"),
        ("SHOW client_connection_check_interval", "5s"),
        ("SHOW timezone", "UTC"),
    ] {
        assert_eq!(sqlx::query_scalar::<_, String>(show).fetch_one(&service).await.unwrap(), bound, "{show}");
    }
    let code = |error: sqlx::Error| error.as_database_error().unwrap().code().unwrap().into_owned();
    let slow = sqlx::query("SELECT pg_sleep(60)").execute(&service).await.unwrap_err();
    assert_eq!(code(slow), "57014");
    let mut holder = postgres::begin(&pool).await.unwrap();
    sqlx::query("LOCK TABLE written").execute(&mut *holder).await.unwrap();
    let refused = sqlx::query("INSERT INTO written VALUES (1)").execute(&service).await.unwrap_err();
    assert_eq!(code(refused), "55P03");
}

#[sqlx::test]
async fn many_clients_prepare_statements_on_two_server_connections(pool: PgPool) {
    let pooled = Pooled::migrated(&pool).await;
    let service = Pools::new(&pooled.config, "test").unwrap().requests;
    let servers = join_all((0..CLIENTS).map(|client| ask(service.clone(), client))).await;
    let servers: BTreeSet<i32> = servers.into_iter().flatten().collect();
    assert_eq!(servers.len(), SERVER_CONNECTIONS, "the clients shared them");
}

/// Asks every question, and now and then inside a transaction. Tells which server processes answered.
async fn ask(service: PgPool, client: i64) -> Vec<i32> {
    let mut answered = Vec::new();
    for number in 0..STATEMENTS {
        // Each client comes by the statements in another order, so that their names differ.
        let statement = (number * 7 + client * 13) % STATEMENTS;
        let sql = format!("SELECT $1 * {statement}, pg_backend_pid(), pg_sleep(0.0005)::text");
        let question = sqlx::query_as::<_, (i64, i32, String)>(AssertSqlSafe(sql)).bind(client + 1);
        let (answer, server, _) = if number % 3 == 0 {
            let mut transaction = postgres::begin(&service).await.unwrap();
            let answer = question.fetch_one(&mut *transaction).await.unwrap();
            transaction.commit().await.unwrap();
            answer
        } else {
            question.fetch_one(&service).await.unwrap()
        };
        assert_eq!(answer, (client + 1) * statement);
        answered.push(server);
    }
    answered
}

#[sqlx::test]
async fn migrations_and_those_who_listen_need_no_pooler(pool: PgPool) {
    let mut pooled = Pooled::over(&pool, &[]).await;
    pooled.pooler.kill().await.unwrap();
    pooled.migrate().await;
    let session = postgres::session_pool(&pooled.config, "test").unwrap();
    let mut listener = PgListener::connect_with(&session).await.unwrap();
    listener.listen("news").await.unwrap();

    pooled.pooler.start_again().await.unwrap();
    let service = Pools::new(&pooled.config, "test").unwrap().requests;
    sqlx::query("SELECT pg_notify('news', 'through the pooler')").execute(&service).await.unwrap();
    assert_eq!(listener.recv().await.unwrap().payload(), "through the pooler");
}

#[sqlx::test]
async fn who_queues_too_long_in_the_pooler_may_come_again(pool: PgPool) {
    let pooled = Pooled::over(&pool, &[("query_wait_timeout", "1")]).await;
    pooled.migrate().await;
    let service = Pools::new(&pooled.config, "test").unwrap().requests;
    drop(join_all((0..=SERVER_CONNECTIONS).map(|_| service.acquire())).await);
    let mut held = Vec::new();
    for _ in 0..SERVER_CONNECTIONS {
        held.push(postgres::begin(&service).await.unwrap());
    }
    let error = sqlx::query("SELECT 1").execute(&service).await.unwrap_err();
    assert!(error.to_string().contains("query_wait_timeout"), "{error}");
    assert_eq!(Error::from(error).reason, "unavailable");
}
