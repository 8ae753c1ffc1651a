//! Audits continuously, at a cost in proportion to what is new.

use std::time::Duration;

use loljoa_service_kit::{Points, postgres};
use metrics::{counter, gauge};
use sqlx::PgPool;
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::Difference;
use crate::{SERVICE, store::audit_step};

/// The most transfers of one transaction.
const CHUNK: i64 = 20_000;

/// What one step found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Another replica is at it.
    Elsewhere,
    /// There is more to fold before a comparison pays.
    Behind,
    /// All that was touched lately has been compared.
    Compared {
        /// The sum of all balances.
        sum: Points,
        /// What is not what it should be.
        differences: Vec<Difference>,
    },
}

/// Compares balances with transfers, again and again, on one replica at a time.
#[derive(Clone, Debug)]
pub(crate) struct Reconciler {
    pool: PgPool,
    every: Duration,
}

impl Reconciler {
    pub(crate) const fn new(pool: PgPool, every: Duration) -> Self {
        Self { pool, every }
    }

    /// Audits until `shutdown`.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut ticks = time::interval(self.every);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            while let Ok(Step::Behind) = self.step_and_report().await {
                if shutdown.is_cancelled() {
                    return;
                }
            }
        }
    }

    async fn step_and_report(&self) -> sqlx::Result<Step> {
        let step = postgres::retrying(|| self.step(CHUNK)).await;
        match &step {
            Ok(Step::Compared { sum, differences }) => report(*sum, differences),
            Ok(Step::Elsewhere | Step::Behind) => {}
            Err(error) => tracing::warn!(%error, "the audit could not look"),
        }
        step
    }

    /// Folds at most `chunk` transfers and, when that was all there is, compares.
    pub(crate) async fn step(&self, chunk: i64) -> sqlx::Result<Step> {
        let mut transaction =
            postgres::begin_with(&self.pool, "BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
        if !audit_step::try_lock(&mut transaction).await? {
            return Ok(Step::Elsewhere);
        }
        let from = audit_step::cursor(&mut transaction).await?;
        let step = if audit_step::fold(&mut transaction, from, chunk).await? == chunk {
            Step::Behind
        } else {
            let from = audit_step::cursor(&mut transaction).await?;
            let differences = audit_step::compare(&mut transaction, from).await?;
            let differing: Vec<_> = differences.iter().map(|difference| difference.id).collect();
            audit_step::mark_equal(&mut transaction, &differing).await?;
            Step::Compared { sum: audit_step::sum(&mut transaction).await?, differences }
        };
        transaction.commit().await?;
        Ok(step)
    }
}

/// The gauges hold absolute values, so that no difference hides another.
fn report(sum: Points, differences: &[Difference]) {
    let apart = differences.iter().map(|difference| difference.found.0.abs_diff(difference.expected.0));
    let total = apart.fold(0_u64, u64::saturating_add);
    set_gauge("balances", total);
    set_gauge("sum", sum.0.unsigned_abs());
    counter!("loljoa_audit_steps_total", "service" => SERVICE).increment(1);
    if total > 0 || sum != Points::ZERO {
        tracing::error!(%sum, ?differences, "stored balances differ from the transfers");
    }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; whether it is zero is never lost")]
fn set_gauge(check: &'static str, points: u64) {
    gauge!("loljoa_audit_difference", "service" => SERVICE, "check" => check).set(points as f64);
}

#[cfg(test)]
mod tests {
    use loljoa_service_kit::AccountId;
    use uuid::Uuid;

    use super::*;
    use crate::{
        audit::Check,
        domain::{grant, transfer::Transfer},
        store::transfers,
    };

    const CLEAN: Step = Step::Compared { sum: Points::ZERO, differences: Vec::new() };

    async fn account(pool: &PgPool, name: &str) -> AccountId {
        let account = AccountId::fresh();
        sqlx::query(
            "WITH u AS (INSERT INTO users VALUES ($1, $2, $2, '', 'user', now()) RETURNING account_id)
            INSERT INTO user_balances SELECT account_id FROM u",
        )
        .bind(account)
        .bind(name)
        .execute(pool)
        .await
        .unwrap();
        transfers::apply(pool, &[grant::signup(account)], 0).await.unwrap();
        account
    }

    fn gift(account: AccountId) -> Transfer {
        let id = AccountId::fresh().0.into();
        Transfer { id, ..grant::signup(account) }
    }

    async fn difference(pool: &PgPool, reconciler: &Reconciler) -> Vec<(Uuid, i64)> {
        loop {
            match reconciler.step(CHUNK).await.unwrap() {
                Step::Compared { differences, .. } => {
                    assert!(differences.iter().all(|difference| difference.check == Check::Balance));
                    let apart = |d: Difference| (d.id, d.found.0 - d.expected.0);
                    return differences.into_iter().map(apart).collect();
                }
                Step::Behind | Step::Elsewhere => assert!(!pool.is_closed()),
            }
        }
    }

    #[sqlx::test]
    async fn what_is_new_is_compared_before_and_after_it_is_folded(pool: PgPool) {
        let reconciler = Reconciler::new(pool.clone(), Duration::from_secs(1));
        assert_eq!(reconciler.step(CHUNK).await.unwrap(), CLEAN);
        let faker = account(&pool, "faker").await;
        assert_eq!(reconciler.step(CHUNK).await.unwrap(), CLEAN);

        sqlx::query("UPDATE user_balances SET balance = balance - 1").execute(&pool).await.unwrap();
        transfers::apply(&pool, &[gift(faker)], 1).await.unwrap();
        assert_eq!(difference(&pool, &reconciler).await, [(faker.0, -1)]);
        assert_eq!(difference(&pool, &reconciler).await, [(faker.0, -1)], "it stays until it is mended");

        sqlx::query("UPDATE user_balances SET balance = balance + 1").execute(&pool).await.unwrap();
        assert_eq!(reconciler.step(CHUNK).await.unwrap(), CLEAN);
    }

    #[sqlx::test]
    async fn a_slow_transaction_is_no_difference_and_is_not_skipped(pool: PgPool) {
        let reconciler = Reconciler::new(pool.clone(), Duration::from_secs(1));
        let (faker, keria) = (account(&pool, "faker").await, account(&pool, "keria").await);
        let mut slow = postgres::begin(&pool).await.unwrap();
        transfers::apply(&mut *slow, &[gift(faker)], 0).await.unwrap();
        transfers::apply(&pool, &[gift(keria)], 1).await.unwrap();
        assert_eq!(reconciler.step(CHUNK).await.unwrap(), CLEAN);
        slow.commit().await.unwrap();
        assert_eq!(reconciler.step(CHUNK).await.unwrap(), CLEAN);
        assert_eq!(difference(&pool, &reconciler).await, []);
    }

    #[sqlx::test]
    async fn a_long_way_is_gone_in_chunks(pool: PgPool) {
        let reconciler = Reconciler::new(pool.clone(), Duration::from_secs(1));
        let faker = account(&pool, "faker").await;
        for _ in 0..6 {
            transfers::apply(&pool, &[gift(faker)], 0).await.unwrap();
        }
        sqlx::query("UPDATE system_balances SET balance = balance + 3").execute(&pool).await.unwrap();
        let mut steps = 0;
        let found = loop {
            match reconciler.step(2).await.unwrap() {
                Step::Compared { sum, differences } => break (sum, differences.len()),
                Step::Behind | Step::Elsewhere => steps += 1,
            }
        };
        assert!(steps <= 4, "seven transfers are at most three full chunks of two");
        assert_eq!(found, (Points(3), 1));
    }

    #[sqlx::test]
    async fn one_replica_at_a_time_audits(pool: PgPool) {
        let mut other = postgres::begin(&pool).await.unwrap();
        assert!(audit_step::try_lock(&mut other).await.unwrap());
        let reconciler = Reconciler::new(pool.clone(), Duration::from_secs(1));
        assert_eq!(reconciler.step(CHUNK).await.unwrap(), Step::Elsewhere);
    }
}
