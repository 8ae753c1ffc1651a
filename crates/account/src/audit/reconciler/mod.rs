//! Audits continuously, at a cost in proportion to what is new.

use std::time::{Duration, Instant};

use loljoa_service_kit::{Cell, Clock, Share, ids, postgres};
use sqlx::{PgConnection, PgPool, postgres::types::PgInterval};
use tokio::time;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Difference,
    gauges::{Gauges, Known},
};
use crate::{
    config::Audit as Config,
    store::{audit_covers, audit_step, clearings},
};

/// The most transfers, and the most touched accounts, of one transaction.
const CHUNK: i64 = 20_000;
/// Accounts compared in a step although nobody touched them, one after the other in the order of their ids.
const SAMPLE: i64 = 2_000;
/// Steps that a replica may miss before another takes over, and what it may be late besides: a rest and a step.
const MISSED_STEPS: u32 = 3;
const LATE: Duration = Duration::from_secs(20);

/// How much one step does.
#[derive(Clone, Copy, Debug)]
struct Size {
    chunk: i64,
    sample: i64,
}

/// What one step found.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Another replica is at it.
    Elsewhere,
    /// There is more to fold before a comparison pays.
    Behind,
    /// What was touched lately has been compared.
    Compared {
        /// All that is known to differ.
        known: Known,
        /// What of it was looked at now.
        seen: Vec<Difference>,
        /// Whether more was touched than one step looks at.
        more: bool,
    },
}

/// Compares balances with transfers, again and again, on one replica at a time.
#[derive(Clone, Debug)]
pub(crate) struct Reconciler {
    pool: PgPool,
    clock: Clock,
    every: Duration,
    share: Share,
    replica: Uuid,
    gauges: Gauges,
    size: Size,
}

impl Reconciler {
    pub(crate) fn new(pool: PgPool, clock: Clock, cell: Cell, config: &Config) -> Self {
        Self {
            pool,
            clock,
            every: Duration::from_secs(config.every_seconds),
            share: Share::of(config.share_percent),
            replica: ids::fresh(),
            gauges: Gauges(cell),
            size: Size { chunk: CHUNK, sample: SAMPLE },
        }
    }

    /// Audits until `shutdown`, and then lets another replica go on at once.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut rest = Duration::ZERO;
        while shutdown.run_until_cancelled(time::sleep(rest)).await.is_some() {
            let begun = Instant::now();
            let more = self.step_and_report().await;
            let interval = if more { Duration::ZERO } else { self.every };
            rest = self.share.rest(begun.elapsed(), more, interval);
        }
        if let Err(error) = audit_step::release(&self.pool, self.replica).await {
            tracing::warn!(event = "audit.lease_left", %error, "the lease on the audit was left to expire");
        }
    }

    /// Makes a step, sets the gauges, and tells whether there is more to do.
    async fn step_and_report(&self) -> bool {
        match postgres::retrying(|| self.step()).await {
            Ok(Step::Elsewhere) => {
                self.gauges.elsewhere();
                false
            }
            Ok(Step::Behind) => {
                self.gauges.leading();
                true
            }
            Ok(Step::Compared { known, seen, more }) => {
                self.gauges.leading();
                self.gauges.compared(&self.clock, known, &seen);
                more
            }
            Err(error) => {
                self.gauges.failed(&error);
                false
            }
        }
    }

    async fn step(&self) -> sqlx::Result<Step> {
        let mut transaction =
            postgres::begin_with(&self.pool, "BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
        let step = self.step_in(&mut transaction).await?;
        transaction.commit().await?;
        Ok(step)
    }

    /// Takes over what archived periods left, if it begins from nothing; folds a chunk of transfers and, when that was all
    /// there is, compares.
    async fn step_in(&self, connection: &mut PgConnection) -> sqlx::Result<Step> {
        let Size { chunk, sample } = self.size;
        let Some(progress) = audit_step::take(connection, self.replica, self.lease()).await? else {
            return Ok(Step::Elsewhere);
        };
        if progress.opened != Uuid::max()
            && audit_step::open(connection, progress.opened, chunk).await? == chunk
        {
            return Ok(Step::Behind);
        }
        if audit_step::fold(connection, progress.folded, chunk).await? == chunk {
            return Ok(Step::Behind);
        }
        let from = audit_step::cursor(connection).await?;
        let mut ids = audit_step::touched(connection, chunk).await?;
        let more = i64::try_from(ids.len()).is_ok_and(|touched| touched == chunk);
        ids.extend(audit_step::differing(connection, chunk).await?);
        let sampled = audit_step::sample(connection, progress.sampled, sample).await?;
        // Behind the last one it begins again.
        let last = sampled.last().filter(|_| i64::try_from(sampled.len()).is_ok_and(|n| n == sample));
        audit_step::move_sample(connection, last.copied().unwrap_or_default()).await?;
        ids.extend(&sampled);
        let mut seen = audit_step::compare(connection, from, &ids).await?;
        audit_step::settle(connection, &ids, &seen).await?;
        let covers = self.covers(connection, sampled).await?;
        let more = more || covers.is_none();
        seen.extend(covers.into_iter().flatten());
        if !more {
            audit_step::succeed(connection).await?;
        }
        let known = Known {
            balances: audit_step::findings(connection).await?,
            covers: audit_covers::findings(connection).await?,
            clearing: clearings::balance(&mut *connection).await?,
        };
        Ok(Step::Compared { known, seen, more })
    }

    /// Folds a chunk of transfers into covers and, when that was all there is, compares those that were touched, and those
    /// whose turn it is. Balances do not wait for it: after an upgrade covers are folded from the first transfer on.
    async fn covers(
        &self,
        connection: &mut PgConnection,
        sampled: Vec<Uuid>,
    ) -> sqlx::Result<Option<Vec<Difference>>> {
        let folded = audit_covers::cursor(connection).await?;
        if audit_covers::fold(connection, folded, self.size.chunk).await? == self.size.chunk {
            return Ok(None);
        }
        let from = audit_covers::cursor(connection).await?;
        let mut ids = audit_covers::touched(connection, self.size.chunk).await?;
        ids.extend(sampled);
        let seen = audit_covers::compare(connection, from, &ids).await?;
        audit_covers::settle(connection, &ids, &seen).await?;
        Ok(Some(seen))
    }

    fn lease(&self) -> PgInterval {
        let lease = self.every * MISSED_STEPS + LATE;
        PgInterval { months: 0, days: 0, microseconds: i64::try_from(lease.as_micros()).unwrap_or(i64::MAX) }
    }
}

#[cfg(test)]
mod tests;
