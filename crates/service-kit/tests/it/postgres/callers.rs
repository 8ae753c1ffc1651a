//! What is done for a caller ends when the caller's time does, in the database too.

use std::{future::Future, time::Duration};

use futures::future::join_all;
use loljoa_service_kit::{
    Caller, Error, ErrorCode,
    postgres::{self, Pools},
};
use sqlx::{
    PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::{begin::make_table, database};

/// Tells a hang from work.
const PATIENCE: Duration = Duration::from_mins(1);
const CALLERS: usize = 20;
const CONNECTIONS: u32 = 2;

/// A service that would wait for ever by itself. Its pool is made by hand, because the bounds of a service's own would hold
/// for the whole process, and so for other stories.
fn patient(pool: &PgPool) -> PgPool {
    let bounds = [("statement_timeout", 600_000), ("lock_timeout", 600_000)];
    let options = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(10 * PATIENCE);
    options.connect_lazy_with(PgConnectOptions::clone(&pool.connect_options()).options(bounds))
}

fn with(patience: Duration) -> Caller {
    Caller::waiting(patience, CancellationToken::new())
}

async fn write(service: &PgPool) -> sqlx::Result<()> {
    let mut transaction = postgres::begin(service).await?;
    sqlx::query("UPDATE written SET number = number + 1").execute(&mut *transaction).await?;
    transaction.commit().await
}

async fn read(service: &PgPool) -> sqlx::Result<i64> {
    let mut db = postgres::reading(service).await?;
    sqlx::query_scalar("SELECT number FROM written").fetch_one(&mut *db).await
}

/// A table with one row, which somebody holds by this statement.
async fn held(pool: &PgPool, by: &'static str) -> Transaction<'static, Postgres> {
    make_table(pool).await;
    sqlx::query("INSERT INTO written VALUES (1)").execute(pool).await.unwrap();
    let mut holder = postgres::begin(pool).await.unwrap();
    sqlx::query(by).execute(&mut *holder).await.unwrap();
    holder
}

/// Waits until nobody waits for a lock in the database any more.
async fn until_nobody_waits(pool: &PgPool) {
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let gone = async {
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(pool).await.unwrap() > 0 {
            time::sleep(Duration::from_millis(10)).await;
        }
    };
    time::timeout(PATIENCE, gone).await.expect("the server's processes end their work");
}

/// More callers than there are connections, each of whom waits in vain and for a moment only.
async fn all_are_told_soon<T, F>(call: impl Fn() -> F)
where
    F: Future<Output = sqlx::Result<T>>,
{
    let callers = (0..CALLERS).map(|_| with(Duration::from_millis(300)).scope(call()));
    let ended = time::timeout(PATIENCE, join_all(callers)).await.expect("nobody waits for what is held");
    for outcome in ended {
        let error = Error::from(outcome.err().expect("what is held is not had"));
        assert_eq!(error.code, ErrorCode::Unavailable);
    }
}

/// Somebody comes who needs a connection, but not what is held.
async fn others_are_served(service: &PgPool) {
    let bound = async {
        let mut transaction = postgres::begin(service).await.unwrap();
        let bound = sqlx::query_scalar::<_, String>("SHOW statement_timeout").fetch_one(&mut *transaction);
        bound.await.unwrap()
    };
    let bound = time::timeout(PATIENCE, bound).await.expect("there is a connection for others");
    assert_eq!(bound, "10min", "no bound outlives the caller that it was for");
}

#[sqlx::test]
async fn a_write_ends_with_its_callers_time(pool: PgPool) {
    let holder = held(&pool, "UPDATE written SET number = 7").await;
    let service = patient(&pool);
    all_are_told_soon(|| write(&service)).await;
    until_nobody_waits(&pool).await;
    others_are_served(&service).await;
    holder.rollback().await.unwrap();
    with(PATIENCE).scope(write(&service)).await.unwrap();
    assert_eq!(read(&service).await.unwrap(), 2, "of those who gave up, nothing was written");
}

#[sqlx::test]
async fn a_read_ends_with_its_callers_time(pool: PgPool) {
    let holder = held(&pool, "LOCK TABLE written IN ACCESS EXCLUSIVE MODE").await;
    let service = patient(&pool);
    all_are_told_soon(|| read(&service)).await;
    until_nobody_waits(&pool).await;
    others_are_served(&service).await;
    holder.rollback().await.unwrap();
    assert_eq!(with(PATIENCE).scope(read(&service)).await.unwrap(), 1);
}

#[sqlx::test]
async fn a_caller_waits_for_a_connection_no_longer_than_it_has_time(pool: PgPool) {
    make_table(&pool).await;
    let service = patient(&pool);
    let mut taken = Vec::new();
    for _ in 0..CONNECTIONS {
        taken.push(service.acquire().await.unwrap());
    }
    all_are_told_soon(|| read(&service)).await;
    all_are_told_soon(|| write(&service)).await;
    drop(taken);
    others_are_served(&service).await;
}

#[sqlx::test]
async fn nothing_is_begun_for_a_caller_whose_time_is_over(pool: PgPool) {
    make_table(&pool).await;
    sqlx::query("INSERT INTO written VALUES (1)").execute(&pool).await.unwrap();
    let service = patient(&pool);
    assert!(with(Duration::ZERO).scope(write(&service)).await.is_err());
    assert!(with(Duration::ZERO).scope(read(&service)).await.is_err());
    assert_eq!(read(&service).await.unwrap(), 1);
}

#[sqlx::test]
async fn a_patient_caller_does_not_lift_the_bound_that_is_there(pool: PgPool) {
    make_table(&pool).await;
    let service = Pools::new(&database(&pool, None), "test").unwrap().requests;
    let bound = with(PATIENCE).scope(async {
        let mut transaction = postgres::begin(&service).await.unwrap();
        let bound = sqlx::query_scalar::<_, String>("SHOW statement_timeout").fetch_one(&mut *transaction);
        bound.await.unwrap()
    });
    assert_eq!(bound.await, "500ms");
}
