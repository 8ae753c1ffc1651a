//! Betting over real sockets, with the real account service and a feed of matches that the test writes.

mod feed;
mod ledger;
mod recording;
mod replica;
mod world;

use loljoa_service_kit::postgres;
use std::{future::Future, time::Duration};

use loljoa_proto::betting::v1::Market;
use sqlx::{PgExecutor, PgPool, Postgres, Transaction};
use tokio::time;
use uuid::Uuid;

pub(crate) use self::{
    feed::{Feed, Fixture},
    replica::{Bet, Replica},
    world::{Game, World},
};

const PATIENCE: Duration = Duration::from_mins(1);

/// Asks again and again until `question` has an answer.
pub(crate) async fn eventually<T>(mut question: impl AsyncFnMut() -> Option<T>) -> T {
    let ask = async {
        loop {
            if let Some(answer) = question().await {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    time::timeout(PATIENCE, ask).await.expect("the answer came in time")
}

/// Waits until `count` sessions of this database wait for a lock.
pub(crate) async fn until_blocked(pool: &PgPool, count: i64) {
    eventually(async || {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .fetch_one(pool)
        .await
        .unwrap();
        (waiting >= count).then_some(())
    })
    .await;
}

/// Holds a market's row until the transaction ends.
pub(crate) async fn hold(pool: &PgPool, market: &Market) -> Transaction<'static, Postgres> {
    let mut transaction = postgres::begin(pool).await.unwrap();
    sqlx::query("SELECT 1 FROM markets WHERE market_id = $1::uuid FOR UPDATE")
        .bind(&market.market_id)
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction
}

/// Records a bet whose stake the ledger has not taken, and answers its fingerprint.
pub(crate) async fn record(db: impl PgExecutor<'_>, bet: &Bet) -> Vec<u8> {
    sqlx::query_scalar(
        "WITH asked AS (
            SELECT sha256(uuid_send($2) || uuid_send($3) || uuid_send($4) || int8send($5)) AS fingerprint
        )
        SELECT asked.fingerprint FROM asked, record_bets(ARRAY[$1], ARRAY[$2], ARRAY[$3], ARRAY[$4],
            ARRAY[$5::bigint], ARRAY[asked.fingerprint])",
    )
    .bind(bet.id().0)
    .bind(Uuid::parse_str(&bet.0.account_id).unwrap())
    .bind(Uuid::parse_str(&bet.0.market_id).unwrap())
    .bind(Uuid::parse_str(&bet.0.outcome_id).unwrap())
    .bind(bet.0.stake)
    .fetch_one(db)
    .await
    .unwrap()
}

/// Runs `story` while the market is held, and lets go once `blocked` sessions wait for it.
pub(crate) async fn while_held<T>(
    pool: &PgPool,
    market: &Market,
    blocked: i64,
    story: impl Future<Output = T>,
) -> T {
    let held = hold(pool, market).await;
    let release = async {
        until_blocked(pool, blocked).await;
        held.commit().await.unwrap();
    };
    tokio::join!(story, release).0
}
