use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, PgPool};

use super::TestDatabases;

/// What the services write by themselves, whatever is asked of them: leases, cursors, where ranks are, what follows from matches, and a
/// moment later how many bets were accepted. The audits' own books are as well, and are named for it.
const HOUSEKEEPING: [&str; 9] = [
    "accepted_bets",
    "feed_cursors",
    "leases",
    "replays",
    "rank_anchors",
    "rank_snapshot",
    "questions",
    "question_revisions",
    "questions_followed",
];
/// A column of the same kind, in whatever table.
const MARK: &str = "questions_stale";
const AUDIT: &str = "audit_";

/// A hash of each table of the three databases.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Checksums(BTreeMap<String, String>);

impl Checksums {
    pub(crate) async fn of(db: &TestDatabases) -> Self {
        let mut all = BTreeMap::new();
        for (service, pool) in db.each() {
            for table in tables(pool).await {
                all.insert(format!("{service}: {table}"), checksum(pool, &table).await);
            }
        }
        Self(all)
    }

    /// The tables that differ.
    pub(crate) fn changed_since(&self, before: &Self) -> Vec<&str> {
        let differs = |table: &&String| self.0.get(*table) != before.0.get(*table);
        self.0.keys().filter(differs).map(String::as_str).collect()
    }
}

async fn tables(pool: &PgPool) -> Vec<String> {
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
            .fetch_all(pool)
            .await
            .unwrap();
    let is_asked_for = |table: &String| !HOUSEKEEPING.contains(&table.as_str()) && !table.starts_with(AUDIT);
    tables.into_iter().filter(is_asked_for).collect()
}

async fn checksum(pool: &PgPool, table: &str) -> String {
    let query = format!(
        "SELECT count(*) || ':' || coalesce(md5(string_agg(line, E'\\n' ORDER BY line)), '')
         FROM {table} t, LATERAL (SELECT (to_jsonb(t) - '{MARK}')::text AS line) l"
    );
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(pool).await.unwrap()
}
