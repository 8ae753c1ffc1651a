//! Tells the ledger what is owed, until it acknowledges.

use std::sync::Arc;

use loljoa_proto::account::v1::TransferOutcome;
use loljoa_service_kit::{Error, ErrorCode, Points, postgres};
use metrics::counter;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{Wakers, run_when_woken};
use crate::{
    config,
    domain::Owed,
    failpoints::{FailPoints, Step},
    ledger::{self, Ledger},
    store::{
        self,
        incidents::{IncidentKind, Report},
    },
};

/// Delivers owed transfers and results. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Delivery {
    pool: PgPool,
    ledger: Ledger,
    config: config::Settlement,
    wakers: Wakers,
    failpoints: FailPoints,
}

impl Delivery {
    /// A worker over `pool`.
    #[must_use]
    pub(crate) const fn new(
        pool: PgPool,
        ledger: Ledger,
        config: config::Settlement,
        wakers: Wakers,
        failpoints: FailPoints,
    ) -> Self {
        Self { pool, ledger, config, wakers, failpoints }
    }

    /// Runs until `closing`.
    pub(crate) async fn run(self, closing: CancellationToken) {
        let waker = Arc::clone(&self.wakers.owed);
        let work = || self.run_once(&closing);
        run_when_woken("delivery", &waker, self.config.interval(), &closing, work).await;
    }

    /// Delivers all that is owed and not leased by another replica, chunk by chunk until `closing`.
    async fn run_once(&self, closing: &CancellationToken) -> Result<(), Error> {
        let (limit, lease) = (i64::from(self.config.chunk), i64::from(self.config.lease_ms));
        while !closing.is_cancelled() {
            let owed = store::owed::lease(&self.pool, limit, lease).await?;
            if owed.is_empty() {
                return Ok(());
            }
            if let Err(error) = self.deliver(&owed).await {
                store::owed::release(&self.pool, &owed).await?;
                return Err(error);
            }
            self.wakers.closing.notify_one();
        }
        Ok(())
    }

    /// Delivers a chunk. Where the ledger refuses it as a whole, halves are tried, so that one that is wrong does not hold up
    /// the others.
    async fn deliver(&self, owed: &[Owed]) -> Result<(), Error> {
        match (self.tell(owed).await, owed) {
            (Err(refusal), [one]) if is_final(&refusal) => self.park(one, &refusal.to_string()).await,
            (Err(refusal), _) if is_final(&refusal) => {
                let (one, other) = owed.split_at(owed.len() / 2);
                Box::pin(self.deliver(one)).await?;
                Box::pin(self.deliver(other)).await
            }
            (told, _) => told,
        }
    }

    async fn tell(&self, owed: &[Owed]) -> Result<(), Error> {
        self.failpoints.pass(Step::AfterLease)?;
        let (acknowledged, refused) = self.pay(owed).await?;
        self.failpoints.pass(Step::AfterPayment)?;
        let results: Vec<_> = acknowledged.iter().filter_map(ledger::result).collect();
        if !results.is_empty() {
            self.ledger.record_results(results).await?;
        }
        self.failpoints.pass(Step::AfterResults)?;
        store::owed::acknowledge(&self.pool, &acknowledged).await?;
        counter!("loljoa_owed_delivered_total", "service" => "betting").increment(acknowledged.len() as u64);
        for (owed, outcome) in refused {
            self.park(&owed, outcome.as_str_name()).await?;
        }
        Ok(())
    }

    /// Pays what is to be paid, and tells what the ledger has acknowledged and what it refused.
    async fn pay(&self, owed: &[Owed]) -> Result<(Vec<Owed>, Vec<(Owed, TransferOutcome)>), Error> {
        let (payments, mut acknowledged): (Vec<_>, Vec<_>) =
            owed.iter().cloned().partition(|owed| owed.points > Points::ZERO);
        let mut refused = Vec::new();
        if !payments.is_empty() {
            let outcomes = self.ledger.apply(payments.iter().filter_map(ledger::payment)).await?;
            for (owed, outcome) in payments.into_iter().zip(outcomes) {
                match outcome {
                    TransferOutcome::Applied | TransferOutcome::AlreadyApplied => acknowledged.push(owed),
                    TransferOutcome::StakeMissing if owed.may_lack_its_stake() => acknowledged.push(owed),
                    outcome => refused.push((owed, outcome)),
                }
            }
        }
        Ok((acknowledged, refused))
    }

    async fn park(&self, owed: &Owed, why: &str) -> Result<(), Error> {
        let report = Report {
            kind: IncidentKind::TransferRefused,
            match_id: None,
            market_id: Some(owed.market_id),
            subject: owed.transfer_id().to_string(),
            message: format!("the ledger refused {} points for bet {}: {why}", owed.points, owed.bet_id),
        };
        let mut transaction = postgres::begin(&self.pool).await?;
        store::owed::park(&mut *transaction, owed).await?;
        store::incidents::report(&mut *transaction, &report).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Whether the same again will be refused again.
const fn is_final(refusal: &Error) -> bool {
    matches!(refusal.code, ErrorCode::Invalid | ErrorCode::Conflict)
}
