//! `LeagueFeedService`: the durable feed.

use std::time::Duration;

use loljoa_proto::league_schedule::v1::{
    ListChangesRequest, ListChangesResponse, league_feed_service_server::LeagueFeedService,
};
use loljoa_service_kit::{Error, page, postgres};
use sqlx::PgPool;
use tonic::{Request, Response, Status, async_trait};

use super::convert;
use crate::{
    service::{changes::Changes, directory::Directory},
    store::feed::{self, Position, Standing},
};

const MAX_LIMIT: i32 = 1_000;
const MAX_WAIT_MS: i32 = 20_000;

/// Answers consumers of the feed.
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
        if !(1..=MAX_LIMIT).contains(&request.limit) {
            return Err(Error::invalid_field("limit", "limit_out_of_range", "must be from 1 to 1,000"));
        }
        if !(0..=MAX_WAIT_MS).contains(&request.wait_ms) {
            return Err(Error::invalid_field("waitMs", "wait_out_of_range", "must be from 0 to 20,000"));
        }
        let wait = Duration::from_millis(request.wait_ms.unsigned_abs().into()).min(self.longest_wait);
        let after: Option<Position> = page::decode_cursor(&request.cursor)?;
        let after = after.unwrap_or_default();
        self.standing(after, after).await?;
        let (matches, next) = self.changes.after(after, request.limit.into(), wait).await?;
        let lag_ms = self.standing(after, next).await?.lag_ms;
        if matches.is_empty() {
            return Ok(ListChangesResponse { matches: Vec::new(), next_cursor: request.cursor, lag_ms });
        }
        let mut db = postgres::reading(&self.pool).await?;
        let directory = Directory::of(&mut db, &matches).await?;
        let matches = convert::games(&matches, &directory);
        Ok(ListChangesResponse { matches, next_cursor: page::encode_cursor(&next), lag_ms })
    }

    /// How a reader stands. One that has read what this feed does not have would wait for nothing, and skip what has taken
    /// those places since.
    async fn standing(&self, from: Position, next: Position) -> Result<Standing, Error> {
        let mut db = postgres::reading(&self.pool).await?;
        let standing = feed::standing(&mut db, from, next).await?;
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
        _: Request<loljoa_proto::league_schedule::v1::ListQuestionChangesRequest>,
    ) -> Result<Response<loljoa_proto::league_schedule::v1::ListQuestionChangesResponse>, Status> {
        Err(Status::unimplemented("questions"))
    }
}
