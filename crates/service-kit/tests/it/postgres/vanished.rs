use std::time::{Duration, Instant};

use loljoa_service_kit::postgres::{self, Pools};
use sqlx::PgPool;

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
