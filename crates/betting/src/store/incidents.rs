//! What needs a person.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use loljoa_service_kit::{IncidentId, MarketId, MatchId, ids};
use sqlx::{PgConnection, PgExecutor};

/// What sort of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum IncidentKind {
    /// A result changed after its market was decided.
    ResultChanged,
    /// The ledger refused a payment.
    TransferRefused,
    /// Bets and ledger do not agree.
    AuditDifference,
    /// The feed of matches said something that cannot be read.
    MatchUnreadable,
    /// A feed was read further than it goes now.
    CursorAhead,
    /// The ledger's feed tells of stakes on a market that another cell of betting opened.
    ForeignStakes,
}

impl IncidentKind {
    /// All of them.
    pub(crate) const ALL: [Self; 6] = [
        Self::ResultChanged,
        Self::TransferRefused,
        Self::AuditDifference,
        Self::MatchUnreadable,
        Self::CursorAhead,
        Self::ForeignStakes,
    ];

    /// The stable name.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ResultChanged => "result_changed",
            Self::TransferRefused => "transfer_refused",
            Self::AuditDifference => "audit_difference",
            Self::MatchUnreadable => "match_unreadable",
            Self::CursorAhead => "cursor_ahead",
            Self::ForeignStakes => "foreign_stakes",
        }
    }
}

/// Something to report.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// What sort of thing.
    pub(crate) kind: IncidentKind,
    /// The match, where one is at issue.
    pub(crate) match_id: Option<MatchId>,
    /// The market, where one is at issue.
    pub(crate) market_id: Option<MarketId>,
    /// What tells this incident from others of its kind: the same subject is reported once.
    pub(crate) subject: String,
    /// For people.
    pub(crate) message: String,
}

impl Report {
    /// The incident's id.
    #[must_use]
    pub(crate) fn id(&self) -> IncidentId {
        IncidentId(ids::derived(&[b"incident", self.kind.as_str().as_bytes(), self.subject.as_bytes()]))
    }
}

/// Reports an incident, and logs it then. While it is open already nothing happens; one that was resolved opens again.
pub(crate) async fn report(db: impl PgExecutor<'_>, report: &Report) -> Result<(), sqlx::Error> {
    write(db, report, false).await
}

/// Reports an incident that has occurred anew, whether or not it is open already.
pub(crate) async fn raise(db: impl PgExecutor<'_>, report: &Report) -> Result<(), sqlx::Error> {
    write(db, report, true).await
}

async fn write(db: impl PgExecutor<'_>, report: &Report, is_new: bool) -> Result<(), sqlx::Error> {
    let id = report.id();
    let written = sqlx::query!(
        "INSERT INTO incidents AS i (incident_id, kind, match_id, market_id, message) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (incident_id) DO UPDATE SET is_open = true, occurrences = i.occurrences + 1,
            occurred_at = clock_timestamp(), message = excluded.message
         WHERE $6 OR NOT i.is_open",
        id as IncidentId,
        report.kind as IncidentKind,
        report.match_id as Option<MatchId>,
        report.market_id as Option<MarketId>,
        report.message,
        is_new,
    )
    .execute(db)
    .await?;
    if written.rows_affected() == 1 {
        tracing::error!(
            event = "incident",
            kind = report.kind.as_str(), incident_id = %id, message = report.message, "incident"
        );
        metrics::counter!("loljoa_incidents_total", "service" => "betting", "kind" => report.kind.as_str())
            .increment(1);
    }
    Ok(())
}

/// That a person has dealt with an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolution {
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// Who.
    pub(crate) by: String,
    /// What was done.
    pub(crate) note: String,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) struct Incident {
    /// Its id.
    pub(crate) incident_id: IncidentId,
    /// In order of reporting.
    pub(crate) seq: i64,
    /// What sort of thing.
    pub(crate) kind: IncidentKind,
    /// The match, where one is at issue.
    pub(crate) match_id: Option<MatchId>,
    /// The market, where one is at issue.
    pub(crate) market_id: Option<MarketId>,
    /// For people.
    pub(crate) message: String,
    /// When it was reported first.
    pub(crate) created_at: DateTime<Utc>,
    /// Whether it still needs a person.
    pub(crate) is_open: bool,
    /// How often it has occurred.
    pub(crate) occurrences: i64,
    /// When it occurred last.
    pub(crate) occurred_at: DateTime<Utc>,
    /// When it was resolved last; it may be open again since.
    pub(crate) resolution: Option<Resolution>,
}

struct Row {
    incident_id: IncidentId,
    seq: i64,
    kind: IncidentKind,
    match_id: Option<MatchId>,
    market_id: Option<MarketId>,
    message: String,
    created_at: DateTime<Utc>,
    is_open: bool,
    occurrences: i64,
    occurred_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
    resolved_by: Option<String>,
    note: Option<String>,
}

impl From<Row> for Incident {
    fn from(row: Row) -> Self {
        let resolution = match (row.resolved_at, row.resolved_by, row.note) {
            (Some(at), Some(by), Some(note)) => Some(Resolution { at, by, note }),
            _ => None,
        };
        Self {
            incident_id: row.incident_id,
            seq: row.seq,
            kind: row.kind,
            match_id: row.match_id,
            market_id: row.market_id,
            message: row.message,
            created_at: row.created_at,
            is_open: row.is_open,
            occurrences: row.occurrences,
            occurred_at: row.occurred_at,
            resolution,
        }
    }
}

/// Incidents before a sequence, newest first; all, or only those that are open or not.
pub(crate) async fn list(
    db: impl PgExecutor<'_>,
    is_open: Option<bool>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Incident>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT incident_id AS "incident_id: _", seq, kind AS "kind: _", match_id AS "match_id: _", market_id AS "market_id: _", message,
            created_at, is_open, occurrences, occurred_at, resolved_at, resolved_by, note
        FROM incidents
        WHERE seq < coalesce($1, 9223372036854775807) AND ($2::boolean IS NULL OR is_open = $2)
        ORDER BY seq DESC LIMIT $3"#,
        before,
        is_open,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Incident::from).collect())
}

/// Resolves an open incident; one that is resolved stays as it is. Answers it as it is then, if there is such a one, and whether
/// it was open.
pub(crate) async fn resolve(
    db: &mut PgConnection,
    incident: IncidentId,
    by: &str,
    note: &str,
) -> Result<(Option<Incident>, bool), sqlx::Error> {
    let resolved = sqlx::query!(
        "UPDATE incidents SET is_open = false, resolved_at = clock_timestamp(), resolved_by = $2, note = $3
         WHERE incident_id = $1 AND is_open",
        incident as IncidentId,
        by,
        note,
    )
    .execute(&mut *db)
    .await?;
    // What an audit finds again opens the incident again.
    sqlx::query!("DELETE FROM audit_findings WHERE incident_id = $1", incident as IncidentId)
        .execute(&mut *db)
        .await?;
    let row = sqlx::query_as!(
        Row,
        r#"SELECT incident_id AS "incident_id: _", seq, kind AS "kind: _", match_id AS "match_id: _", market_id AS "market_id: _", message,
            created_at, is_open, occurrences, occurred_at, resolved_at, resolved_by, note
        FROM incidents WHERE incident_id = $1"#,
        incident as IncidentId,
    )
    .fetch_optional(db)
    .await?;
    Ok((row.map(Incident::from), resolved.rows_affected() > 0))
}

/// How many incidents of each kind are open; kinds without any are left out.
pub(crate) async fn count_open(db: impl PgExecutor<'_>) -> Result<HashMap<String, i64>, sqlx::Error> {
    let rows =
        sqlx::query!(r#"SELECT kind, count(*) AS "count!" FROM incidents WHERE is_open GROUP BY kind"#,)
            .fetch_all(db)
            .await?;
    Ok(rows.into_iter().map(|row| (row.kind, row.count)).collect())
}
