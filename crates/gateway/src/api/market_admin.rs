//! What admins send about markets, and what needs them.

use chrono::{DateTime, Utc};
use loljoa_proto::betting::v1 as pb;
use loljoa_service_kit::{Error, MarketId, MatchId, OutcomeId, Points};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Text, id, optional_id, time};

/// A question of one's own about a match.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateMarket {
    #[schema(value_type = Uuid)]
    pub(crate) match_id: MatchId,
    pub(crate) question: Text,
    /// The answers, 2 to 20.
    #[schema(min_items = 2, max_items = 20)]
    pub(crate) outcomes: Vec<Text>,
}

/// The outcome that a market settles on.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ChooseOutcome {
    #[schema(value_type = Uuid)]
    pub(crate) outcome_id: OutcomeId,
}

/// What correcting a settled market costs.
#[derive(Serialize, ToSchema)]
pub(crate) struct Correction {
    /// Bets that get a correction.
    bets: i64,
    /// Points that the house owes for them.
    #[schema(value_type = i64)]
    points: Points,
}

impl From<pb::CorrectMarketResponse> for Correction {
    fn from(correction: pb::CorrectMarketResponse) -> Self {
        Self { bets: correction.bets, points: Points(correction.points) }
    }
}

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

/// Something that needs a person.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Incident {
    incident_id: Uuid,
    /// `result_changed`, `transfer_refused` or `audit_difference`.
    kind: String,
    #[schema(value_type = Option<Uuid>)]
    match_id: Option<MatchId>,
    #[schema(value_type = Option<Uuid>)]
    market_id: Option<MarketId>,
    message: String,
    created_at: DateTime<Utc>,
}

impl TryFrom<pb::Incident> for Incident {
    type Error = Error;

    fn try_from(incident: pb::Incident) -> Result<Self, Error> {
        Ok(Self {
            incident_id: id(&incident.incident_id)?,
            kind: incident.kind,
            match_id: optional_id(&incident.match_id)?,
            market_id: optional_id(&incident.market_id)?,
            message: incident.message,
            created_at: time(incident.created_at)?,
        })
    }
}
