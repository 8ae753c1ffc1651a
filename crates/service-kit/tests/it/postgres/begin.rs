use std::{future::Future, pin::pin, task::Poll, time::Duration};

use futures::future::poll_fn;
use loljoa_service_kit::postgres::{self, Pools};
use sqlx::PgPool;
use tokio::time;

use super::database;

/// Each is another instant of a transaction's beginning.
const POLLS: i64 = 8;

/// Polls `future` so often, so that what it begins is under way, and drops it.
async fn hang_up_on<T>(future: impl Future<Output = T>, polls: i64) {
    let (mut future, mut left) = (pin!(future), polls);
    poll_fn(|context| {
        left -= 1;
        if future.as_mut().poll(context).is_pending() && left > 0 { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
}

async fn write(pool: &PgPool, number: i64) {
    sqlx::query("INSERT INTO written VALUES ($1)").bind(number).execute(pool).await.unwrap();
}

async fn written(elsewhere: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM written").fetch_one(elsewhere).await.unwrap()
}

pub(super) async fn make_table(pool: &PgPool) {
    sqlx::raw_sql("CREATE TABLE written (number bigint)").execute(pool).await.unwrap();
}

async fn table(pool: &PgPool) -> PgPool {
    make_table(pool).await;
    Pools::new(&database(pool, None), "test").unwrap().requests
}

/// Ready once every connection has been looked at and is free again.
async fn come_to_rest(pool: &PgPool) {
    while pool.num_idle() < pool.size() as usize {
        time::sleep(Duration::from_millis(1)).await;
    }
}

#[sqlx::test]
async fn whoever_hangs_up_while_a_transaction_begins_leaves_none_behind(pool: PgPool) {
    let service = table(&pool).await;
    hanging_up_loses_nothing(&service, &pool).await;
}

#[sqlx::test]
async fn a_connection_that_comes_back_inside_a_transaction_is_closed(pool: PgPool) {
    let service = table(&pool).await;
    stray_transactions_end(&service, &pool).await;
}

/// Clients hang up on `service` while transactions begin; whatever is written there afterwards is seen by others.
pub(super) async fn hanging_up_loses_nothing(service: &PgPool, elsewhere: &PgPool) {
    for number in 0..5 * POLLS {
        sqlx::query("SELECT 1").execute(service).await.unwrap();
        come_to_rest(service).await;
        hang_up_on(postgres::begin(service), 1 + number % POLLS).await;
        write(service, number).await;
    }
    assert_eq!(written(elsewhere).await, 5 * POLLS, "what was answered was committed");
}

/// Transactions are left open as sqlx alone would leave them; whatever is written on `service` afterwards is seen by others.
#[expect(clippy::disallowed_methods, reason = "does what must never be done")]
pub(super) async fn stray_transactions_end(service: &PgPool, elsewhere: &PgPool) {
    for number in 0..20 {
        // The first use makes the connection; the second finds it there and sends its BEGIN at once.
        sqlx::query("SELECT 1").execute(service).await.unwrap();
        come_to_rest(service).await;
        hang_up_on(service.begin(), 1).await;
        write(service, number).await;
    }
    assert_eq!(written(elsewhere).await, 20);
}

#[sqlx::test]
async fn a_transaction_that_its_owner_forgot_ends(pool: PgPool) {
    let service = table(&pool).await;
    let bound: String =
        sqlx::query_scalar("SHOW idle_in_transaction_session_timeout").fetch_one(&service).await.unwrap();
    assert_eq!(bound, "15s");
}

#[sqlx::test]
async fn a_lock_is_not_waited_for_for_ever(pool: PgPool) {
    let service = table(&pool).await;
    let mut holder = postgres::begin(&pool).await.unwrap();
    sqlx::query("LOCK TABLE written").execute(&mut *holder).await.unwrap();
    let refused = sqlx::query("INSERT INTO written VALUES (1)").execute(&service).await.unwrap_err();
    let code = refused.as_database_error().unwrap().code().unwrap().into_owned();
    assert_eq!(code, "55P03");
    assert_eq!(loljoa_service_kit::Error::from(refused).reason, "unavailable");
}

#[sqlx::test]
async fn what_ends_at_a_demoted_primary_is_not_used_again(pool: PgPool) {
    let service = table(&pool).await;
    let pid =
        async || -> i32 { sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&service).await.unwrap() };
    let before = pid().await;
    sqlx::query("SET default_transaction_read_only = on").execute(&service).await.unwrap();
    let attempt =
        || async { sqlx::query("INSERT INTO written VALUES (1)").execute(&service).await.map(drop) };
    postgres::retrying(attempt).await.expect("refused once, taken on a new connection");
    assert_ne!(pid().await, before);
    assert_eq!(written(&pool).await, 1);
}
