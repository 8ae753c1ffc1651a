//! How long is waited for a connection. sqlx does not tell, so that it is measured where transactions begin; statements that
//! are none take their connection unseen, and a sample speaks for them.

use std::time::Duration;

use metrics::histogram;
use sqlx::PgPool;
use tokio::time::Instant;

/// Records how long somebody waited for `pool`, which is known by the name that its connections have at the server. Through
/// a pooler all of a service's have one.
pub(super) fn record(pool: &PgPool, took: Duration) {
    let (service, part) = names(pool);
    let labels = [("service", service), ("pool", part)];
    histogram!("loljoa_db_pool_wait_seconds", &labels).record(took.as_secs_f64());
}

/// Whose pool it is, and for what.
pub(super) fn names(pool: &PgPool) -> (String, String) {
    let options = pool.connect_options();
    let name = options.get_application_name().unwrap_or_default();
    let (service, part) = name.split_once(' ').unwrap_or((name, "all"));
    (service.to_owned(), part.to_owned())
}

/// Records how long somebody would wait who came now. A pool that has a connection to give, or may make one, gives it at
/// once; of another, one is awaited like any other.
pub(super) async fn sample(pool: &PgPool) {
    let asked = Instant::now();
    if pool.num_idle() == 0 && pool.size() >= pool.options().get_max_connections() {
        drop(pool.acquire().await);
    }
    record(pool, asked.elapsed());
}
