//! `AdminLogService`, for admins.

use std::sync::Arc;

use loljoa_proto::admin::v1::{
    AdminAction, ListAdminActionsRequest, ListAdminActionsResponse,
    admin_log_service_server::{AdminLogService, AdminLogServiceServer},
};
use prost_types::Timestamp;
use sqlx::PgPool;
use tonic::{Request, Response, Status, async_trait};

use super::store::{self, Row};
use crate::{
    Error,
    identity::{AdminOnly, Admins},
    page,
};

/// Serves what stands in `pool`'s table to admins.
#[must_use]
pub fn service(pool: PgPool, admins: Arc<dyn Admins>) -> AdminOnly<AdminLogServiceServer<AdminLog>> {
    AdminOnly::new(AdminLogServiceServer::new(AdminLog { pool }), admins)
}

/// Answers admins.
#[derive(Debug)]
pub struct AdminLog {
    pool: PgPool,
}

#[async_trait]
impl AdminLogService for AdminLog {
    async fn list_admin_actions(
        &self,
        request: Request<ListAdminActionsRequest>,
    ) -> Result<Response<ListAdminActionsResponse>, Status> {
        let ListAdminActionsRequest { limit, cursor } = request.into_inner();
        let (limit, before) = (page::limit(limit)?, page::decode_cursor::<i64>(&cursor)?);
        let rows = store::page(&self.pool, before, limit + 1).await.map_err(Error::from)?;
        let has_more = i64::try_from(rows.len()).is_ok_and(|found| found > limit);
        let kept = usize::try_from(limit).unwrap_or(usize::MAX);
        let actions: Vec<_> = rows.into_iter().take(kept).map(message).collect();
        let next_cursor = actions.last().filter(|_| has_more).map(|last| last.cursor.clone());
        Ok(Response::new(ListAdminActionsResponse { actions, next_cursor: next_cursor.unwrap_or_default() }))
    }
}

fn message(row: Row) -> AdminAction {
    let nanos = i32::try_from(row.created_at.timestamp_subsec_nanos()).unwrap_or_default();
    AdminAction {
        action_id: row.action_id.to_string(),
        account_id: row.account_id.to_string(),
        username: row.username,
        action: row.action,
        subject_kind: row.subject_kind.unwrap_or_default(),
        subject_id: text(row.subject_id),
        before: text(row.before),
        after: text(row.after),
        why: row.why.unwrap_or_default(),
        created_at: Some(Timestamp { seconds: row.created_at.timestamp(), nanos }),
        cursor: page::encode_cursor(&row.seq),
    }
}

fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
