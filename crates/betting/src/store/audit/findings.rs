//! What does not agree. A finding stays until what it is about is found to agree; restarts and leases do not matter to it.

use std::collections::HashMap;

use loljoa_service_kit::{AccountId, BetId, IncidentId, MarketId, OutcomeId, Points};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::books::PositionKey;
use crate::{
    domain::finding::Finding,
    store::incidents::{self, IncidentKind, Report},
};

/// Checks that compare a market with its bets.
const OF_BOOKS: [&str; 5] = ["leader", "market_paid", "market_pool", "outcome", "position"];
/// Checks that compare a bet with the ledger.
const OF_BETS: [&str; 2] = ["closing", "stake"];

/// Keeps a finding, and reports it as an incident once it is confirmed.
pub(crate) async fn keep(db: &mut PgConnection, finding: &Finding) -> Result<(), sqlx::Error> {
    let report = report(finding);
    let confirmed = sqlx::query_scalar!(
        "INSERT INTO audit_findings (check_name, subject, market_id, bet_id, account_id, kind, points, expected, found,
            confirmed, incident_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::bigint = 0, $11)
         ON CONFLICT (check_name, subject) DO UPDATE SET expected = excluded.expected, found = excluded.found,
            confirmed = audit_findings.confirmed
                OR audit_findings.first_seen <= clock_timestamp() - $10::bigint * interval '1 millisecond'
         RETURNING confirmed",
        finding.check,
        finding.subject,
        finding.market_id as Option<MarketId>,
        finding.bet_id as Option<BetId>,
        finding.account_id as Option<AccountId>,
        finding.kind,
        finding.points as Option<Points>,
        finding.expected,
        finding.found,
        finding.patience_ms,
        report.id() as IncidentId,
    )
    .fetch_one(&mut *db)
    .await?;
    if confirmed {
        incidents::report(db, &report).await?;
    }
    Ok(())
}

fn report(finding: &Finding) -> Report {
    Report {
        kind: IncidentKind::AuditDifference,
        match_id: None,
        market_id: finding.market_id,
        subject: format!("{}/{}", finding.subject, finding.check),
        message: finding.message(),
    }
}

/// Replaces what was found of a market's books.
pub(crate) async fn replace_of_market(
    db: &mut PgConnection,
    market: MarketId,
    findings: &[Finding],
) -> Result<(), sqlx::Error> {
    let subjects: Vec<_> =
        findings.iter().map(|finding| format!("{}/{}", finding.check, finding.subject)).collect();
    sqlx::query!(
        "DELETE FROM audit_findings
         WHERE market_id = $1 AND check_name = ANY ($2) AND check_name || '/' || subject <> ALL ($3)",
        market as MarketId,
        &OF_BOOKS.map(str::to_owned),
        &subjects,
    )
    .execute(&mut *db)
    .await?;
    for finding in findings {
        keep(db, finding).await?;
    }
    Ok(())
}

/// Replaces what was found of these bets in the ledger.
pub(crate) async fn replace_of_bets(
    db: &mut PgConnection,
    bets: &[BetId],
    findings: &[Finding],
) -> Result<(), sqlx::Error> {
    let subjects: Vec<_> =
        findings.iter().map(|finding| format!("{}/{}", finding.check, finding.subject)).collect();
    sqlx::query!(
        "DELETE FROM audit_findings
         WHERE bet_id = ANY ($1) AND check_name = ANY ($2) AND check_name || '/' || subject <> ALL ($3)",
        bets as &[BetId],
        &OF_BETS.map(str::to_owned),
        &subjects,
    )
    .execute(&mut *db)
    .await?;
    for finding in findings {
        keep(db, finding).await?;
    }
    Ok(())
}

/// Forgets a finding.
pub(crate) async fn forget(db: impl PgExecutor<'_>, check: &str, subject: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM audit_findings WHERE check_name = $1 AND subject = $2", check, subject)
        .execute(db)
        .await?;
    Ok(())
}

/// The bets of which something was found, oldest findings first.
pub(crate) async fn bets(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<BetId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT bet_id AS "id!: BetId" FROM audit_findings WHERE bet_id IS NOT NULL AND check_name = ANY ($1)
        GROUP BY bet_id ORDER BY min(first_seen) LIMIT $2"#,
        &OF_BETS.map(str::to_owned),
        limit,
    )
    .fetch_all(db)
    .await
}

/// The markets and positions of whose books something was found.
pub(crate) async fn books(
    db: impl PgExecutor<'_>,
    limit: i64,
) -> Result<HashMap<MarketId, Vec<PositionKey>>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT market_id AS "market!: MarketId", check_name, subject FROM audit_findings
        WHERE market_id IS NOT NULL AND check_name = ANY ($1) ORDER BY first_seen LIMIT $2"#,
        &OF_BOOKS.map(str::to_owned),
        limit,
    )
    .fetch_all(db)
    .await?;
    let mut books: HashMap<_, Vec<PositionKey>> = HashMap::new();
    for row in rows {
        let positions = books.entry(row.market).or_default();
        if row.check_name == "position" {
            positions.extend(position(&row.subject));
        }
    }
    Ok(books)
}

fn position(subject: &str) -> Option<PositionKey> {
    let (outcome, account) = subject.split_once('/')?;
    Some((OutcomeId(Uuid::parse_str(outcome).ok()?), AccountId(Uuid::parse_str(account).ok()?)))
}

/// Transfers that did not follow from their bets when they were read, oldest first.
pub(crate) async fn transfers(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<Finding>, sqlx::Error> {
    sqlx::query_as!(
        Finding,
        r#"SELECT check_name AS "check: _", subject, market_id AS "market_id: _", bet_id AS "bet_id: _",
            account_id AS "account_id: _", kind, points AS "points: _", expected, found, 0::bigint AS "patience_ms!"
        FROM audit_findings WHERE check_name = 'transfer' AND kind IS NOT NULL ORDER BY first_seen LIMIT $1"#,
        limit,
    )
    .fetch_all(db)
    .await
}

/// How many confirmed findings there are of each check that has any.
pub(crate) async fn counts(db: impl PgExecutor<'_>) -> Result<HashMap<String, i64>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT check_name, count(*) AS "count!" FROM audit_findings WHERE confirmed GROUP BY check_name"#,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.check_name, row.count)).collect())
}
