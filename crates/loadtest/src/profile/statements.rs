//! What every statement costs, as PostgreSQL counts it (`pg_stat_statements`).

use sqlx::{FromRow, PgPool};

/// So much of a statement is shown.
const SHOWN: usize = 110;
/// And so much of its columns, if it has more to show.
const COLUMNS: usize = 50;
const FROM: &str = " FROM ";

const KNOWN: &str = "\
SELECT d.datname::text AS database, s.toplevel AS is_asked, s.query, sum(s.calls)::bigint AS calls, sum(s.total_exec_time) AS milliseconds,
    sum(s.rows)::bigint AS rows, sum(s.wal_bytes)::bigint AS wal_bytes
FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
WHERE d.datname <> 'postgres'
GROUP BY d.datname, s.toplevel, s.query
ORDER BY milliseconds DESC";

/// What one statement has cost.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Statement {
    /// Where.
    pub database: String,
    /// Whether a service has asked for it; otherwise a function has, and what asked for that has its time as well.
    pub is_asked: bool,
    /// Its text, with `$1` in the place of what differs.
    pub query: String,
    /// How often.
    pub calls: i64,
    /// How long in all, without the commit.
    pub milliseconds: f64,
    /// Rows that it gave or changed.
    pub rows: i64,
    /// What it wrote to the log.
    pub wal_bytes: i64,
}

/// Begins to count anew.
pub(super) async fn forget(pool: &PgPool) -> anyhow::Result<()> {
    sqlx::query("CREATE EXTENSION IF NOT EXISTS pg_stat_statements").execute(pool).await?;
    sqlx::query("SELECT pg_stat_statements_reset()").execute(pool).await?;
    Ok(())
}

/// All since, the costliest first.
pub(super) async fn known(pool: &PgPool) -> anyhow::Result<Vec<Statement>> {
    Ok(sqlx::query_as(KNOWN).fetch_all(pool).await?)
}

/// The header and the rows of the first `most` of them.
#[must_use]
pub fn of_statements(statements: &[Statement], most: usize) -> (Vec<String>, Vec<Vec<String>>) {
    let header = ["statement", "database", "asked by", "calls", "ms", "ms/call", "share", "rows", "WAL KiB"];
    let whole: f64 = statements.iter().filter(|one| one.is_asked).map(|one| one.milliseconds).sum();
    let row = |one: &Statement| {
        vec![
            shortened(&one.query),
            one.database.clone(),
            if one.is_asked { "service" } else { "function" }.to_owned(),
            one.calls.to_string(),
            format!("{:.0}", one.milliseconds),
            format!("{:.3}", one.milliseconds / number(one.calls.max(1))),
            if whole > 0.0 { format!("{:.1} %", one.milliseconds / whole * 100.0) } else { "–".to_owned() },
            one.rows.to_string(),
            (one.wal_bytes >> 10).to_string(),
        ]
    };
    (header.map(str::to_owned).into(), statements.iter().take(most).map(row).collect())
}

/// On one line, and no longer than a line; rather without all columns than without the table.
fn shortened(query: &str) -> String {
    let line = query.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.find(FROM) {
        Some(from) if from > COLUMNS && line.chars().count() > SHOWN => {
            cut(&format!("{}{}", cut(&line[..from], COLUMNS), &line[from..]), SHOWN)
        }
        _ => cut(&line, SHOWN),
    }
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

#[expect(clippy::cast_precision_loss, reason = "what is counted here a double counts exactly")]
const fn number(count: i64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(query: &str, is_asked: bool, milliseconds: f64) -> Statement {
        let database = "betting".to_owned();
        Statement {
            database,
            is_asked,
            query: query.into(),
            calls: 4,
            milliseconds,
            rows: 8,
            wal_bytes: 4_096,
        }
    }

    #[test]
    fn shares_are_of_what_services_asked_for_and_functions_have_theirs_within() {
        let all = [
            statement("SELECT record($1)", true, 75.0),
            statement("INSERT\n    INTO bets", false, 50.0),
            statement("SELECT 1", true, 25.0),
        ];
        let (header, rows) = of_statements(&all, 2);
        let column = header.iter().position(|name| name == "share").unwrap();
        assert_eq!(rows.iter().map(|row| row[column].as_str()).collect::<Vec<_>>(), ["75.0 %", "50.0 %"]);
        assert_eq!(rows[1][..6], ["INSERT INTO bets", "betting", "function", "4", "50", "12.500"]);
        assert_eq!(rows[0].len(), header.len());
    }

    #[test]
    fn a_long_statement_is_cut() {
        let long = shortened(&"SELECT ö ".repeat(40));
        assert_eq!((long.chars().count(), long.ends_with('…')), (SHOWN, true));
        let columns = shortened(&format!("SELECT {} FROM record_new_bets($1)", "ö, ".repeat(40)));
        assert!(columns.ends_with("… FROM record_new_bets($1)"), "{columns}");
        assert_eq!(of_statements(&[], 3).1, Vec::<Vec<String>>::new());
    }
}
