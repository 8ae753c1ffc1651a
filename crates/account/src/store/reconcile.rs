//! What a person corrects in the ledger. Transfers are only ever added.

use loljoa_service_kit::{AccountId, Correction, Points, TransferId};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::domain::audit::Holding;

/// Locks an account, so that what is decided about it holds until the commit, and gives its balance.
pub(crate) async fn hold(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<Option<Points>> {
    sqlx::query_scalar!(
        r#"SELECT balance AS "balance: Points" FROM user_balances WHERE account_id = $1 FOR NO KEY UPDATE"#,
        account as AccountId,
    )
    .fetch_optional(connection)
    .await
}

/// Whether the account has transfers, archived or not, stored or not.
pub(crate) async fn has_transfers(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM transfers WHERE account_id = $1)
            OR EXISTS (SELECT FROM opening_balances WHERE id = $1 AND NOT is_system) AS "exists!""#,
        account as AccountId,
    )
    .fetch_one(connection)
    .await
}

/// The balances of those of these accounts that exist.
pub(crate) async fn balances(
    db: impl PgExecutor<'_>,
    accounts: &[AccountId],
) -> sqlx::Result<Vec<(AccountId, Points)>> {
    let rows = sqlx::query!(
        r#"SELECT account_id AS "account: AccountId", balance AS "balance: Points"
        FROM user_balances WHERE account_id = ANY ($1)"#,
        accounts as &[AccountId],
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.account, row.balance)).collect())
}

/// Forgets that a stake is refused. The caller holds the account, and applies the stake in the same commit.
pub(crate) async fn admit(connection: &mut PgConnection, stake: TransferId) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM refused_stakes WHERE transfer_id = $1", stake as TransferId)
        .execute(connection)
        .await?;
    Ok(())
}

/// Adds to what is stored of an account, which the caller holds.
pub(crate) async fn adjust_account(
    connection: &mut PgConnection,
    account: AccountId,
    change: Holding,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE user_balances SET balance = balance + $2, staked = staked + $3, profit = profit + $4
         WHERE account_id = $1",
        account as AccountId,
        change.balance as Points,
        change.staked as Points,
        change.profit as Points,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Lets one person at a time correct system accounts.
pub(crate) async fn hold_system(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("SELECT 1 AS held FROM pg_advisory_xact_lock(hashtext('loljoa.account.reconcile'))")
        .fetch_one(connection)
        .await?;
    Ok(())
}

/// Lets nobody take from a pool meanwhile. What is paid from it waits, so it is held for a moment only.
pub(crate) async fn hold_pool(connection: &mut PgConnection, ledger: Uuid) -> sqlx::Result<()> {
    sqlx::query!("SELECT 1 AS held FROM lock_pools(ARRAY[$1]::uuid[])", ledger).fetch_one(connection).await?;
    Ok(())
}

/// By how much a system account is stored wrong, by all of its transfers. Whoever moves points meanwhile moves both sides
/// in one commit, so that this statement needs no lock and its answer stays true.
pub(crate) async fn system_difference(connection: &mut PgConnection, ledger: Uuid) -> sqlx::Result<Points> {
    sqlx::query_scalar!(
        r#"SELECT (
            coalesce((
                SELECT sum(CASE WHEN credit_id = $1 THEN points ELSE -points END) FROM transfers
                WHERE credit_id = $1 OR debit_id = $1
            ), 0) + coalesce((SELECT balance FROM opening_balances WHERE id = $1 AND is_system), 0)
            + coalesce((SELECT sum(points) FROM cleared WHERE ledger_id = $1), 0)
            - coalesce((SELECT sum(balance) FROM system_balances WHERE ledger_id = $1), 0)
        )::bigint AS "difference!: Points""#,
        ledger,
    )
    .fetch_one(connection)
    .await
}

/// Adds to what is stored of a system account and of its cover.
pub(crate) async fn adjust_system(
    connection: &mut PgConnection,
    ledger: Uuid,
    change: Points,
    cover: Points,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO system_balances (ledger_id, stripe, balance, cover) VALUES ($1, 0, $2, $3)
         ON CONFLICT (ledger_id, stripe) DO UPDATE
         SET balance = system_balances.balance + EXCLUDED.balance, cover = system_balances.cover + EXCLUDED.cover",
        ledger,
        change as Points,
        cover as Points,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes a correction, in the commit that makes it.
pub(crate) async fn record(connection: &mut PgConnection, correction: &Correction) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO reconciliations (correction_id, action, subject, detail, who, why) VALUES ($1, $2, $3, $4, $5, $6)",
        correction.id(),
        correction.action,
        correction.subject,
        correction.detail,
        correction.who,
        correction.why,
    )
    .execute(connection)
    .await?;
    Ok(())
}
