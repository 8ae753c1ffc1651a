//! Bets.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use loljoa_proto::betting::v1 as pb;
use loljoa_service_kit::{BetId, Error, MarketId, MatchId, OutcomeId, Points};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    id,
    market::{Market, Rendered},
    odds::{Odds, potential_payout},
    optional_id, optional_time, time,
};
use crate::betting::Stake;

/// Where a bet stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BetState {
    Accepted,
    /// By its bettor; the stake was given back.
    Cancelled,
    /// The market was closed when the stake arrived; it was given back.
    Refunded,
    Won,
    Lost,
    /// The market was voided; the stake was given back.
    Void,
}

impl From<BetState> for pb::BetState {
    fn from(state: BetState) -> Self {
        match state {
            BetState::Accepted => Self::Accepted,
            BetState::Cancelled => Self::Cancelled,
            BetState::Refunded => Self::Refunded,
            BetState::Won => Self::Won,
            BetState::Lost => Self::Lost,
            BetState::Void => Self::Void,
        }
    }
}

impl TryFrom<pb::BetState> for BetState {
    type Error = Error;

    fn try_from(state: pb::BetState) -> Result<Self, Error> {
        match state {
            pb::BetState::Accepted => Ok(Self::Accepted),
            pb::BetState::Cancelled => Ok(Self::Cancelled),
            pb::BetState::Refunded => Ok(Self::Refunded),
            pb::BetState::Won => Ok(Self::Won),
            pb::BetState::Lost => Ok(Self::Lost),
            pb::BetState::Void => Ok(Self::Void),
            pb::BetState::Unspecified => Err(Error::internal("a bet came without its state")),
        }
    }
}

/// A bet.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bet {
    #[schema(value_type = Uuid)]
    bet_id: BetId,
    #[schema(value_type = Uuid)]
    market_id: MarketId,
    #[schema(value_type = Uuid)]
    match_id: MatchId,
    /// Null for a stake that never became a bet and was given back.
    #[schema(value_type = Option<Uuid>)]
    outcome_id: Option<OutcomeId>,
    pub(crate) state: BetState,
    #[schema(value_type = i64)]
    stake: Points,
    /// The outcome's odds now; null once the bet is closed.
    #[schema(value_type = Option<f64>, example = 1.95)]
    odds: Option<Odds>,
    /// The outcome's odds right after the bet was recorded; null for a bet that never stood.
    #[schema(value_type = Option<f64>, example = 1.95)]
    placed_odds: Option<Odds>,
    /// What the bet would pay at the present odds; null once it is closed.
    #[schema(value_type = Option<i64>)]
    potential_payout: Option<Points>,
    /// Payout or refund; 0 while open or lost.
    #[schema(value_type = i64)]
    returned: Points,
    placed_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
}

impl Bet {
    /// The bet with its present odds, when its market is at hand.
    pub(crate) fn new(bet: &pb::Bet, market: Option<&Rendered>) -> Result<Self, Error> {
        let state = BetState::try_from(bet.state())?;
        let (outcome_id, points) = (optional_id(&bet.outcome_id)?, Points(bet.stake));
        let open = market.filter(|_| state == BetState::Accepted);
        let pools = open.zip(outcome_id).and_then(|(market, id)| Some((market.pool, market.outcome(id)?)));
        let placed_odds = bet.placed_odds_hundredths;
        Ok(Self {
            bet_id: id(&bet.bet_id)?,
            market_id: id(&bet.market_id)?,
            match_id: id(&bet.match_id)?,
            outcome_id,
            state,
            stake: points,
            odds: pools.and_then(|(_, outcome)| outcome.odds),
            placed_odds: (placed_odds > 0).then_some(Odds(placed_odds)),
            potential_payout: pools.and_then(|(pool, outcome)| potential_payout(points, pool, outcome.pool)),
            returned: Points(bet.returned),
            placed_at: time(bet.placed_at)?,
            closed_at: optional_time(bet.closed_at)?,
        })
    }
}

/// A bet and its market as it is now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BetOnMarket {
    #[serde(flatten)]
    bet: Bet,
    #[schema(value_type = Market)]
    market: Arc<Rendered>,
}

impl BetOnMarket {
    pub(crate) fn new(bet: &pb::Bet, market: Arc<Rendered>) -> Result<Self, Error> {
        Ok(Self { bet: Bet::new(bet, Some(&market))?, market })
    }
}

/// A bet to place.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PlaceBet {
    #[schema(value_type = Uuid)]
    pub(crate) market_id: MarketId,
    #[schema(value_type = Uuid)]
    pub(crate) outcome_id: OutcomeId,
    /// A whole number of points.
    #[schema(value_type = i64, minimum = 100, maximum = 9_223_372_036_854_775_807_i64)]
    pub(crate) stake: Stake,
}
