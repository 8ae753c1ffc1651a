//! A year of both services that is archived while bets go on.

use std::process::Output;

use loljoa_service_kit::ids;
use reqwest::StatusCode;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::process::Command;

use crate::{
    promises,
    support::{App, Cup, TestDatabases, api::Market, eventually, plant},
};

/// Begins the period that is `years` on, and puts it all some days back.
async fn turn(pool: &PgPool, years: i32) {
    eventually("the turn of the year", async || {
        let turned = "SELECT begin_period(period + $1) FROM periods WHERE ended_at IS NULL";
        let turning = sqlx::query_scalar::<_, bool>(turned).bind(years).fetch_one(pool);
        turning.await.ok().filter(|turned| *turned)
    })
    .await;
    let back =
        "UPDATE periods SET began_at = began_at - interval '9 days', ended_at = ended_at - interval '9 days'";
    sqlx::query(back).execute(pool).await.unwrap();
}

/// Makes what a later year needs with this function of the service, as its upkeep does ahead of time.
async fn prepare(pool: &PgPool, function: &str, years: i32) {
    let prepare = format!("SELECT {function}(period + $1) FROM periods WHERE ended_at IS NULL");
    eventually("the partitions of a year", async || {
        sqlx::query(AssertSqlSafe(prepare.clone())).bind(years).execute(pool).await.ok()
    })
    .await;
}

/// `loljoa admin periods …` over the story's databases.
async fn periods(db: &TestDatabases, arguments: &[&str]) -> (bool, String) {
    let [account, _, betting] = db.urls();
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_loljoa"))
        .args(["admin", "periods"])
        .args(arguments)
        .envs([("LOLJOA_ACCOUNT_DATABASE", account), ("LOLJOA_BETTING_DATABASE", betting)])
        .output()
        .await
        .unwrap();
    (status.success(), String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap())
}

/// Archives a year as soon as the audits have seen all of it, and gives what was said.
async fn archive(db: &TestDatabases, year: &str) -> String {
    eventually("archiving", async || {
        let (done, said) = periods(db, &["archive", year, "--yes", "--no-progress"]).await;
        assert!(said.contains("difference 0"), "{said}");
        done.then_some(said)
    })
    .await
}

async fn rows(pool: &PgPool, count: &'static str) -> i64 {
    sqlx::query_scalar(count).fetch_one(pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_is_archived_and_every_point_is_still_accounted_for() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let (over, across) = (cup.game().await, cup.game().await);
    let (faker, chovy) = (app.sign_up("faker").await, app.sign_up("chovy").await);
    let key = ids::fresh();
    faker.try_bet(key, &over.winner, "T1", 300).await.ok::<serde_json::Value>();
    chovy.bet(&over.winner, "GEN", 200).await;
    let cancelled = chovy.bet(&across.winner, "GEN", 150).await;
    let old = chovy.bet(&across.winner, "GEN", 100).await;
    cup.settle(&over.winner, "T1").await;
    promises::all_hold(&app.db).await;
    let year = rows(&app.db.account, "SELECT period::bigint FROM periods").await.to_string();
    turn(&app.db.account, 1).await;
    turn(&app.db.betting, 1).await;

    // Bets on a market of the old year go on in the new one.
    faker.bet(&across.winner, "T1", 250).await;
    chovy.cancel(cancelled.bet_id).await.ok::<serde_json::Value>();
    let next = cup.game().await;
    faker.bet(&next.winner, "T1", 100).await;
    promises::all_hold(&app.db).await;
    let (possible, said) = periods(&app.db, &["archive", &year, "--yes"]).await;
    assert!(!possible, "{said}");
    assert!(
        said.contains("betting: not final") && said.contains("ledger: 1 of its stakes have no end yet"),
        "{said}"
    );
    cup.settle(&across.winner, "T1").await;
    for game in [&over, &across] {
        for market in [&game.score, &game.sets] {
            cup.admin().void(market.market_id).await.ok::<Market>();
            cup.until(market, "void").await;
        }
    }
    promises::all_hold(&app.db).await;
    let (before, seen) = (faker.me().await, cup.look(&across.winner).await);

    periods(&app.db, &["archive", &year]).await;
    let archived = "SELECT count(*) FROM periods WHERE archived_at IS NOT NULL";
    assert_eq!(
        rows(&app.db.account, archived).await + rows(&app.db.betting, archived).await,
        0,
        "unless told to"
    );
    let said = archive(&app.db, &year).await;
    assert!(said.contains(&format!("{year} is archived")), "{said}");
    let (clean, said) = promises::audit(&app.db).await;
    assert!(clean, "{said}");
    let after = faker.me().await;
    assert_eq!(
        (after.points, after.staked, after.profit, after.rank),
        (before.points, before.staked, before.profit, before.rank)
    );
    assert_eq!(cup.look(&across.winner).await.pool, seen.pool, "the page shows what it was");
    assert_eq!(rows(&app.db.betting, "SELECT count(*) FROM bets").await, 1, "that of the new year");
    for (pool, kept) in [(&app.db.account, 2), (&app.db.betting, 1)] {
        assert_eq!(rows(pool, "SELECT count(*) FROM pg_tables WHERE schemaname = 'archive'").await, kept);
    }
    let (_, listed) = periods(&app.db, &[]).await;
    assert!(listed.contains("archived") && listed.contains("current"), "{listed}");

    // Nothing of it comes again, and everything else goes on.
    let again = faker.try_bet(key, &over.winner, "T1", 300).await;
    assert_eq!(again.status, StatusCode::CONFLICT.as_u16());
    assert_eq!(chovy.see(old.bet_id).await.status, 404);
    chovy.bet(&next.winner, "GEN", 100).await;
    cup.settle(&next.winner, "T1").await;
    assert_eq!(faker.me().await.points, before.points + 200);
    let (clean, said) = promises::audit(&app.db).await;
    assert!(clean, "{said}");
    archive(&app.db, &year).await;

    // A point that is left where no bets are any more is found.
    plant(&app.db.account, "system_balances SET balance = balance", "ledger_id", across.winner.market_id, 1)
        .await;
    let (clean, said) = promises::audit(&app.db).await;
    assert!(!clean && said.contains("archived_market"), "{said}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_whose_year_was_turned_late_waits_for_its_last_bets() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let faker = app.sign_up("faker").await;
    let old = cup.game().await;
    faker.bet(&old.winner, "T1", 100).await;
    let first = rows(&app.db.account, "SELECT period::bigint FROM periods").await;
    let [year, next, after] = [0, 1, 2].map(|years| (first + years).to_string());
    turn(&app.db.betting, 1).await;
    let late = cup.game().await;
    faker.bet(&late.winner, "T1", 200).await;
    turn(&app.db.account, 1).await;
    for game in [&old, &late] {
        cup.settle(&game.winner, "T1").await;
        for market in [&game.score, &game.sets] {
            cup.admin().void(market.market_id).await.ok::<Market>();
            cup.until(market, "void").await;
        }
    }
    // Betting does not run in the year after the next, the ledger does.
    prepare(&app.db.betting, "add_bets_partition", 2).await;
    turn(&app.db.betting, 2).await;
    for years in [1, 2] {
        prepare(&app.db.account, "prepare_period", years).await;
    }
    turn(&app.db.account, 1).await;
    turn(&app.db.account, 1).await;
    promises::all_hold(&app.db).await;

    let (_, listed) = periods(&app.db, &["--json"]).await;
    let listed: Vec<serde_json::Value> = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed.len(), 7, "{listed:?}");
    let (possible, said) = periods(&app.db, &["archive", "1999"]).await;
    assert!(!possible && said.contains("there is no year 1999"), "{said}");
    let (possible, said) = periods(&app.db, &["archive", &next]).await;
    assert!(!possible && said.contains("comes first"), "{said}");

    let waits = format!("the ledger's {year} waits: betting still has the bets of 1 of its markets");
    for confirmed in [false, true] {
        let said = eventually("a year that is over", async || {
            let yes = if confirmed { "--yes" } else { "--no-progress" };
            let (possible, said) = periods(&app.db, &["archive", &year, yes]).await;
            possible.then_some(said)
        })
        .await;
        assert!(said.contains(&waits), "{said}");
    }
    let archived = "SELECT count(*) FROM periods WHERE archived_at IS NOT NULL";
    assert_eq!((rows(&app.db.account, archived).await, rows(&app.db.betting, archived).await), (0, 1));
    let (clean, said) = promises::audit(&app.db).await;
    assert!(clean, "{said}");

    // The next one takes along what waited, and the one after is the ledger's alone.
    for (year, ledgers, bettings) in [(&next, 2, 2), (&after, 3, 2)] {
        archive(&app.db, year).await;
        let both = (rows(&app.db.account, archived).await, rows(&app.db.betting, archived).await);
        assert_eq!(both, (ledgers, bettings), "{year}");
        let (clean, said) = promises::audit(&app.db).await;
        assert!(clean, "{said}");
    }
    assert_eq!(faker.me().await.points, 1_500, "who bets alone wins the own stake");
    app.stop().await;
}
