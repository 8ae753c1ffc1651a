use std::time::{Duration, Instant};

use loljoa_service_kit::{
    health::Health,
    postgres::{self, Pools},
    probe::Probe,
};
use sqlx::{PgPool, migrate::Migrator};
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::{Proxy, database};

/// Far below what the kernel would wait, far above what this side should.
const SOON: Duration = Duration::from_mins(1);

#[sqlx::test]
async fn a_server_that_vanishes_is_given_up_and_found_again(pool: PgPool) {
    let proxy = Proxy::to(&pool.connect_options()).await;
    let service = Pools::new(&database(&pool, Some(&proxy)), "test").unwrap().requests;
    let ask = || async { sqlx::query_scalar::<_, i32>("SELECT 1").fetch_one(&service).await };
    assert_eq!(postgres::retrying(ask).await.unwrap(), 1);

    proxy.cut();
    let started = Instant::now();
    let error = postgres::retrying(ask).await.unwrap_err();
    assert!(matches!(error, sqlx::Error::Io(_)), "{error}");
    assert!(postgres::begin(&service).await.is_err());

    proxy.mend();
    while postgres::retrying(ask).await.is_err() {
        assert!(started.elapsed() < SOON, "the lost connections are still waited for");
    }
    assert!(started.elapsed() < SOON);
}

#[sqlx::test]
async fn who_waits_without_a_bound_is_told_when_the_server_is_found_again(pool: PgPool) {
    let proxy = Proxy::to(&pool.connect_options()).await;
    let database = database(&pool, Some(&proxy));
    let (health, stop) = (Health::new("test"), CancellationToken::new());
    let probe = Probe::new(&database, &Migrator::with_migrations(Vec::new()), health.clone()).unwrap();
    let _stop = stop.clone().drop_guard();
    tokio::spawn(probe.run(stop));
    let service = Pools::new(&database, "test").unwrap().background;
    let ask = async || sqlx::query_scalar::<_, i32>("SELECT 1").fetch_one(&service).await;
    assert_eq!(ask().await.unwrap(), 1);
    while !health.is_ready() {
        time::sleep(time::Duration::from_millis(5)).await;
    }

    proxy.cut();
    let (waits, mends) = tokio::join!(time::timeout(SOON, postgres::unless_lost(ask())), async {
        while health.is_ready() {
            time::sleep(time::Duration::from_millis(5)).await;
        }
        proxy.mend();
    });
    assert!(matches!(waits, Ok(None)), "it waits still, or was answered: {waits:?}");
    let () = mends;
    assert_eq!(time::timeout(SOON, ask()).await.unwrap().unwrap(), 1, "on a connection made anew");
}
