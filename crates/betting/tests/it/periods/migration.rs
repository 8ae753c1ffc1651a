//! The table of before becomes the first partition, with all that is in it.

use loljoa_betting::{MIGRATOR, audit};
use sqlx::{PgPool, migrate::Migrator};

use super::{bet, change, current, open_market, void_market};

/// The migrations up to a version.
fn up_to(version: i64) -> Migrator {
    let migrations = MIGRATOR.iter().filter(|migration| migration.version <= version).cloned();
    Migrator::with_migrations(migrations.collect())
}

async fn all(pool: &PgPool) -> Vec<String> {
    let rows = "SELECT (to_jsonb(b) - 'period')::text FROM bets b ORDER BY seq";
    sqlx::query_scalar(rows).fetch_all(pool).await.unwrap()
}

#[sqlx::test(migrations = false)]
async fn a_database_of_before_keeps_every_bet_and_goes_on(pool: PgPool) {
    up_to(37).run(&pool).await.unwrap();
    void_market(&pool, 5).await;
    let market = open_market(&pool).await;
    bet(&pool, market, 7).await;
    sqlx::query("SELECT withdraw_bets(ARRAY(SELECT bet_id FROM bets WHERE state = 'accepted' LIMIT 1), 'cancelled', 'cancel', now())")
        .execute(&pool)
        .await
        .unwrap();
    let (before, last): (_, i64) =
        (all(&pool).await, sqlx::query_scalar("SELECT max(seq) FROM bets").fetch_one(&pool).await.unwrap());
    assert_eq!(before.len(), 12);

    // Bets are recorded between the steps, as they are on a live database.
    for version in [40, 41, 42] {
        up_to(version).run(&pool).await.unwrap();
        assert_eq!(all(&pool).await[..12], before);
        bet(&pool, market, 1).await;
    }
    MIGRATOR.run(&pool).await.unwrap();
    let numbers: Vec<i64> =
        sqlx::query_scalar("SELECT seq FROM bets ORDER BY recorded_at, seq").fetch_all(&pool).await.unwrap();
    assert_eq!(numbers[12..], [last + 1, last + 2, last + 3], "numbers go on where they were");
    let period = current(&pool).await;
    let partitions: Vec<String> = sqlx::query_scalar("SELECT DISTINCT tableoid::regclass::text FROM bets")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(partitions, [format!("bets_{period}")]);
    assert_eq!(audit::full(&pool).await.unwrap(), []);

    change(&pool).await;
    bet(&pool, market, 1).await;
    bet(&pool, open_market(&pool).await, 1).await;
    assert_eq!(audit::full(&pool).await.unwrap(), []);
    assert_eq!(all(&pool).await.len(), 17);
}

#[sqlx::test]
async fn every_partition_has_the_key_that_decides_and_the_indexes_that_find(pool: PgPool) {
    change(&pool).await;
    let missing: Vec<String> = sqlx::query_scalar(
        "SELECT h.inhrelid::regclass || ' ' || wanted FROM pg_inherits h
         CROSS JOIN unnest(ARRAY['UNIQUE % (bet_id)', '%(account_id, seq)', '%(market_id, seq)', '%(changed_xid, seq)',
            '%(market_id, changed_xid, seq) WHERE %']) AS w (wanted)
         WHERE h.inhparent = 'bets'::regclass AND NOT EXISTS (
            SELECT FROM pg_indexes i WHERE i.tablename = h.inhrelid::regclass::text AND i.indexdef LIKE '%' || wanted)",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(missing, [""; 0]);
}
