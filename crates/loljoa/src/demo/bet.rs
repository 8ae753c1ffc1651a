use loljoa_service_kit::{MarketId, OutcomeId, Points};
use serde::Serialize;

/// A bet to be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bet {
    pub(super) market_id: MarketId,
    pub(super) outcome_id: OutcomeId,
    pub(super) stake: Points,
}
