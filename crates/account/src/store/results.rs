//! How settled bets ended.

use loljoa_service_kit::{AccountId, BetId, MarketId, Points, TransferId};
use sqlx::PgExecutor;

use crate::domain::results::{BetResult, Recorded};

/// Records results in one commit, each once.
pub(crate) async fn record(executor: impl PgExecutor<'_>, results: &[BetResult]) -> sqlx::Result<Recorded> {
    let bets: Vec<BetId> = results.iter().map(|result| result.bet).collect();
    let stake_ids: Vec<TransferId> = results.iter().map(|result| result.bet.stake_transfer()).collect();
    let accounts: Vec<AccountId> = results.iter().map(|result| result.account).collect();
    let markets: Vec<MarketId> = results.iter().map(|result| result.market).collect();
    let staked: Vec<Points> = results.iter().map(|result| result.staked).collect();
    let paid: Vec<Points> = results.iter().map(|result| result.paid).collect();
    sqlx::query_as!(
        Recorded,
        r#"SELECT recorded AS "new!", unknown AS "unknown!" FROM record_results($1, $2, $3, $4, $5, $6)"#,
        &bets as &[BetId],
        &stake_ids as &[TransferId],
        &accounts as &[AccountId],
        &markets as &[MarketId],
        &staked as &[Points],
        &paid as &[Points],
    )
    .fetch_one(executor)
    .await
}
