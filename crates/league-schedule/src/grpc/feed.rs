//! `LeagueFeedService`: the durable feeds.

use std::time::Duration;

use loljoa_proto::league_schedule::v1::{
    ListChangesRequest, ListChangesResponse, ListQuestionChangesRequest, ListQuestionChangesResponse,
    league_feed_service_server::LeagueFeedService,
};
use loljoa_service_kit::{Error, page, postgres};
use sqlx::PgPool;
use tonic::{Request, Response, Status, async_trait};

use super::{convert, questions};
use crate::{
    domain::{Match, Question},
    service::{changes::Changes, directory::Directory},
    store::feed::{Position, Revised, Standing},
};

const MAX_LIMIT: i32 = 1_000;
const MAX_WAIT_MS: i32 = 20_000;

/// A part of a feed.
struct Page<T> {
    items: Vec<T>,
    next_cursor: String,
    lag_ms: i64,
}

/// Answers consumers of the feeds.
#[derive(Clone, Debug)]
pub(super) struct Feed {
    pool: PgPool,
    changes: Changes,
    longest_wait: Duration,
}

impl Feed {
    /// Reads `changes`; no answer takes longer than `longest_wait`, whatever the caller asks for.
    #[must_use]
    pub(super) const fn new(pool: PgPool, changes: Changes, longest_wait: Duration) -> Self {
        Self { pool, changes, longest_wait }
    }

    async fn list(&self, request: ListChangesRequest) -> Result<ListChangesResponse, Error> {
        let found = self.page::<Match>(&request.cursor, request.limit, request.wait_ms).await?;
        let mut db = postgres::reading(&self.pool).await?;
        let directory = Directory::of(&mut db, &found.items).await?;
        Ok(ListChangesResponse {
            matches: convert::games(&found.items, &directory),
            next_cursor: found.next_cursor,
            lag_ms: found.lag_ms,
        })
    }

    async fn list_questions(
        &self,
        request: ListQuestionChangesRequest,
    ) -> Result<ListQuestionChangesResponse, Error> {
        let found = self.page::<Question>(&request.cursor, request.limit, request.wait_ms).await?;
        let mut db = postgres::reading(&self.pool).await?;
        let directory = Directory::of_questions(&mut db, &found.items).await?;
        Ok(ListQuestionChangesResponse {
            questions: questions::questions(&found.items, &directory),
            next_cursor: found.next_cursor,
            lag_ms: found.lag_ms,
        })
    }

    /// A page of a feed. Without news it ends where it began.
    async fn page<T: Revised>(&self, cursor: &str, limit: i32, wait_ms: i32) -> Result<Page<T>, Error> {
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Error::invalid_field("limit", "limit_out_of_range", "must be from 1 to 1,000"));
        }
        if !(0..=MAX_WAIT_MS).contains(&wait_ms) {
            return Err(Error::invalid_field("waitMs", "wait_out_of_range", "must be from 0 to 20,000"));
        }
        let wait = Duration::from_millis(wait_ms.unsigned_abs().into()).min(self.longest_wait);
        let after: Option<Position> = page::decode_cursor(cursor)?;
        let after = after.unwrap_or_default();
        self.standing::<T>(after, after).await?;
        let (items, next) = self.changes.after::<T>(after, limit.into(), wait).await?;
        let lag_ms = self.standing::<T>(after, next).await?.lag_ms;
        let next_cursor = if items.is_empty() { cursor.to_owned() } else { page::encode_cursor(&next) };
        Ok(Page { items, next_cursor, lag_ms })
    }

    /// How a reader stands. One that has read what this feed does not have would wait for nothing, and skip what has taken
    /// those places since.
    async fn standing<T: Revised>(&self, from: Position, next: Position) -> Result<Standing, Error> {
        let mut db = postgres::reading(&self.pool).await?;
        let standing = T::standing(&mut db, from, next).await?;
        if from != Position::default() && !standing.known {
            let message = "the cursor names a revision that this feed does not have";
            return Err(Error::conflict("cursor_ahead", message));
        }
        Ok(standing)
    }
}

#[async_trait]
impl LeagueFeedService for Feed {
    async fn list_changes(
        &self,
        request: Request<ListChangesRequest>,
    ) -> Result<Response<ListChangesResponse>, Status> {
        Ok(Response::new(self.list(request.into_inner()).await?))
    }

    async fn list_question_changes(
        &self,
        request: Request<ListQuestionChangesRequest>,
    ) -> Result<Response<ListQuestionChangesResponse>, Status> {
        Ok(Response::new(self.list_questions(request.into_inner()).await?))
    }
}
