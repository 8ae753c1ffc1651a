//! The revisions of matches and of questions, each a feed that skips nothing.

use sqlx::PgConnection;

use super::{matches::select_matches, questions::select_questions};
use crate::domain::{Match, Question};

/// A place in a feed: the writing transaction, and the order within it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Position {
    pub(super) xid: u64,
    pub(super) seq: i64,
}

impl Position {
    pub(super) fn new(xid: &str, seq: i64) -> Result<Self, sqlx::Error> {
        let xid = xid.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        Ok(Self { xid, seq })
    }
}

/// How a reader stands to a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether there is a revision where it says it has read to.
    pub known: bool,
    /// The age of the oldest revision that it will not have read; 0 when there is none. Milliseconds.
    pub lag_ms: i64,
}

/// What has a feed of its revisions.
pub trait Revised: Sized + Send {
    /// Up to `limit` revisions after `after`, and where to read on.
    ///
    /// Only what lies below the snapshot's xmin is read: every transaction there has ended, so nothing can come to lie
    /// before the position later.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    fn after(
        db: &mut PgConnection,
        after: Position,
        limit: i64,
    ) -> impl Future<Output = Result<(Vec<Self>, Position), sqlx::Error>> + Send;

    /// How a reader that came from `from` and goes on at `next` stands. Looks at what is committed, also above the watermark.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    fn standing(
        db: &mut PgConnection,
        from: Position,
        next: Position,
    ) -> impl Future<Output = Result<Standing, sqlx::Error>> + Send;
}

/// The feed of a table of revisions, whose rows this macro selects and this column names.
macro_rules! revised {
    ($item:ty, $select:ident, $revisions:tt, $id:ident, $column:tt) => {
        impl Revised for $item {
            async fn after(
                db: &mut PgConnection,
                after: Position,
                limit: i64,
            ) -> Result<(Vec<Self>, Position), sqlx::Error> {
                let found = $select!(
                    "FROM " + $revisions +
                    " WHERE (xid, seq) > ((SELECT $1::text::xid8), $2)
                        AND xid < pg_snapshot_xmin(pg_current_snapshot())
                     ORDER BY xid, seq
                     LIMIT $3",
                    after.xid.to_string(),
                    after.seq,
                    limit,
                )
                .fetch_all(&mut *db)
                .await?;
                let Some(last) = found.last() else {
                    return Ok((found, after));
                };
                let position = sqlx::query!(
                    "SELECT xid::text AS \"xid!\", seq FROM " + $revisions
                        + " WHERE " + $column + " = $1 AND revision = $2",
                    last.$id.0,
                    last.revision,
                )
                .fetch_one(db)
                .await?;
                Ok((found, Position::new(&position.xid, position.seq)?))
            }

            async fn standing(
                db: &mut PgConnection,
                from: Position,
                next: Position,
            ) -> Result<Standing, sqlx::Error> {
                sqlx::query_as!(
                    Standing,
                    "SELECT EXISTS (
                         SELECT FROM " + $revisions + " WHERE (xid, seq) = ($1::text::xid8, $2)
                     ) AS \"known!\",
                     coalesce((
                         SELECT greatest(extract(epoch FROM clock_timestamp() - recorded_at) * 1000, 1)::bigint
                         FROM " + $revisions + " WHERE (xid, seq) > ((SELECT $3::text::xid8), $4)
                         ORDER BY xid, seq LIMIT 1
                     ), 0) AS \"lag_ms!\"",
                    from.xid.to_string(),
                    from.seq,
                    next.xid.to_string(),
                    next.seq,
                )
                .fetch_one(db)
                .await
            }
        }
    };
}

revised!(Match, select_matches, "match_revisions", match_id, "match_id");
revised!(Question, select_questions, "question_revisions", question_id, "question_id");
