//! Whether statements that were prepared can be relied on.

use sqlx::PgConnection;

/// Tells under which name the server knows this very statement, which is the only one with these words in it.
const OWN_NAME: &str =
    "SELECT name FROM pg_prepared_statements WHERE statement LIKE '%the name of this very statement%'
    ORDER BY prepare_time DESC LIMIT 1";
/// How sqlx names the statements of every connection, counting from one.
const OURS: &str = "sqlx_s_";
/// PostgreSQL's codes for a prepared statement that is not there, and for one whose name is taken.
const MIXED_UP: [&str; 2] = ["26000", "42P05"];

/// Whether a pooler keeps the prepared statements of its clients apart. One that passes their names on does not: in transaction
/// mode a statement is then not found, or another client's of the same name is run instead.
///
/// To be asked first of all on a connection, so that whatever is mixed up meanwhile is this harmless question.
///
/// # Errors
///
/// When there is no answer.
pub(super) async fn are_kept(connection: &mut PgConnection) -> sqlx::Result<bool> {
    match sqlx::query_scalar::<_, String>(OWN_NAME).fetch_optional(connection).await {
        Ok(name) => Ok(name.is_some_and(|name| !name.starts_with(OURS))),
        Err(sqlx::Error::Database(error))
            if MIXED_UP.contains(&error.code().unwrap_or_default().as_ref()) =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
