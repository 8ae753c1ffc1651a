use loljoa_service_kit::postgres;
use sqlx::{PgPool, Postgres, Transaction};
use uuid::Uuid;

use super::eventually;

/// A row that is held locked, so that whoever writes it next waits: a way to stop a service between two commits.
pub(crate) struct Held {
    pool: PgPool,
    transaction: Transaction<'static, Postgres>,
    holder: i32,
}

impl Held {
    /// Holds a market.
    pub(crate) async fn market(pool: &PgPool, market_id: Uuid) -> Self {
        Self::take(pool, "SELECT market_id FROM markets WHERE market_id = $1 FOR UPDATE", market_id).await
    }

    /// Holds the points of an account.
    pub(crate) async fn balance(pool: &PgPool, account_id: Uuid) -> Self {
        Self::take(pool, "SELECT account_id FROM user_balances WHERE account_id = $1 FOR UPDATE", account_id)
            .await
    }

    async fn take(pool: &PgPool, lock: &'static str, id: Uuid) -> Self {
        let mut transaction = postgres::begin(pool).await.unwrap();
        sqlx::query(lock).bind(id).fetch_one(&mut *transaction).await.unwrap();
        let holder =
            sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *transaction).await.unwrap();
        Self { pool: pool.clone(), transaction, holder }
    }

    /// Waits until somebody waits for the row, and tells who.
    pub(crate) async fn blocks_somebody(&self) -> i32 {
        eventually("waiting for the held row", async || {
            sqlx::query_scalar(
                "SELECT pid FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid)) LIMIT 1",
            )
            .bind(self.holder)
            .fetch_optional(&self.pool)
            .await
            .unwrap()
        })
        .await
    }

    /// Ends whatever waits for the row, as a crash of the database's side of a connection does: it never happens.
    pub(crate) async fn forget_the_waiting(&self) {
        eventually("ending those who wait", async || {
            let ended: Vec<bool> = sqlx::query_scalar(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))",
            )
            .bind(self.holder)
            .fetch_all(&self.pool)
            .await
            .unwrap();
            ended.is_empty().then_some(())
        })
        .await;
    }

    /// Lets go; whoever waits goes on.
    pub(crate) async fn release(self) {
        self.transaction.rollback().await.unwrap();
    }
}
