//! The revisions of matches, as a feed that skips nothing.

use sqlx::PgConnection;

use super::matches::select_matches;
use crate::domain::Match;

/// A place in the feed: the writing transaction, and the order within it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Position {
    xid: u64,
    seq: i64,
}

/// Up to `limit` revisions after `after`, and where to read on.
///
/// Only what lies below the snapshot's xmin is read: every transaction there has ended, so nothing can come to lie
/// before the position later.
///
/// # Errors
///
/// When the database does not answer.
pub async fn after(
    db: &mut PgConnection,
    after: Position,
    limit: i64,
) -> Result<(Vec<Match>, Position), sqlx::Error> {
    let matches = select_matches!(
        "FROM match_revisions
         WHERE (xid, seq) > ($1::text::xid8, $2) AND xid < pg_snapshot_xmin(pg_current_snapshot())
         ORDER BY xid, seq
         LIMIT $3",
        after.xid.to_string(),
        after.seq,
        limit,
    )
    .fetch_all(&mut *db)
    .await?;
    let Some(last) = matches.last() else {
        return Ok((matches, after));
    };
    let position = sqlx::query!(
        r#"SELECT xid::text AS "xid!", seq FROM match_revisions WHERE match_id = $1 AND revision = $2"#,
        last.match_id.0,
        last.revision,
    )
    .fetch_one(db)
    .await?;
    let xid = position.xid.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Ok((matches, Position { xid, seq: position.seq }))
}
