//! What needs a person.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{MarketId, MatchId, ids};
use sqlx::PgExecutor;
use uuid::Uuid;

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
    /// A feed was read further than it goes now.
    CursorAhead,
}

impl IncidentKind {
    /// The stable name.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ResultChanged => "result_changed",
            Self::TransferRefused => "transfer_refused",
            Self::AuditDifference => "audit_difference",
            Self::CursorAhead => "cursor_ahead",
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
    pub(crate) fn id(&self) -> Uuid {
        ids::derived(&[b"incident", self.kind.as_str().as_bytes(), self.subject.as_bytes()])
    }
}

/// Reports an incident once, and logs it then.
pub(crate) async fn report(db: impl PgExecutor<'_>, report: &Report) -> Result<(), sqlx::Error> {
    let id = report.id();
    let inserted = sqlx::query!(
        "INSERT INTO incidents (incident_id, kind, match_id, market_id, message) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (incident_id) DO NOTHING",
        id,
        report.kind as IncidentKind,
        report.match_id as Option<MatchId>,
        report.market_id as Option<MarketId>,
        report.message,
    )
    .execute(db)
    .await?;
    if inserted.rows_affected() == 1 {
        tracing::error!(kind = report.kind.as_str(), incident_id = %id, message = report.message, "incident");
        metrics::counter!("loljoa_incidents_total", "service" => "betting", "kind" => report.kind.as_str())
            .increment(1);
    }
    Ok(())
}

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) struct Incident {
    /// Its id.
    pub(crate) incident_id: Uuid,
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
    /// When it was reported.
    pub(crate) created_at: DateTime<Utc>,
}

/// Incidents before a sequence, newest first.
pub(crate) async fn list(
    db: impl PgExecutor<'_>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Incident>, sqlx::Error> {
    sqlx::query_as!(
        Incident,
        r#"SELECT incident_id, seq, kind AS "kind: _", match_id AS "match_id: _", market_id AS "market_id: _", message,
            created_at
        FROM incidents WHERE seq < coalesce($1, 9223372036854775807) ORDER BY seq DESC LIMIT $2"#,
        before,
        limit,
    )
    .fetch_all(db)
    .await
}
