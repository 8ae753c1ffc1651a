//! The runbook for a restore from a logical dump does what it says: its SQL is taken from the document and run.

use std::{collections::BTreeMap, sync::Arc};

use loljoa_service_kit::page;
use sqlx::{AssertSqlSafe, PgPool};

use crate::{
    promises,
    support::{App, Cup, TestDatabases, api::Bet, eventually},
};

const DOCUMENT: &str = include_str!("../../../../docs/operations.md");
/// How far transaction ids were on the server that the dump came from.
const THERE: i64 = 1 << 40;

/// The statements of the runbook for one service.
fn runbook(service: &str) -> String {
    let section = DOCUMENT.split("**Restoring from a logical dump.**").nth(1).expect("the runbook is there");
    let block =
        section.split("```sql\n").nth(1).and_then(|rest| rest.split("```").next()).expect("it has SQL");
    let parts: BTreeMap<&str, &str> = block
        .split("-- service: ")
        .skip(1)
        .map(|part| part.split_once('\n').expect("statements follow the service's name"))
        .collect();
    parts[service].to_owned()
}

async fn run(pool: &PgPool, statements: String) {
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(pool).await.unwrap();
}

/// Leaves the databases as a logical dump from a busier server does: all rows are there, with transaction ids that this server
/// has not come to, and so are cursors and what the audits have counted up to them.
async fn as_if_dumped_elsewhere(db: &TestDatabases) {
    let there = |table: &str, column: &str| {
        format!(
            "UPDATE {table} SET {column} = ({column}::text::bigint + {THERE})::text::xid8 WHERE {column} > '0'"
        )
    };
    let account = format!(
        "ALTER TABLE transfers DISABLE TRIGGER USER; {}; ALTER TABLE transfers ENABLE TRIGGER USER; {}",
        there("transfers", "xid"),
        there("audit_cursor", "xid"),
    );
    run(&db.account, account).await;
    let league =
        ["match_revisions", "question_revisions", "questions_followed"].map(|table| there(table, "xid"));
    run(&db.league_schedule, league.join("; ")).await;
    run(&db.betting, format!("{}; {}", there("bets", "changed_xid"), there("audit_cursors", "xid"))).await;
    let cursors: Vec<(String, String)> =
        sqlx::query_as("SELECT consumer, cursor FROM feed_cursors WHERE cursor <> ''")
            .fetch_all(&db.betting)
            .await
            .unwrap();
    assert_eq!(cursors.len(), 2, "both feeds had been read");
    for (consumer, cursor) in cursors {
        let mut position: BTreeMap<String, i64> = page::decode_cursor(&cursor).unwrap().unwrap();
        *position.get_mut("xid").unwrap() += THERE;
        sqlx::query("UPDATE feed_cursors SET cursor = $2 WHERE consumer = $1")
            .bind(consumer)
            .bind(page::encode_cursor(&position))
            .execute(&db.betting)
            .await
            .unwrap();
    }
}

/// Waits until the audit of a running betting has looked at everything, and tells how much it has found.
async fn findings(db: &TestDatabases) -> i64 {
    eventually("the audit", async || {
        let looked: bool = sqlx::query_scalar(
            "SELECT NOT EXISTS (SELECT FROM audit_markets WHERE dirty)
                AND coalesce((SELECT max(changed_xid) FROM bets) = (SELECT xid FROM audit_cursors WHERE name = 'bets'), false)",
        )
        .fetch_one(&db.betting)
        .await
        .unwrap();
        looked.then_some(())
    })
    .await;
    sqlx::query_scalar("SELECT count(*) FROM audit_findings").fetch_one(&db.betting).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_restored_from_a_logical_dump_goes_on_after_its_runbook() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let (open, settled) = (cup.game().await, cup.game().await);
    let faker = app.sign_up("faker").await;
    let stands = faker.bet(&open.winner, "T1", 300).await;
    let cancelled = faker.bet(&open.winner, "T1", 200).await;
    faker.cancel(cancelled.bet_id).await.ok::<Bet>();
    faker.bet(&settled.winner, "GEN", 100).await;
    cup.settle(&settled.winner, "GEN").await;
    promises::all_hold(&app.db).await;
    assert_eq!(findings(&app.db).await, 0);
    eventually("reading the ledger's feed", async || {
        let cursor: String = sqlx::query_scalar("SELECT cursor FROM feed_cursors WHERE consumer = 'ledger'")
            .fetch_one(&app.db.betting)
            .await
            .unwrap();
        (!cursor.is_empty()).then_some(())
    })
    .await;
    let db = Arc::clone(&app.db);
    app.stop().await;

    as_if_dumped_elsewhere(&db).await;
    run(&db.account, runbook("account")).await;
    run(&db.league_schedule, runbook("league-schedule")).await;
    run(&db.betting, runbook("betting")).await;

    // Feeds, settlement and audits go on where they were, and what was read again takes effect once.
    let app = App::again(&db).await;
    let mut cup = Cup::again(&app, 2).await;
    let faker = faker.at(&app.http);
    let later = cup.game().await;
    faker.bet(&later.winner, "GEN", 150).await;
    cup.settle(&open.winner, "T1").await;
    assert_eq!(faker.see(stands.bet_id).await.ok::<Bet>().state, "won");
    promises::all_hold(&app.db).await;
    assert_eq!(findings(&db).await, 0);
    let incidents: i64 =
        sqlx::query_scalar("SELECT count(*) FROM incidents").fetch_one(&db.betting).await.unwrap();
    assert_eq!(incidents, 0, "no feed is ahead of its source");
    eventually("the questions", async || {
        let follow: bool = sqlx::query_scalar(
            "SELECT (xid, seq) = (SELECT xid, seq FROM match_revisions ORDER BY xid DESC, seq DESC LIMIT 1)
             FROM questions_followed",
        )
        .fetch_one(&db.league_schedule)
        .await
        .unwrap();
        follow.then_some(())
    })
    .await;
    app.stop().await;
}
