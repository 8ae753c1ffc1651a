//! What a period came to, and what stands in the way of taking it away.

use super::*;

#[sqlx::test]
async fn balances_and_audits_are_the_same_before_and_after(pool: PgPool) {
    let ledger = Ledger::new(&pool).await;
    let (market, next) = (MarketId::fresh(), MarketId::fresh());
    let lost = ledger.loses(0, market).await;
    // Bets that end in the next period, each in another way.
    let (paid, counted, cancelled) =
        (ledger.stake(1, market).await, ledger.stake(1, market).await, ledger.stake(2, market).await);
    ledger.applies(&[closing(&counted, Kind::Payout, 100)]).await;
    let archived = ledger.ends().await;
    ledger.applies(&[closing(&paid, Kind::Payout, 200), closing(&cancelled, Kind::Cancel, 100)]).await;
    ledger.records(&paid, 200).await;
    ledger.records(&counted, 100).await;
    let correction =
        Transfer { id: lost.bet.unwrap().correction_transfer(), ..closing(&lost, Kind::Correction, 30) };
    ledger.applies(&[correction]).await;
    let open = ledger.stake(0, next).await;
    let (seen, folded) = (ledger.seen().await, ledger.folded().await);
    ledger.is_clean().await;

    let mut counted = 0;
    archive(&pool, archived, |more| counted += more).await.unwrap();
    assert_eq!(counted, 3 + 4 + 1 + 1, "grants, stakes, a payout, a result");
    assert_eq!(rows(&pool, archived).await, 0);
    assert_eq!(ledger.seen().await, seen);
    ledger.is_clean().await;
    let report = audit::full(&pool).await.unwrap();
    assert_eq!((report.transfers, report.results), (4, 2), "the rest is in the sums");
    assert_eq!(ledger.folded().await, folded);
    sqlx::raw_sql(FORGET).execute(&pool).await.unwrap();
    assert_eq!(ledger.folded().await, folded, "counted once more, from the sums on");

    // The ledger goes on, and what is changed behind its back is found by both audits.
    ledger.applies(&[closing(&open, Kind::Void, 100)]).await;
    ledger.loses(2, next).await;
    ledger.is_clean().await;
    let mut theft = pool.acquire().await.unwrap();
    execute(
        &mut theft,
        "UPDATE user_balances SET balance = balance - 1, staked = staked + 1, profit = profit + 1",
    )
    .await;
    assert_eq!(audit::full(&pool).await.unwrap().differences.len(), 9);
    archive(&pool, archived, |_| panic!("it is done")).await.unwrap();
}

#[sqlx::test]
async fn of_two_archived_periods_the_sums_add_up(pool: PgPool) {
    let ledger = Ledger::new(&pool).await;
    let market = MarketId::fresh();
    ledger.loses(0, market).await;
    let late = ledger.stake(1, market).await;
    let first = ledger.ends().await;
    ledger.applies(&[closing(&late, Kind::Payout, 200)]).await;
    ledger.records(&late, 200).await;
    let second = ledger.ends().await;
    ledger.loses(2, MarketId::fresh()).await;
    let (seen, folded) = (ledger.seen().await, ledger.folded().await);
    let refused = obstacles(&pool, second, &[]).await.unwrap();
    assert_eq!(refused, ["an earlier period is not archived yet"]);
    for period in [first, second] {
        archive(&pool, period, |_| ()).await.unwrap();
        ledger.is_clean().await;
    }
    sqlx::raw_sql(FORGET).execute(&pool).await.unwrap();
    assert_eq!((ledger.seen().await, ledger.folded().await), (seen, folded));
    let listed = list(&pool).await.unwrap();
    let listed: Vec<_> = listed.iter().map(|it| (it.period, it.rows, it.archived_at.is_some())).collect();
    assert_eq!(listed, [(first, 6, true), (second, 2, true), (second + 1, 2, false)]);
}

#[sqlx::test]
async fn it_is_refused_until_everything_in_it_has_ended(pool: PgPool) {
    let ledger = Ledger::new(&pool).await;
    let stakes = [ledger.stake(0, MarketId::fresh()).await, ledger.stake(1, MarketId::fresh()).await];
    let period = periods::current(&pool).await.unwrap();
    let why = async || {
        count(&pool, period, |_| ()).await.unwrap();
        let refused = archive(&pool, period, |_| ()).await.unwrap_err();
        let obstacles = obstacles(&pool, period, &[]).await.unwrap();
        assert_eq!(
            (refused.reason.as_str(), refused.message),
            ("period_not_archivable", obstacles.join("; "))
        );
        obstacles
    };
    assert_eq!(why().await, ["it has not ended"]);
    assert_eq!(obstacles(&pool, 1999, &[]).await.unwrap(), ["there is no period 1999"]);
    turn::catch_up(&pool, period + 1).await.unwrap();
    let young = "it ended less than two days ago, and grants of its last day may come again";
    let unaudited = "the continuous audit has not seen all of it";
    let open = |stakes| format!("{stakes} of its stakes have no end yet");
    assert_eq!(why().await, [young, unaudited, &open(2)]);
    sqlx::raw_sql(
        "UPDATE periods SET began_at = began_at - interval '3 days', ended_at = ended_at - interval '3 days'",
    )
    .execute(&pool)
    .await
    .unwrap();
    ledger.audited(period).await;
    assert_eq!(why().await, [open(2)]);

    // A payout is no end without its result, and no result that something is to be paid for without the payout.
    ledger.applies(&[closing(&stakes[0], Kind::Payout, 100)]).await;
    ledger.records(&stakes[1], 50).await;
    assert_eq!(why().await, [open(2)]);
    ledger.records(&stakes[0], 100).await;
    assert_eq!(why().await, [open(1)]);
    sqlx::raw_sql("INSERT INTO audit_balances VALUES (gen_random_uuid(), 0, false, 3)")
        .execute(&pool)
        .await
        .unwrap();
    ledger.applies(&[closing(&stakes[1], Kind::Payout, 50)]).await;
    assert_eq!(why().await, ["the continuous audit knows of 1 differences"]);
    assert_eq!(rows(&pool, period).await, 5, "nothing is taken away");
    sqlx::raw_sql("DELETE FROM audit_balances WHERE difference <> 0").execute(&pool).await.unwrap();
    archive(&pool, period, |_| ()).await.unwrap();
    assert!(obstacles(&pool, period, &[]).await.unwrap().is_empty(), "it is done");
}

/// What is counted, from the rows themselves.
async fn sums(pool: &PgPool, period: i32) -> Vec<(Uuid, i64, i64, i64)> {
    sqlx::query_as(
        "SELECT id, sum(balance)::bigint, sum(staked)::bigint, sum(profit)::bigint FROM (
            SELECT account_id AS id, balance_change(kind, points) AS balance, staked_change(kind, points) AS staked,
                profit_change(kind, points) AS profit FROM transfers WHERE period = $1
            UNION ALL
            SELECT counterpart(kind, market_id), -balance_change(kind, points), 0, 0 FROM transfers WHERE period = $1
            UNION ALL
            SELECT account_id, 0, -staked, paid - staked FROM bet_results WHERE period = $1
        ) sides GROUP BY id ORDER BY id",
    )
    .bind(period)
    .fetch_all(pool)
    .await
    .unwrap()
}

#[sqlx::test]
async fn a_count_that_is_killed_goes_on_where_it_was_also_with_another_beside_it(pool: PgPool) {
    let ledger = Ledger::new(&pool).await;
    let market = MarketId::fresh();
    for place in [0, 1, 2, 1, 0] {
        ledger.loses(place, market).await;
    }
    let open = ledger.stake(2, market).await;
    let period = ledger.ends().await;
    ledger.applies(&[closing(&open, Kind::Void, 100)]).await;
    ledger.audited(period).await;
    let expected = sums(&pool, period).await;

    // Killed inside a page: what it has counted is rolled back with where it was.
    count::begin(&pool, period).await.unwrap();
    assert_eq!(count_some(&pool, period, 2).await.unwrap(), Some(2));
    let mut killed = postgres::begin(&pool).await.unwrap();
    let counted = count::hold(&mut killed, period).await.unwrap().unwrap();
    assert_eq!(count::transfers(&mut killed, period, counted.transfers, 3).await.unwrap(), 3);
    // Two at once: each row is counted by one of them.
    let (mut one, mut other) = (0, 0);
    let (first, second, ()) = tokio::join!(
        count_by(&pool, period, 2, |more| one += more),
        count_by(&pool, period, 3, |more| other += more),
        async { killed.rollback().await.unwrap() },
    );
    first.unwrap();
    second.unwrap();
    assert_eq!(2 + one + other, 9 + 5);
    let counted: Vec<(Uuid, i64, i64, i64)> =
        sqlx::query_as("SELECT id, balance, staked, profit FROM period_sums WHERE period = $1 ORDER BY id")
            .bind(period)
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(counted, expected);
    let carried: Vec<Uuid> =
        sqlx::query_scalar("SELECT transfer_id FROM period_stakes").fetch_all(&pool).await.unwrap();
    assert_eq!(carried, [open.id.0]);
    assert_eq!(markets(&pool, period, None, 10).await.unwrap(), [market]);
    ledger.is_clean().await;
    archive(&pool, period, |_| ()).await.unwrap();
    ledger.is_clean().await;
}
