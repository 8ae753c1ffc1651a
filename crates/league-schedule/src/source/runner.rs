//! Runs a source on one replica at a time.

use std::time::Duration;

use loljoa_service_kit::ids;
use metrics::counter;
use sqlx::PgPool;
use tokio::time::{self, Instant};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Error, Next, Source};
use crate::{SERVICE, store::leases};

const LEASE: &str = "source";
const LEASE_SECONDS: f64 = 5.0;
const RENEW_EVERY: Duration = Duration::from_secs(1);
/// How long a replica without the lease, or whose database is away, waits before it asks again.
const STANDBY: Duration = Duration::from_millis(500);
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF: Duration = Duration::from_mins(10);

/// Takes `source`'s steps until `shutdown`, whenever this replica holds the lease.
///
/// # Errors
///
/// When the source says that trying again cannot help.
pub async fn run(
    mut source: Box<dyn Source>,
    pool: PgPool,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let mut lease = Lease { pool, holder: ids::fresh(), renew_at: None };
    let result = shutdown.run_until_cancelled(drive(source.as_mut(), &mut lease)).await;
    lease.release().await;
    match result {
        Some(Err(error)) => Err(error),
        Some(Ok(())) => {
            shutdown.cancelled().await;
            Ok(())
        }
        None => Ok(()),
    }
}

async fn drive(source: &mut dyn Source, lease: &mut Lease) -> Result<(), Error> {
    let mut backoff = FIRST_BACKOFF;
    loop {
        if !lease.hold().await {
            time::sleep(STANDBY).await;
            continue;
        }
        let Some(result) = lease.while_held(source.step()).await else {
            continue;
        };
        count(source.name(), result.is_ok());
        let pause = match result {
            Ok(Next::Done) => return Ok(()),
            Ok(Next::After(pause)) => {
                backoff = FIRST_BACKOFF;
                pause
            }
            Err(error @ Error::Unusable(_)) => return Err(error),
            Err(error) => {
                tracing::warn!(
                    event = "source.failed",
                    source = source.name(), %error, retry_in = ?backoff, "a source failed"
                );
                let pause = backoff;
                backoff = LONGEST_BACKOFF.min(backoff * 2);
                pause
            }
        };
        lease.while_held(time::sleep(pause)).await;
    }
}

fn count(source: &'static str, ok: bool) {
    let result = if ok { "ok" } else { "error" };
    counter!("loljoa_source_steps_total", "service" => SERVICE, "source" => source, "result" => result)
        .increment(1);
}

/// The right to drive the source, as far as this replica knows.
struct Lease {
    pool: PgPool,
    holder: Uuid,
    renew_at: Option<Instant>,
}

impl Lease {
    /// Whether this replica may take a step now.
    async fn hold(&mut self) -> bool {
        if self.renew_at.is_some_and(|at| Instant::now() < at) {
            return true;
        }
        let asked = Instant::now();
        let held = self.ask().await.unwrap_or_else(|error| {
            tracing::warn!(event = "source.lease_failed", %error, "the lease cannot be asked for");
            false
        });
        self.renew_at = held.then(|| asked + RENEW_EVERY);
        held
    }

    async fn ask(&self) -> Result<bool, sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        leases::hold(&mut connection, LEASE, self.holder, LEASE_SECONDS).await
    }

    /// Runs `work` and renews the lease meanwhile; without the lease, `work` is dropped.
    async fn while_held<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.lost() => None,
        }
    }

    /// Renews a lease that is held until it is lost.
    async fn lost(&mut self) {
        while let Some(renew_at) = self.renew_at {
            time::sleep_until(renew_at).await;
            if !self.hold().await {
                tracing::warn!(event = "source.lease_lost", "the lease is lost");
            }
        }
    }

    /// Lets another replica take over at once; if that fails, the lease runs out by itself.
    async fn release(&mut self) {
        let Ok(mut connection) = self.pool.acquire().await else { return };
        let _ = leases::release(&mut connection, LEASE, self.holder).await;
    }
}
