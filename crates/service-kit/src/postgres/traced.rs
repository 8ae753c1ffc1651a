//! Statements in traces.

use sqlx::PgPool;
use tracing::{Instrument, Span, field::Empty, info_span};

use crate::telemetry;

/// Runs a statement, or a few that belong together, in a span of its own, as OpenTelemetry describes calls of a database. Nothing
/// outside of a trace that is kept, so that it begins none.
///
/// `summary` is the span's name: what is done to what, such as `SELECT record_bets`.
///
/// # Errors
///
/// Those of `work`.
pub async fn traced<T>(
    pool: &PgPool,
    summary: &'static str,
    work: impl Future<Output = sqlx::Result<T>>,
) -> sqlx::Result<T> {
    if !telemetry::is_within_trace() {
        return work.await;
    }
    let span = span(pool, summary);
    let result = work.instrument(span.clone()).await;
    if let Err(error) = &result {
        fail(&span, error);
    }
    result
}

fn span(pool: &PgPool, summary: &'static str) -> Span {
    let options = pool.connect_options();
    let operation = summary.split(' ').next().unwrap_or(summary);
    info_span!(
        "sql",
        otel.name = summary,
        otel.kind = "client",
        db.system.name = "postgresql",
        db.namespace = options.get_database(),
        db.operation.name = operation,
        db.query.summary = summary,
        server.address = options.get_host(),
        server.port = options.get_port(),
        db.response.status_code = Empty,
        "error.type" = Empty,
        otel.status_code = Empty,
    )
}

/// Only the error's code: its text may hold what was written.
fn fail(span: &Span, error: &sqlx::Error) {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    if let Some(code) = &code {
        span.record("db.response.status_code", &**code);
    }
    let kind = code.as_deref().unwrap_or(match error {
        sqlx::Error::PoolTimedOut => "pool_timed_out",
        sqlx::Error::Io(_) => "io",
        _ => "_OTHER",
    });
    span.record("error.type", kind).record("otel.status_code", "ERROR");
}
