//! Tells the ledger what is owed, until it acknowledges.

mod chunks;
mod search;

use loljoa_proto::account::v1::TransferOutcome;
use loljoa_service_kit::{BetId, Cell, Error, ErrorCode, Points, postgres};
use metrics::counter;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, info_span};

use self::search::Search;
use super::{Wakers, run_when_woken};
use crate::{
    SERVICE, config,
    domain::Owed,
    failpoints::{FailPoints, Step},
    ledger::{self, LedgerCell},
    store::{
        self,
        incidents::{IncidentKind, Report},
        owed::Patience,
    },
};

/// Delivers owed transfers and results to one cell of the ledger. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Delivery {
    pool: PgPool,
    ledger: LedgerCell,
    /// Which cell that is.
    cell: Cell,
    config: config::Settlement,
    wakers: Wakers,
    failpoints: FailPoints,
}

/// Why owed rows could not be delivered.
enum Failure {
    /// The ledger did not take them.
    Ledger(Error),
    /// It lies with us.
    Own(Error),
}

/// What the ledger has said.
struct Told {
    acknowledged: Vec<Owed>,
    refused: Vec<(Owed, TransferOutcome)>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Own(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Own(error.into())
    }
}

impl Delivery {
    /// A worker over `pool`.
    #[must_use]
    pub(crate) const fn new(
        pool: PgPool,
        ledger: LedgerCell,
        cell: Cell,
        config: config::Settlement,
        wakers: Wakers,
        failpoints: FailPoints,
    ) -> Self {
        Self { pool, ledger, cell, config, wakers, failpoints }
    }

    /// Runs until `closing`.
    pub(crate) async fn run(self, closing: CancellationToken) {
        let waker = self.wakers.owed.of(self.cell.index);
        let work = || self.run_once(&closing);
        run_when_woken("delivery", &waker, self.config.interval(), &closing, work).await;
    }

    /// Delivers all that is due and not leased by another replica, chunk by chunk until `closing`. What comes singly goes first: stakes
    /// that go back are among it.
    async fn run_once(&self, closing: &CancellationToken) -> Result<(), Error> {
        let (limit, lease) = (i64::from(self.config.chunk), i64::from(self.config.lease_ms));
        while !closing.is_cancelled() {
            let owed = store::owed::lease(&self.pool, self.cell, limit, lease).await?;
            let delivered = if owed.is_empty() {
                self.deliver_chunk().await
            } else {
                let span = info_span!(parent: None, "deliver", service = SERVICE, owed = owed.len());
                self.deliver(&owed).instrument(span).await.map(|()| true)
            };
            self.wakers.closing.notify_one();
            if !delivered? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Delivers a chunk. What the ledger does not take as a whole is halved, down to the rows that it does not take, so that
    /// they hold up no others. While it answers nothing at all the lease is given back, and the chunk waits.
    async fn deliver(&self, owed: &[Owed]) -> Result<(), Error> {
        let mut parts = vec![owed];
        let mut search = Search::over(owed.len());
        while let Some(part) = parts.pop() {
            let error = match self.tell(part).await {
                Ok(told) => {
                    search.succeeded();
                    self.note(told).await?;
                    continue;
                }
                Err(Failure::Own(error)) => Err(error),
                Err(Failure::Ledger(error)) => self.lies_with_rows(error, &mut search).await,
            };
            let error = match error {
                Ok(Some(error)) => error,
                Ok(None) => {
                    parts.push(part);
                    continue;
                }
                Err(error) => {
                    parts.push(part);
                    store::owed::release(&self.pool, &parts.concat()).await?;
                    return Err(error);
                }
            };
            if let [one] = part {
                self.set_back(one, &error).await?;
            } else {
                let (one, other) = part.split_at(part.len() / 2);
                parts.extend([other, one]);
            }
        }
        Ok(())
    }

    /// Gives the ledger's error back if it lies with what it was told: it records nothing at all when told to, which needs a
    /// database that writes, and it takes other rows. None when it may have come back just now, and is to be told once more.
    async fn lies_with_rows(&self, error: Error, search: &mut Search) -> Result<Option<Error>, Error> {
        search.failed();
        if is_final(&error) {
            return Ok(Some(error));
        }
        if error.code == ErrorCode::Exhausted || search.is_hopeless() {
            return Err(error);
        }
        self.ledger.record_results(Vec::new()).await?;
        let was_away = error.code == ErrorCode::Unavailable;
        Ok(search.answered(was_away).then_some(error))
    }

    /// Tells the ledger, and which it has acknowledged and which it refused.
    async fn tell(&self, owed: &[Owed]) -> Result<Told, Failure> {
        self.failpoints.pass(Step::AfterLease)?;
        let told = self.pay(owed).await?;
        self.failpoints.pass(Step::AfterPayment)?;
        let results: Vec<_> = told.acknowledged.iter().filter_map(ledger::result).collect();
        if !results.is_empty() {
            self.ledger.record_results(results).await.map_err(Failure::Ledger)?;
        }
        self.failpoints.pass(Step::AfterResults)?;
        Ok(told)
    }

    /// Forgets what was acknowledged, and sets aside what was refused.
    async fn note(&self, told: Told) -> Result<(), Error> {
        let acknowledge = store::owed::acknowledge(&self.pool, &told.acknowledged);
        postgres::traced(&self.pool, "DELETE owed", acknowledge).await?;
        Self::count(told.acknowledged.len());
        for (owed, outcome) in told.refused {
            self.park(&owed, outcome.as_str_name()).await?;
        }
        Ok(())
    }

    fn count(delivered: usize) {
        counter!("loljoa_owed_delivered_total", "service" => "betting").increment(delivered as u64);
    }

    /// Pays what is to be paid, and tells what the ledger has acknowledged and what it refused.
    async fn pay(&self, owed: &[Owed]) -> Result<Told, Failure> {
        let (payments, mut acknowledged): (Vec<_>, Vec<_>) =
            owed.iter().cloned().partition(|owed| owed.points > Points::ZERO);
        let (mut refused, mut without_stake) = (Vec::new(), Vec::new());
        if !payments.is_empty() {
            let transfers = payments.iter().filter_map(ledger::payment).collect();
            let outcomes = self.ledger.apply(transfers).await.map_err(Failure::Ledger)?;
            for (owed, outcome) in payments.into_iter().zip(outcomes) {
                match outcome {
                    TransferOutcome::Applied | TransferOutcome::AlreadyApplied => acknowledged.push(owed),
                    TransferOutcome::StakeMissing if owed.can_be_of_a_bet_that_never_stood() => {
                        without_stake.push(owed);
                    }
                    outcome => refused.push((owed, outcome)),
                }
            }
        }
        if !without_stake.is_empty() {
            let ids: Vec<BetId> = without_stake.iter().map(|owed| owed.bet_id).collect();
            let never_stood = store::owed::never_stood(&self.pool, &ids).await?;
            for owed in without_stake {
                if never_stood.contains(&owed.bet_id) {
                    acknowledged.push(owed);
                } else {
                    refused.push((owed, TransferOutcome::StakeMissing));
                }
            }
        }
        Ok(Told { acknowledged, refused })
    }

    /// Has one row wait for its next attempt, or sets it aside when that was its last one.
    async fn set_back(&self, owed: &Owed, error: &Error) -> Result<(), Error> {
        if is_final(error) {
            return self.park(owed, &error.to_string()).await;
        }
        counter!("loljoa_owed_set_back_total", "service" => "betting").increment(1);
        tracing::warn!(
            event = "payment.refused",
            bet_id = %owed.bet_id, %error, "the ledger did not take a payment"
        );
        let config::Settlement { backoff_ms, backoff_max_ms, attempts, .. } = self.config;
        let patience = Patience { backoff_ms, backoff_max_ms, attempts };
        let mut transaction = postgres::begin(&self.pool).await?;
        if store::owed::set_back(&mut *transaction, owed, patience).await? {
            let why = format!("{error}, {attempts} times");
            store::incidents::raise(&mut *transaction, &report(owed, &why)).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn park(&self, owed: &Owed, why: &str) -> Result<(), Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        store::owed::park(&mut *transaction, owed).await?;
        store::incidents::raise(&mut *transaction, &report(owed, why)).await?;
        transaction.commit().await?;
        Ok(())
    }
}

fn report(owed: &Owed, why: &str) -> Report {
    Report {
        kind: IncidentKind::TransferRefused,
        match_id: None,
        market_id: Some(owed.market_id),
        subject: owed.transfer_id().to_string(),
        message: format!("the ledger refused {} points for bet {}: {why}", owed.points, owed.bet_id),
    }
}

/// Whether the same again will be refused again.
const fn is_final(refusal: &Error) -> bool {
    matches!(refusal.code, ErrorCode::Invalid | ErrorCode::Conflict)
}
