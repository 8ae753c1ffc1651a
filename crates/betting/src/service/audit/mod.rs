//! The continuous audit: bets against the ledger, pools against bets, final markets against the ledger. Its cost follows what
//! is new. One replica audits at a time, apart from whoever follows feeds, so that it goes on under any load.

mod books;
mod finals;
mod gauges;
mod stakes;

use std::time::{Duration, Instant};

use loljoa_service_kit::{Cell, Error, Share, postgres};
use metrics::counter;
use sqlx::PgPool;
use tokio::time;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) use self::gauges::CHECKS;
use super::feed_watch::FeedWatch;
use crate::{
    config,
    ledger::Ledger,
    store::{self, cursors::Consumer},
};

/// How long a look may take before another replica takes over.
const LOOK: Duration = Duration::from_secs(20);

/// The auditor.
pub(crate) struct Auditor {
    pool: PgPool,
    ledger: Ledger,
    replica: Uuid,
    cell: Cell,
    config: config::Recovery,
    watch: FeedWatch,
    leads: bool,
    /// Whether bets wait longer to be compared than they should.
    late: bool,
}

impl Auditor {
    /// An auditor of `pool` and `ledger`.
    #[must_use]
    pub(crate) fn new(
        pool: PgPool,
        ledger: Ledger,
        replica: Uuid,
        cell: Cell,
        config: config::Recovery,
    ) -> Self {
        let watch = FeedWatch::new("bets", pool.clone());
        Self { pool, ledger, replica, cell, config, watch, leads: false, late: false }
    }

    /// Runs until `closing`, and then lets another replica go on at once.
    pub(crate) async fn run(mut self, closing: CancellationToken) {
        let interval = self.interval();
        let share = Share::of(self.config.audit_share_percent);
        let mut rest = Duration::ZERO;
        while closing.run_until_cancelled(time::sleep(rest)).await.is_some() {
            let begun = Instant::now();
            closing.run_until_cancelled(postgres::unless_lost(Box::pin(self.run_once()))).await;
            let interval = if self.late { Duration::ZERO } else { interval };
            rest = share.rest(begun.elapsed(), self.late, interval);
        }
        self.stand_down();
        if let Err(error) = store::cursors::release(&self.pool, Consumer::Audit, self.replica).await {
            tracing::warn!(event = "audit.lease_left", %error, "the lease on the audit was left to expire");
        }
    }

    /// Looks at everything that is new, and at a little of what is not, if no other replica does so. A check that fails does
    /// not keep the others from looking.
    pub(crate) async fn run_once(&mut self) {
        if !self.lease().await {
            return self.stand_down();
        }
        self.leads = true;
        match self.compare_stakes().await {
            // There is more to look at than one look takes.
            Ok(false) => {}
            looked => self.note("stakes", looked.map(drop)).await,
        }
        let turn = self.compare_stakes_in_turn().await;
        self.note("stakes_in_turn", turn).await;
        let books = self.compare_books().await;
        self.note("books", books).await;
        let turn = self.compare_books_in_turn().await;
        self.note("books_in_turn", turn).await;
        let finals = self.compare_finals().await;
        self.note("finals", finals).await;
        let transfers = self.compare_transfers_again().await;
        self.note("transfers", transfers).await;
        gauges::report(&self.pool, self.cell).await;
    }

    /// Takes or renews the lease.
    async fn lease(&self) -> bool {
        match store::cursors::lease(&self.pool, Consumer::Audit, self.replica, self.lease_ms()).await {
            Ok(lease) => lease.is_some(),
            Err(error) => {
                tracing::warn!(event = "audit.not_begun", %error, "the audit could not be begun");
                self.leads
            }
        }
    }

    /// Covers a rest and a look.
    fn lease_ms(&self) -> i64 {
        let rest = self.interval().max(Share::LONGEST_REST);
        i64::try_from((rest + LOOK).as_millis()).unwrap_or(i64::MAX)
    }

    const fn interval(&self) -> Duration {
        Duration::from_millis(self.config.audit_interval_ms)
    }

    /// Notes that a check looked at all it had to look at, or that it failed.
    async fn note(&self, check: &'static str, looked: Result<(), Error>) {
        let noted = match looked {
            Ok(()) => store::audit::succeed(&self.pool, check).await.map_err(Error::from),
            Err(error) => Err(error),
        };
        if let Err(error) = noted {
            tracing::warn!(event = "audit.failed", %error, check, "the audit could not look");
            counter!("loljoa_audit_failures_total", "service" => "betting", "check" => check).increment(1);
        }
    }

    fn stand_down(&mut self) {
        self.late = false;
        if std::mem::take(&mut self.leads) {
            self.watch.stand_down();
            gauges::clear(self.cell);
        }
    }
}
