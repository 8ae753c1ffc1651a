//! Whoever asks, reads or audits while a period is taken away, and afterwards.

use super::*;

#[sqlx::test]
async fn no_id_of_an_archived_period_is_applied_again(pool: PgPool) {
    let ledger = Ledger::new(&pool).await;
    let market = MarketId::fresh();
    let (lost, late) = (ledger.loses(0, market).await, ledger.stake(1, market).await);
    let period = ledger.ends().await;
    let refund = closing(&late, Kind::Cancel, 100);
    ledger.applies(std::slice::from_ref(&refund)).await;
    let orphan = ledger.stake(2, market).await;
    ledger.audited(period).await;
    archive(&pool, period, |_| ()).await.unwrap();
    let seen = ledger.seen().await;
    for stake in [&lost, &late] {
        assert_eq!(ledger.outcome(stake).await, Outcome::StakeRevoked);
    }
    assert_eq!(ledger.outcome(&refund).await, Outcome::AlreadyApplied, "it is in a later period");
    let renamed = Transfer { id: ids::fresh().into(), ..refund };
    for late in [renamed, closing(&lost, Kind::Payout, 200), closing(&lost, Kind::Correction, 5)] {
        assert_eq!(ledger.outcome(&late).await, Outcome::Conflict);
    }
    assert_eq!(ledger.seen().await, seen);
    assert_eq!(
        ledger.outcome(&closing(&orphan, Kind::Tombstone, 100)).await,
        Outcome::Applied,
        "its stake is here"
    );
    ledger.is_clean().await;
}

#[sqlx::test]
async fn who_asks_again_while_a_period_is_taken_away_is_told_so(pool: PgPool) {
    let ledger = Ledger::new(&pool).await;
    let lost = ledger.loses(0, MarketId::fresh()).await;
    let period = ledger.ends().await;
    ledger.audited(period).await;
    count(&pool, period, |_| ()).await.unwrap();
    let seen = ledger.seen().await;
    let mut taking = postgres::begin(&pool).await.unwrap();
    archive::archive(&mut taking, period).await.unwrap();
    let waits = "SELECT true FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE d.datname = current_database() AND NOT l.granted";
    let commit = async {
        eventually(async || sqlx::query_scalar::<_, bool>(waits).fetch_optional(&pool).await.unwrap()).await;
        taking.commit().await.unwrap();
    };
    let (again, ()) = tokio::join!(ledger.outcome(&lost), commit);
    assert_eq!(again, Outcome::StakeRevoked);
    assert_eq!(ledger.seen().await, seen);
    ledger.is_clean().await;
}

#[sqlx::test]
async fn who_reads_the_feed_goes_on(pool: PgPool) {
    let ledger = Ledger::new(&pool).await;
    ledger.loses(0, MarketId::fresh()).await;
    let period = ledger.ends().await;
    let page = async |from| feed::page(&pool, from, chrono::TimeDelta::zero(), 100).await.unwrap();
    let old = eventually(async || Some(page(Position::default()).await).filter(|page| page.len() == 4)).await;
    ledger.audited(period).await;
    archive(&pool, period, |_| ()).await.unwrap();
    let stake = ledger.loses(1, MarketId::fresh()).await;
    let known = async |from| feed::standing(&pool, from, from).await.unwrap().known;
    for entry in &old {
        assert!(known(entry.position).await, "it has read what is archived");
        let new = eventually(async || Some(page(entry.position).await).filter(|page| !page.is_empty())).await;
        assert_eq!(new.iter().map(|entry| entry.transfer.id).collect::<Vec<_>>(), [stake.id]);
    }
    assert_eq!(
        page(Position::default()).await.len(),
        1,
        "from the beginning: from the oldest period that is there"
    );
    let ahead = Position { xid: old[3].position.xid, seq: old[3].position.seq + 1 };
    assert!(!known(ahead).await, "behind the end of what is archived");
}

#[sqlx::test]
async fn it_waits_for_who_reads_and_nobody_waits_long_for_it(pool: PgPool) {
    let ledger = Ledger::new(&pool).await;
    ledger.loses(0, MarketId::fresh()).await;
    let period = ledger.ends().await;
    ledger.audited(period).await;
    count(&pool, period, |_| ()).await.unwrap();
    let mut reader = postgres::begin(&pool).await.unwrap();
    execute(&mut reader, "SELECT FROM transfers LIMIT 1").await;
    let refused = archive_counted(&pool, period).await.unwrap_err();
    assert!(is_locked(&refused), "{refused}");
    let archiving = tokio::spawn({
        let pool = pool.clone();
        async move { archive(&pool, period, |_| ()).await }
    });
    // Bets go on between its attempts, and while it waits they wait less than a third of a second.
    eventually(async || {
        let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'
            AND relation = 'transfers'::regclass)";
        sqlx::query_scalar::<_, bool>(waits).fetch_one(&pool).await.unwrap().then_some(())
    })
    .await;
    for place in [0, 1, 2] {
        ledger.loses(place, MarketId::fresh()).await;
    }
    assert_eq!(rows(&pool, period).await, 4);
    reader.commit().await.unwrap();
    archiving.await.unwrap().unwrap();
    assert_eq!(rows(&pool, period).await, 0);
    ledger.is_clean().await;
}

#[sqlx::test]
async fn an_audit_over_which_a_period_is_archived_begins_again(pool: PgPool) {
    let ledger = Ledger::new(&pool).await;
    ledger.loses(0, MarketId::fresh()).await;
    let period = ledger.ends().await;
    ledger.audited(period).await;
    ledger.loses(1, MarketId::fresh()).await;
    let (mut before, mut amid) = (Fold::default(), Fold::default());
    while before.next(&pool, 2).await.unwrap().more {}
    amid.next(&pool, 2).await.unwrap();
    archive(&pool, period, |_| ()).await.unwrap();
    while amid.next(&pool, 2).await.unwrap().more {}
    for fold in [before, amid] {
        let system = fold.close(&pool).await.unwrap();
        assert_eq!((system.differences, system.sum), (vec![], Points::ZERO));
    }
}

#[sqlx::test]
async fn the_year_is_never_turned_back_nor_by_a_wrong_clock_and_the_next_one_is_ready(pool: PgPool) {
    let year = periods::current(&pool).await.unwrap();
    assert_eq!(turn::catch_up(&pool, year + 2).await.unwrap(), year + 2);
    turn::keep_up(&pool).await.unwrap();
    for wrong in [year, year + 13] {
        assert_eq!(turn::catch_up(&pool, wrong).await.unwrap(), year + 2);
    }
    let listed: Vec<_> =
        list(&pool).await.unwrap().into_iter().map(|it| (it.period, it.ended_at.is_some())).collect();
    assert_eq!(listed, [(year, true), (year + 1, true), (year + 2, false)]);
    assert!(!periods::prepare(&pool, year + 3).await.unwrap(), "it is there");
}

/// How many rows of partitions were read in this transaction, by whatever plan, and how often indexes of each that is large.
/// A look-up without its index is no sequential scan where those are off: it walks another index from end to end.
async fn reads(connection: &mut PgConnection) -> (i64, Vec<i64>) {
    let rows = "SELECT coalesce(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)), 0)::bigint
        FROM pg_stat_xact_user_tables WHERE relname ~ '^(transfers|bet_results)_'";
    let by_index = "SELECT coalesce(idx_scan, 0) FROM pg_stat_xact_user_tables
        WHERE relname ~ '^(transfers|bet_results)_' AND pg_relation_size(relid) > 100000 ORDER BY relname";
    let rows = sqlx::query_scalar(rows).fetch_one(&mut *connection).await.unwrap();
    (rows, sqlx::query_scalar(by_index).fetch_all(connection).await.unwrap())
}

/// By which it is found whether a stake has been closed.
const WITHOUT_AN_INDEX: &str = "DO $$
    DECLARE
        index text;
    BEGIN
        FOR index IN SELECT indexname FROM pg_indexes WHERE indexname LIKE 'transfers\\_one\\_closing\\_%' LOOP
            EXECUTE format('DROP INDEX %I', index);
        END LOOP;
    END $$";

#[sqlx::test]
async fn no_partition_is_read_whole(pool: PgPool) {
    let ledger = Ledger::new(&pool).await;
    for _ in 0..2 {
        sqlx::raw_sql(
            "INSERT INTO transfers (transfer_id, kind, account_id, points, fingerprint, created_at)
            SELECT gen_random_uuid(), 'daily_grant', gen_random_uuid(), 1, 'many', now() FROM generate_series(1, 20000);
            INSERT INTO bet_results (bet_id, account_id, market_id, staked, paid, created_at)
            SELECT gen_random_uuid(), account_id, gen_random_uuid(), 1, 0, now()
            FROM users, generate_series(1, 7000)",
        )
        .execute(&pool)
        .await
        .unwrap();
        ledger.ends().await;
    }
    sqlx::raw_sql("ANALYZE transfers, bet_results").execute(&pool).await.unwrap();
    let stake = ledger.stake(0, MarketId::fresh()).await;
    let (bet, account, market) = (stake.bet.unwrap(), stake.account, stake.market.unwrap());
    let lost = BetResult { bet, account, market, staked: stake.points, paid: Points::ZERO };
    let mut transaction = postgres::begin(&pool).await.unwrap();
    for _ in 0..10 {
        transfers::apply(&mut *transaction, &[closing(&stake, Kind::Payout, 1)], 0).await.unwrap();
        results::record(&mut *transaction, std::slice::from_ref(&lost)).await.unwrap();
        feed::page(&mut *transaction, Position::default(), chrono::TimeDelta::zero(), 100).await.unwrap();
        feed::standing(&mut *transaction, Position::default(), Position::default()).await.unwrap();
        statement::page(&mut *transaction, account, None, 50).await.unwrap();
    }
    let (read, by_index) = reads(&mut transaction).await;
    assert!(read < 10_000, "{read} of 54,000 rows, for 10 times a few and a page of 100");
    assert_eq!(by_index.len(), 4, "two periods of each");
    assert!(by_index.iter().all(|scans| *scans >= 10), "{by_index:?}");
    // The same count sees a look-up that has lost its index.
    sqlx::raw_sql(WITHOUT_AN_INDEX).execute(&mut *transaction).await.unwrap();
    transfers::apply(&mut *transaction, &[closing(&stake, Kind::Payout, 1)], 0).await.unwrap();
    let without = reads(&mut transaction).await.0 - read;
    assert!(without > 20_000, "{without}");
}

/// How many transfers were read in this transaction, by whatever plan.
async fn transfers_read(connection: &mut PgConnection) -> i64 {
    let read = "SELECT coalesce(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)), 0)::bigint
        FROM pg_stat_xact_user_tables WHERE relname ~ '^transfers_'";
    sqlx::query_scalar(read).fetch_one(connection).await.unwrap()
}

/// As after a restore from a dump, which has all of them written in one transaction.
#[sqlx::test]
async fn many_transfers_of_one_transaction_are_read_by_the_page(pool: PgPool) {
    sqlx::raw_sql(
        "INSERT INTO transfers (transfer_id, kind, account_id, points, fingerprint, created_at)
        SELECT gen_random_uuid(), 'daily_grant', gen_random_uuid(), 1, 'many', now() FROM generate_series(1, 20000)",
    )
    .execute(&pool)
    .await
    .unwrap();
    sqlx::raw_sql("ANALYZE transfers").execute(&pool).await.unwrap();
    eventually(async || {
        let first = feed::page(&pool, Position::default(), chrono::TimeDelta::zero(), 1).await.unwrap();
        first.first().map(|_| ())
    })
    .await;
    let mut transaction = postgres::begin(&pool).await.unwrap();
    let (mut place, mut seen) = (Position::default(), 0);
    for _ in 0..10 {
        let page = feed::page(&mut *transaction, place, chrono::TimeDelta::zero(), 100).await.unwrap();
        place = page.last().unwrap().position;
        seen += page.len();
        feed::standing(&mut *transaction, place, place).await.unwrap();
        audit_pools::page(&mut *transaction, place, audit_pools::Reach::BelowWatermark, 100).await.unwrap();
        audit_step::fold(&mut transaction, place, 100).await.unwrap();
    }
    assert_eq!(seen, 1_000);
    let read = transfers_read(&mut transaction).await;
    assert!(read < 5_000, "{read} of 20,000 transfers, for 10 times 3 pages of 100");
}
