//! What admins send about markets.

use loljoa_proto::betting::v1 as pb;
use loljoa_service_kit::{MatchId, OutcomeId, Points};
use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::{Array, ArrayBuilder, Ref},
};

use super::Text;

/// A question of one's own about a match.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateMarket {
    #[schema(value_type = Uuid)]
    pub(crate) match_id: MatchId,
    pub(crate) question: Text,
    #[schema(schema_with = answers)]
    pub(crate) outcomes: Vec<Text>,
}

fn answers() -> Array {
    ArrayBuilder::new()
        .items(Ref::from_schema_name(Text::name()))
        .min_items(Some(2))
        .max_items(Some(20))
        .unique_items(true)
        .description(Some("The answers, 2 to 20, each another."))
        .build()
}

/// The outcome that a market settles on.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ChooseOutcome {
    #[schema(value_type = Uuid)]
    pub(crate) outcome_id: OutcomeId,
}

/// What correcting a market costs.
#[derive(Serialize, ToSchema)]
pub(crate) struct Correction {
    /// Bets on the outcome; 0 while they are counted, where there are very many.
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
