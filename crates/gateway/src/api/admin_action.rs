//! What admins have done, in three services and one list.

use chrono::{DateTime, Utc};
use loljoa_proto::admin::v1 as pb;
use loljoa_service_kit::{AccountId, Error, IncidentId, MarketId, MatchId};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{id, optional_id, present, time};

/// Something that an admin did. It is never changed or deleted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AdminAction {
    action_id: Uuid,
    /// Who did it.
    #[schema(value_type = Uuid)]
    account_id: AccountId,
    username: String,
    /// `create_market`, `lock_market`, `settle_market`, `void_market`, `correct_market`, `retry_owed`, `resolve_incident`,
    /// `record_result`, `move_match`, `cancel_match`, `remove_match`, `import_season`, `disable_account`, `enable_account` or
    /// `end_sessions`.
    action: String,
    /// What it was about, where that is one thing.
    #[schema(value_type = Option<Uuid>)]
    match_id: Option<MatchId>,
    #[schema(value_type = Option<Uuid>)]
    market_id: Option<MarketId>,
    #[schema(value_type = Option<Uuid>)]
    incident_id: Option<IncidentId>,
    /// The account that it was about.
    #[schema(value_type = Option<Uuid>)]
    subject_account_id: Option<AccountId>,
    /// What stood before; null where there was nothing.
    #[schema(value_type = Option<std::collections::HashMap<String, Value>>)]
    before: Option<Map<String, Value>>,
    /// What stands since.
    #[schema(value_type = Option<std::collections::HashMap<String, Value>>)]
    after: Option<Map<String, Value>>,
    /// The admin's own words.
    why: Option<String>,
    created_at: DateTime<Utc>,
}

impl TryFrom<pb::AdminAction> for AdminAction {
    type Error = Error;

    fn try_from(action: pb::AdminAction) -> Result<Self, Error> {
        let subject = |kind: &str| if action.subject_kind == kind { action.subject_id.as_str() } else { "" };
        Ok(Self {
            action_id: id(&action.action_id)?,
            account_id: id(&action.account_id)?,
            match_id: optional_id(subject("match"))?,
            market_id: optional_id(subject("market"))?,
            incident_id: optional_id(subject("incident"))?,
            subject_account_id: optional_id(subject("account"))?,
            before: object(&action.before)?,
            after: object(&action.after)?,
            username: action.username,
            action: action.action,
            why: present(action.why),
            created_at: time(action.created_at)?,
        })
    }
}

fn object(text: &str) -> Result<Option<Map<String, Value>>, Error> {
    if text.is_empty() { Ok(None) } else { serde_json::from_str(text).map(Some).map_err(Error::internal) }
}
