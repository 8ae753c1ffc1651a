//! What needs an admin.

use chrono::{DateTime, Utc};
use loljoa_proto::betting::v1 as pb;
use loljoa_service_kit::{Error, IncidentId, MarketId, MatchId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{id, optional_id, time};

/// Payments that were set aside, and are tried again.
#[derive(Serialize, ToSchema)]
pub(crate) struct RetriedPayments {
    /// How many.
    payments: i64,
}

impl From<pb::RetryOwedResponse> for RetriedPayments {
    fn from(retried: pb::RetryOwedResponse) -> Self {
        Self { payments: retried.payments }
    }
}

/// Whether an incident still needs a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum IncidentState {
    Open,
    Resolved,
}

impl From<IncidentState> for pb::IncidentState {
    fn from(state: IncidentState) -> Self {
        match state {
            IncidentState::Open => Self::Open,
            IncidentState::Resolved => Self::Resolved,
        }
    }
}

/// What was done about an incident.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ResolveIncident {
    /// Up to 2,000 characters, not only blanks.
    #[schema(
        min_length = 1,
        max_length = 2000,
        pattern = "^[^\\u0000-\\u0009\\u000B-\\u001F\\u007F-\\u009F]*[^\\u0000-\\u0009\\u000B-\\u001F\\u007F-\\u009F\\s][^\\u0000-\\u0009\\u000B-\\u001F\\u007F-\\u009F]*$"
    )]
    pub(crate) note: String,
}

/// That a person has dealt with an incident.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Resolution {
    resolved_at: DateTime<Utc>,
    /// The admin's account, or the name that the command line gave.
    resolved_by: String,
    note: String,
}

impl TryFrom<pb::Resolution> for Resolution {
    type Error = Error;

    fn try_from(resolution: pb::Resolution) -> Result<Self, Error> {
        Ok(Self {
            resolved_at: time(resolution.resolved_at)?,
            resolved_by: resolution.resolved_by,
            note: resolution.note,
        })
    }
}

/// Something that needs a person, or did.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Incident {
    #[schema(value_type = Uuid)]
    incident_id: IncidentId,
    /// `result_changed`, `transfer_refused`, `audit_difference`, `match_unreadable`, `cursor_ahead` or `foreign_stakes`.
    kind: String,
    state: IncidentState,
    #[schema(value_type = Option<Uuid>)]
    match_id: Option<MatchId>,
    #[schema(value_type = Option<Uuid>)]
    market_id: Option<MarketId>,
    message: String,
    created_at: DateTime<Utc>,
    /// How often it has occurred.
    occurrences: i64,
    /// When it occurred last.
    occurred_at: DateTime<Utc>,
    /// The last time that it was resolved; kept when it opens again.
    resolution: Option<Resolution>,
}

impl TryFrom<pb::Incident> for Incident {
    type Error = Error;

    fn try_from(incident: pb::Incident) -> Result<Self, Error> {
        let is_resolved = incident.state() == pb::IncidentState::Resolved;
        Ok(Self {
            incident_id: id(&incident.incident_id)?,
            kind: incident.kind,
            state: if is_resolved { IncidentState::Resolved } else { IncidentState::Open },
            match_id: optional_id(&incident.match_id)?,
            market_id: optional_id(&incident.market_id)?,
            message: incident.message,
            created_at: time(incident.created_at)?,
            occurrences: incident.occurrences,
            occurred_at: time(incident.occurred_at)?,
            resolution: incident.resolution.map(Resolution::try_from).transpose()?,
        })
    }
}
