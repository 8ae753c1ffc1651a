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
         WHERE (xid, seq) > ((SELECT $1::text::xid8), $2)
            AND xid < pg_snapshot_xmin(pg_current_snapshot())
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

/// How a reader stands to the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether there is a revision where it says it has read to.
    pub known: bool,
    /// The age of the oldest revision that it will not have read; 0 when there is none. Milliseconds.
    pub lag_ms: i64,
}

/// How a reader that came from `from` and goes on at `next` stands. Looks at what is committed, also above the watermark.
///
/// # Errors
///
/// When the database does not answer.
pub async fn standing(
    db: &mut PgConnection,
    from: Position,
    next: Position,
) -> Result<Standing, sqlx::Error> {
    sqlx::query_as!(
        Standing,
        r#"SELECT EXISTS (SELECT FROM match_revisions WHERE (xid, seq) = ($1::text::xid8, $2)) AS "known!",
            coalesce((
                SELECT greatest(extract(epoch FROM clock_timestamp() - recorded_at) * 1000, 1)::bigint
                FROM match_revisions WHERE (xid, seq) > ((SELECT $3::text::xid8), $4) ORDER BY xid, seq LIMIT 1
            ), 0) AS "lag_ms!""#,
        from.xid.to_string(),
        from.seq,
        next.xid.to_string(),
        next.seq,
    )
    .fetch_one(db)
    .await
}
