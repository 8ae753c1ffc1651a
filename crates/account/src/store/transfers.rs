//! Applying transfers.

use loljoa_service_kit::{AccountId, BetId, MarketId, Points, TransferId};
use sqlx::PgExecutor;

use super::columns::Columns;
use crate::domain::transfer::{Kind, Outcome, Transfer};

/// The rows that each system account is spread over, so that none is hot.
pub(crate) const STRIPES: i16 = 16;

/// Applies a batch in one commit: one round trip, one answer for each transfer, in order.
///
/// `stripe` (below [`STRIPES`]) is where the system accounts' side is written.
pub(crate) async fn apply(
    executor: impl PgExecutor<'_>,
    batch: &[Transfer],
    stripe: i16,
) -> sqlx::Result<Vec<Outcome>> {
    let columns = Columns::of(batch);
    sqlx::query_scalar!(
        r#"SELECT apply_transfers($1, $2, $3, $4, $5, $6, $7, $8, $9) AS "outcomes!: Vec<Outcome>""#,
        &columns.ids as &[TransferId],
        &columns.kinds as &[Kind],
        &columns.accounts as &[AccountId],
        &columns.markets as &[Option<MarketId>],
        &columns.bets as &[Option<BetId>],
        &columns.points as &[Points],
        &columns.fingerprints as &[&[u8]],
        &columns.closes as &[Option<TransferId>],
        stripe,
    )
    .fetch_one(executor)
    .await
}

/// Whether a transfer was applied.
pub(crate) async fn exists(executor: impl PgExecutor<'_>, id: TransferId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM transfers WHERE transfer_id = $1) AS "exists!""#, id.0)
        .fetch_one(executor)
        .await
}

#[cfg(test)]
mod tests {
    use loljoa_service_kit::ids;
    use sqlx::PgPool;

    use super::*;
    use crate::{
        audit,
        domain::{grant, results::BetResult},
        store::results,
    };

    const WRITERS: usize = 4;
    const ROUNDS: usize = 40;
    const ACCOUNTS: usize = 12;

    async fn accounts(pool: &PgPool) -> Vec<AccountId> {
        sqlx::raw_sql(
            "INSERT INTO users SELECT gen_random_uuid(), n, n, '', 'user', now()
                FROM (SELECT 'bettor_' || generate_series(1, 12)) names (n);
            INSERT INTO user_balances SELECT account_id FROM users",
        )
        .execute(pool)
        .await
        .unwrap();
        sqlx::query_scalar("SELECT account_id FROM users").fetch_all(pool).await.unwrap()
    }

    fn stake(account: AccountId, market: MarketId) -> Transfer {
        let bet = BetId(ids::fresh());
        let (id, points, fingerprint) = (bet.stake_transfer(), Points(10), vec![1]);
        let (market, bet) = (Some(market), Some(bet));
        Transfer { id, kind: Kind::Stake, account, market, bet, points, fingerprint, closes: None }
    }

    fn lost(stake: &Transfer) -> BetResult {
        BetResult {
            bet: stake.bet.unwrap(),
            account: stake.account,
            market: stake.market.unwrap(),
            staked: stake.points,
            paid: Points::ZERO,
        }
    }

    /// Stakes of the same accounts, in another order each time, settled as lost. Nothing is ever repeated.
    async fn write(pool: PgPool, accounts: Vec<AccountId>, writer: usize) -> sqlx::Result<()> {
        let mut connection = pool.acquire().await?;
        let market = MarketId::fresh();
        for round in 0..ROUNDS {
            let mut batch: Vec<Transfer> = accounts.iter().map(|account| stake(*account, market)).collect();
            batch.rotate_left((round * 5 + writer * 3) % ACCOUNTS);
            let stripe = i16::try_from(round % 2).unwrap();
            let outcomes = apply(&mut *connection, &batch, stripe).await?;
            assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Applied));
            batch.reverse();
            results::record(&mut *connection, &batch.iter().map(lost).collect::<Vec<_>>()).await?;
        }
        Ok(())
    }

    #[sqlx::test]
    async fn writers_of_the_same_accounts_in_any_order_never_wait_in_a_circle(pool: PgPool) {
        let accounts = accounts(&pool).await;
        let points = Points(i64::try_from(WRITERS * ROUNDS * 10).unwrap());
        let grants = accounts.iter().map(|account| Transfer { points, ..grant::signup(*account) });
        apply(&pool, &grants.collect::<Vec<_>>(), 0).await.unwrap();
        let writers = (0..WRITERS).map(|writer| tokio::spawn(write(pool.clone(), accounts.clone(), writer)));
        for written in futures::future::join_all(writers).await {
            written.unwrap().unwrap();
        }
        let left: i64 =
            sqlx::query_scalar("SELECT max(balance) FROM user_balances").fetch_one(&pool).await.unwrap();
        assert_eq!(left, 0);
        assert!(audit::full(&pool).await.unwrap().is_clean());
    }
}
