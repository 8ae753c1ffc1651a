use loljoa_service_kit::{BetId, ids};
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

use super::{TestDatabases, asked};

/// What no service does: points that were acknowledged and are gone.
impl TestDatabases {
    /// Loses the stake of a bet, as if its transaction had been rolled back after it was acknowledged.
    pub(crate) async fn lose_stake(&self, bet: Uuid) {
        self.lose(BetId(bet).stake_transfer().0).await;
    }

    /// Loses what closed a bet.
    pub(crate) async fn lose_closing(&self, bet: Uuid) {
        self.lose(BetId(bet).closing_transfer().0).await;
    }

    /// Takes a transfer away together with what it did to the balances.
    async fn lose(&self, transfer: Uuid) {
        let losing = format!(
            "ALTER TABLE transfers DISABLE TRIGGER transfers_append_only;
            ALTER TABLE system_balances DISABLE TRIGGER USER;
            WITH lost AS (DELETE FROM transfers WHERE transfer_id = '{transfer}' RETURNING *),
            account AS (
                UPDATE user_balances b
                SET balance = b.balance - balance_change(l.kind, l.points), staked = b.staked - staked_change(l.kind, l.points)
                FROM lost l WHERE b.account_id = l.account_id
            )
            INSERT INTO system_balances (ledger_id, stripe, balance, cover)
            SELECT market_id, 0, balance_change(kind, points), -cover_change(kind, points) FROM lost
            ON CONFLICT (ledger_id, stripe) DO UPDATE
            SET balance = system_balances.balance + EXCLUDED.balance, cover = system_balances.cover + EXCLUDED.cover;
            ALTER TABLE system_balances ENABLE TRIGGER USER;
            ALTER TABLE transfers ENABLE TRIGGER transfers_append_only;"
        );
        let known = self.transfers().await;
        sqlx::raw_sql(AssertSqlSafe(losing)).execute(&self.account).await.unwrap();
        assert_eq!(self.transfers().await, known - 1);
    }

    /// How many transfers there are.
    pub(crate) async fn transfers(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM transfers").fetch_one(&self.account).await.unwrap()
    }

    /// A stake that never becomes a bet, and the bet's id.
    pub(crate) async fn orphan_stake(&self, account: Uuid, market: Uuid, points: i64) -> Uuid {
        let bet = BetId(ids::fresh());
        asked::note(account, bet.0);
        let outcome: String = sqlx::query_scalar(
            "SELECT (apply_transfers(ARRAY[$1], ARRAY['stake']::transfer_kind[], ARRAY[$2], ARRAY[$3], ARRAY[$4], ARRAY[$5],
                ARRAY[decode(repeat('07', 32), 'hex')], ARRAY[NULL]::uuid[], 0::smallint))[1]::text",
        )
        .bind(bet.stake_transfer().0)
        .bind(account)
        .bind(market)
        .bind(bet.0)
        .bind(points)
        .fetch_one(&self.account)
        .await
        .unwrap();
        assert_eq!(outcome, "applied");
        bet.0
    }
}

/// Adds points to one row behind everybody's back.
pub(crate) async fn plant(pool: &PgPool, table: &str, key: &str, id: Uuid, points: i64) {
    let update = format!("UPDATE {table} + $2 WHERE {key} = $1");
    let planted = sqlx::query(AssertSqlSafe(update)).bind(id).bind(points).execute(pool).await.unwrap();
    assert!(planted.rows_affected() >= 1, "{table}");
}
