//! A period that is archived: nothing is missing, nothing is counted twice, and nothing is done too early.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use loljoa_betting::{audit, periods};
use loljoa_proto::betting::v1::MarketState;
use loljoa_service_kit::{MarketId, ids, postgres};
use sqlx::PgPool;
use uuid::Uuid;

use super::{audited, bet, change, open_market, run, void_market};
use crate::harness::{Bet, World, eventually};

async fn archived(pool: &PgPool, period: i32) -> periods::Sums {
    eventually(async || periods::archive(pool, period, |_| ()).await.ok()).await
}

#[sqlx::test]
async fn what_is_archived_is_summed_and_every_audit_comes_to_the_same_before_and_after(pool: PgPool) {
    let world = World::start_with(&pool, |config| config.recovery.grace_ms = 1_000).await;
    let account = world.account_with("faker", 10_000).await;
    let old = world.game().await;
    let won = Bet::on(&old.winner, "T1", account, 500);
    for bet in [&won, &Bet::on(&old.winner, "GEN", account, 300), &Bet::on(&old.score, "2-1", account, 200)] {
        world.betting().bet(bet).await;
    }
    let cancelled = world.betting().bet(&Bet::on(&old.winner, "T1", account, 700)).await;
    world.betting().cancel(account, &cancelled.bet_id).await.unwrap();
    let period = change(&pool).await;
    let new = world.game().await;
    world.betting().bet(&Bet::on(&new.winner, "T1", account, 400)).await;
    world.feed.say(old.fixture.completed(2, [2, 0]));
    let market = world.until(&old.winner, MarketState::Settled).await;
    world.until(&old.sets, MarketState::Void).await;
    world.until_delivered().await;
    let points = world.points(account).await;

    let sums = archived(&pool, period).await;
    assert_eq!((sums.markets, sums.bets), (2, 4));
    // The score's one bet was given back.
    assert_eq!((sums.staked.0, sums.returned.0), (1_000, 1_000));
    assert_eq!(periods::archive(&pool, period, |_| ()).await.unwrap(), sums, "again, it does nothing");
    let listed = periods::list(&pool).await.unwrap();
    assert!(listed[0].archived_at.is_some() && listed[0].rows == 4 && listed[0].bytes > 0, "{listed:?}");
    assert_eq!((listed[1].archived_at, listed[1].rows), (None, 1));
    let kept: i64 =
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM archive.bets_{period}")))
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(kept, 4);

    // The market is as it was; its bets are not there, and are not asked for again.
    assert_eq!(world.betting().market(&market.market_id).await, market);
    assert_eq!(
        world.betting().get(account, &won.id().to_string()).await.unwrap_err().reason,
        "bet_not_found"
    );
    assert!(world.betting().place(&won).await.is_err());
    assert_eq!(world.betting().correct(&market, "GEN").await.unwrap_err().reason, "market_archived");
    let archived = [&old.winner, &new.winner].map(|market| MarketId::parse(&market.market_id).unwrap());
    let known = periods::archived_markets(&pool, &archived).await.unwrap();
    assert_eq!(known.into_iter().collect::<Vec<_>>(), archived[..1]);

    // The ledger's feed is read once more, and all that has been counted is counted once more.
    run(&pool, "UPDATE feed_cursors SET cursor = '' WHERE consumer = 'ledger'").await;
    run(&pool, "TRUNCATE audit_cursors, audit_markets, audit_outcomes, audit_positions").await;
    eventually(async || {
        let counted: bool = sqlx::query_scalar(
            "SELECT (SELECT cursor <> '' FROM feed_cursors WHERE consumer = 'ledger')
                AND (SELECT count(*) = (SELECT count(*) FROM markets) FROM audit_markets)",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        counted.then_some(())
    })
    .await;
    assert_eq!(world.points(account).await, points);
    // Pools that follow from no bet any more are still compared.
    let (change, back) = ("UPDATE markets SET pool = pool + 1", "UPDATE markets SET pool = pool - 1");
    run(&pool, change).await;
    world.until_metric("loljoa_audit_difference", "market_pool", |count| count > 3.5).await;
    assert_eq!(audit::full(&pool).await.unwrap().iter().filter(|it| it.check == "market_pool").count(), 6);
    run(&pool, back).await;
    world.until_differences("market_pool", 0).await;
    world.betting().bet(&Bet::on(&new.winner, "GEN", account, 400)).await;
    world.end().await;
}

#[sqlx::test]
async fn a_period_stays_until_all_of_it_is_at_rest(pool: PgPool) {
    let (market, still_open) = (void_market(&pool, 3).await, open_market(&pool).await);
    audited(&pool).await;
    let period: i32 = super::current(&pool).await;
    let why = async || periods::obstacles(&pool, period).await.unwrap();
    assert_eq!(why().await.len(), 2, "{:?}", why().await);
    assert_eq!(why().await[0], format!("period {period} has not ended"));
    change(&pool).await;
    assert_eq!(why().await, [format!("not final: 1 of its markets, such as {still_open}")]);
    run(
        &pool,
        "UPDATE markets SET state = 'void', void_reason = 'admin', closed_at = now() WHERE state = 'open'",
    )
    .await;
    assert_eq!(why().await, [""; 0]);
    for (what, change, back) in [
        (
            "owed payments",
            "INSERT INTO owed (bet_id, account_id, market_id, kind, points, staked)
             SELECT bet_id, account_id, market_id, 'correction', 1, stake FROM bets LIMIT 1",
            "DELETE FROM owed",
        ),
        (
            "being corrected",
            "INSERT INTO corrections (market_id, outcome_id) SELECT DISTINCT market_id, outcome_id FROM bets",
            "DELETE FROM corrections",
        ),
        (
            "with late bets",
            "INSERT INTO late_refunds (market_id, recorded_from) SELECT DISTINCT market_id, now() FROM bets",
            "DELETE FROM late_refunds",
        ),
        ("not yet known", "UPDATE audit_markets SET dirty = true", "UPDATE audit_markets SET dirty = false"),
        (
            "not yet known",
            "UPDATE audit_markets SET emptied = false",
            "UPDATE audit_markets SET emptied = true",
        ),
        (
            "with findings",
            "INSERT INTO audit_findings (check_name, subject, market_id, expected, found, incident_id)
             SELECT DISTINCT 'stake', '', market_id, '', '', market_id FROM bets",
            "DELETE FROM audit_findings",
        ),
        (
            "the audit has yet to look",
            "UPDATE audit_cursors SET xid = '1' WHERE name = 'bets'",
            "UPDATE audit_cursors SET xid = (SELECT max(changed_xid) FROM bets) WHERE name = 'bets'",
        ),
    ] {
        run(&pool, change).await;
        let obstacles = why().await;
        assert!(obstacles.len() == 1 && obstacles[0].starts_with(what), "{what}: {obstacles:?}");
        let refusal = periods::archive(&pool, period, |_| ()).await.unwrap_err();
        assert_eq!((refusal.reason.as_str(), &refusal.message), ("period_not_archivable", &obstacles[0]));
        run(&pool, back).await;
    }
    super::change(&pool).await;
    assert_eq!(
        periods::obstacles(&pool, period + 1).await.unwrap(),
        [format!("period {period} comes first")]
    );
    run(&pool, "UPDATE outcomes SET pool = pool + 1 WHERE pool > 0").await;
    assert_eq!(periods::archive(&pool, period, |_| ()).await.unwrap_err().reason, "period_differs");
    run(&pool, "UPDATE outcomes SET pool = pool - 1 WHERE pool > 0").await;
    assert_eq!(archived(&pool, period).await.bets, 3);
    assert_eq!(archived(&pool, period + 1).await.bets, 0);
    let ids = [MarketId(market), MarketId(still_open), MarketId(ids::fresh())];
    assert_eq!(periods::archived_markets(&pool, &ids).await.unwrap().len(), 2);
}

#[sqlx::test]
async fn archiving_that_was_interrupted_goes_on_and_what_changes_meanwhile_is_summed_anew(pool: PgPool) {
    let mut markets = Vec::new();
    for _ in 0..5 {
        markets.push(void_market(&pool, 4).await);
    }
    let period = change(&pool).await;
    audited(&pool).await;
    // The program dies after two markets.
    let seen = Arc::new(Mutex::new(Vec::new()));
    let dying = tokio::spawn({
        let (pool, seen) = (pool.clone(), seen.clone());
        async move {
            periods::archive(&pool, period, |bets| {
                seen.lock().unwrap().push(bets);
                assert!(bets < 8, "dies");
            })
            .await
        }
    });
    assert!(dying.await.unwrap_err().is_panic());
    assert_eq!(*seen.lock().unwrap(), [4, 8]);
    assert_eq!(audit::full(&pool).await.unwrap(), [], "nothing is archived yet");

    // It goes on behind them. While it sums the last one, a stake that nobody knew of is given up.
    let late = ids::fresh();
    let mut transaction = postgres::begin(&pool).await.unwrap();
    for statement in [
        "SELECT FROM record_bets(ARRAY[$1], ARRAY[$1], ARRAY[$2], ARRAY[$2], ARRAY[100::bigint], ARRAY[sha256('')])",
        "DELETE FROM owed WHERE bet_id = $1 AND market_id = $2",
    ] {
        sqlx::query(statement).bind(late).bind(markets[0]).execute(&mut *transaction).await.unwrap();
    }
    sqlx::query("UPDATE audit_cursors SET xid = pg_current_xact_id() WHERE name = 'bets'")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let (summed, mut is_summed) = tokio::sync::mpsc::unbounded_channel();
    let archiving = tokio::spawn({
        let pool = pool.clone();
        async move { periods::archive(&pool, period, |bets| summed.send(bets).unwrap()).await }
    });
    assert_eq!(is_summed.recv().await, Some(12), "it goes on where it was");
    assert_eq!([is_summed.recv().await, is_summed.recv().await], [Some(16), Some(20)]);
    transaction.commit().await.unwrap();
    let _ = archiving.await.unwrap();
    assert_eq!(archived(&pool, period).await.bets, 21);
    let kept: i64 =
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM archive.bets_{period}")))
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(kept, 21);
    assert_eq!(audit::full(&pool).await.unwrap(), []);

    // A stake that comes later still is given up in a period that is there.
    let mut later = Vec::new();
    for statement in [
        "SELECT FROM record_bets(ARRAY[$1], ARRAY[$1], ARRAY[$2], ARRAY[$2], ARRAY[100::bigint], ARRAY[sha256('')])",
        "SELECT tombstone_stakes(ARRAY[$1], ARRAY[$1], ARRAY[$2], ARRAY[100::bigint], ARRAY[sha256('')])",
    ] {
        later.push(ids::fresh());
        sqlx::query(statement).bind(later.last()).bind(markets[0]).execute(&pool).await.unwrap();
    }
    let kept: Vec<(i32, String)> =
        sqlx::query_as("SELECT period, state FROM bets ORDER BY seq").fetch_all(&pool).await.unwrap();
    assert_eq!(kept, vec![(period + 1, "refunded".to_owned()); 2]);
    assert_eq!(audit::full(&pool).await.unwrap(), []);
}

#[sqlx::test]
async fn bets_wait_no_longer_than_an_instant_for_a_period_that_cannot_be_detached_yet(pool: PgPool) {
    void_market(&pool, 3).await;
    let period = change(&pool).await;
    audited(&pool).await;
    let live = open_market(&pool).await;
    let mut reader = postgres::begin(&pool).await.unwrap();
    sqlx::query("SELECT count(*) FROM bets").execute(&mut *reader).await.unwrap();
    let archiving = tokio::spawn({
        let pool = pool.clone();
        async move { periods::archive(&pool, period, |_| ()).await }
    });
    // Bets go on while it is tried, again and again: each waits for one attempt at most.
    for _ in 0..3 {
        crate::harness::until_blocked(&pool, 1).await;
        tokio::time::timeout(Duration::from_secs(30), bet(&pool, live, 1))
            .await
            .expect("it waits for one attempt");
    }
    assert!(!archiving.is_finished());
    reader.commit().await.unwrap();
    assert_eq!(archiving.await.unwrap().unwrap().bets, 3);
    let bets: i64 = sqlx::query_scalar("SELECT count(*) FROM bets").fetch_one(&pool).await.unwrap();
    assert_eq!(bets, 3);
}

#[sqlx::test]
async fn tombstones_of_a_market_that_was_not_known_yet_stay_with_the_market(pool: PgPool) {
    let (known, bet) = (void_market(&pool, 2).await, ids::fresh());
    let unknown: Uuid = ids::fresh();
    let (moved, kept) = (ids::fresh(), ids::fresh());
    let later = ids::fresh();
    for (bet, market) in [(moved, later), (kept, unknown), (bet, known)] {
        sqlx::query(
            "SELECT tombstone_stakes(ARRAY[$1], ARRAY[$1], ARRAY[$2], ARRAY[100::bigint], ARRAY[sha256('')])",
        )
        .bind(bet)
        .bind(market)
        .execute(&pool)
        .await
        .unwrap();
    }
    run(&pool, "DELETE FROM owed").await;
    let period = change(&pool).await;
    sqlx::query("INSERT INTO matches VALUES ($1, 1, 'scheduled', now())")
        .bind(later)
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO markets (market_id, match_id, template, question_en, question_ko, lock_at)
         VALUES ($1, $1, 'custom', '', '', now())",
    )
    .bind(later)
    .execute(&pool)
    .await
    .unwrap();
    audited(&pool).await;
    let sums = archived(&pool, period).await;
    assert_eq!((sums.markets, sums.bets, sums.staked.0), (2, 4, 200));
    let there: Vec<Uuid> = sqlx::query_scalar("SELECT bet_id FROM bets").fetch_all(&pool).await.unwrap();
    assert_eq!(there, [moved]);
    let ids = [known, unknown, later].map(MarketId);
    let archived = periods::archived_markets(&pool, &ids).await.unwrap();
    assert_eq!(ids.map(|id| archived.contains(&id)), [true, true, false]);
}
