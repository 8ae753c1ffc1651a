//! What belongs to which cell.

use loljoa_service_kit::{AccountId, Cell};
use sqlx::PgExecutor;

/// An account whose id does not tell one of the cell's slots. Those that tell none were made before there were cells, and their
/// names may be anywhere.
pub(crate) async fn stranger(executor: impl PgExecutor<'_>, cell: Cell) -> sqlx::Result<Option<AccountId>> {
    let [first, last] = cell.id_group();
    sqlx::query_scalar!(
        r#"SELECT account_id AS "account: AccountId" FROM users
        WHERE substr(account_id::text, 15, 4) COLLATE "C" NOT BETWEEN $1 AND $2 LIMIT 1"#,
        first,
        last,
    )
    .fetch_optional(executor)
    .await
}
