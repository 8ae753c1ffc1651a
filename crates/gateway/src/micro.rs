//! The hot path's own work, for benchmarks: what it does without the network.

use std::{collections::HashMap, sync::Arc};

use http_body::Body;
use loljoa_proto::betting::v1 as pb;
use loljoa_service_kit::{Error, ids};
use prost_types::Timestamp;

use crate::{
    api::{
        betting::{BetOnMarket, PlaceBet},
        market::{Market, Rendered},
    },
    betting::coalescer,
    http::extract::{json, parse},
};

/// A bet as a client sends it, and what the client gets.
pub struct Bet {
    body: String,
    placed: pb::Bet,
    market: pb::Market,
}

impl Default for Bet {
    fn default() -> Self {
        let [market_id, match_id, outcome_id, account_id] = [(); 4].map(|()| ids::fresh().to_string());
        let noon = Timestamp { seconds: 1_644_667_200, nanos: 0 };
        let outcome = |outcome_id: &str, key: &str| pb::Outcome {
            outcome_id: outcome_id.to_owned(),
            key: key.to_owned(),
            label_en: key.to_owned(),
            label_ko: key.to_owned(),
            pool: 60_000,
            odds_hundredths: Some(200),
            bettors: 2,
            top_account_id: account_id.clone(),
            top_stake: 50_000,
        };
        let outcomes = vec![outcome(&outcome_id, "T1"), outcome(&ids::fresh().to_string(), "GEN")];
        let market = pb::Market {
            market_id: market_id.clone(),
            match_id: match_id.clone(),
            template: pb::Template::MatchWinner.into(),
            question_en: "Who wins?".to_owned(),
            question_ko: "승부예측".to_owned(),
            state: pb::MarketState::Open.into(),
            lock_at: Some(noon),
            cancel_until: Some(noon),
            pool: 120_000,
            outcomes,
            revision: 7,
            ..pb::Market::default()
        };
        let body = format!(r#"{{"marketId":"{market_id}","outcomeId":"{outcome_id}","stake":1000}}"#);
        let placed = pb::Bet {
            bet_id: ids::fresh().to_string(),
            account_id,
            market_id,
            match_id,
            outcome_id,
            state: pb::BetState::Accepted.into(),
            stake: 1_000,
            placed_odds_hundredths: 200,
            returned: 0,
            placed_at: Some(noon),
            closed_at: None,
        };
        Self { body, placed, market }
    }
}

impl Bet {
    /// Reads the body. The stake.
    ///
    /// # Errors
    ///
    /// Never for this body; the signature is its reader's.
    pub fn read(&self) -> Result<i64, Error> {
        Ok(parse::<PlaceBet>(self.body.as_bytes())?.stake.0.0)
    }

    /// The market, rendered for everybody whose bet is in the same batch.
    ///
    /// # Errors
    ///
    /// Never for this market; the signature is its renderer's.
    pub fn render(&self) -> Result<Shown, Error> {
        let market = Market::new(self.market.clone(), &HashMap::new())?;
        Ok(Shown(Arc::new(Rendered::new(market)?)))
    }

    /// Writes the answer. Its length in bytes.
    ///
    /// # Errors
    ///
    /// Never for this bet; the signature is its writer's.
    pub fn answer(&self, market: &Shown) -> Result<u64, Error> {
        let answer = json(BetOnMarket::new(&self.placed, Arc::clone(&market.0))?);
        Ok(answer.body().size_hint().lower())
    }
}

/// A market that is rendered.
pub struct Shown(Arc<Rendered>);

/// Bets that wait for a call.
#[derive(Clone)]
pub struct Batch(Vec<pb::PlaceBet>);

impl Batch {
    /// So many bets on one market.
    #[must_use]
    pub fn new(count: usize) -> Self {
        let bet = |()| pb::PlaceBet {
            account_id: ids::fresh().to_string(),
            idempotency_key: ids::fresh().to_string(),
            market_id: ids::fresh().to_string(),
            outcome_id: ids::fresh().to_string(),
            stake: 1_000,
            traceparent: String::new(),
        };
        Self(std::iter::repeat_n((), count).map(bet).collect())
    }

    /// Takes the bets through the queue, as requests and a worker do, up to the call. How many are in it.
    #[must_use]
    pub fn gather(self) -> usize {
        coalescer::gathered(self.0).bets.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_is_the_work_itself() {
        let bet = Bet::default();
        assert_eq!(bet.read().unwrap(), 1_000);
        let market = bet.render().unwrap();
        let length = bet.answer(&market).unwrap();
        assert!(length > u64::try_from(market.0.json().len()).unwrap(), "the bet is in it, too: {length}");
        assert_eq!(Batch::new(256).gather(), 256);
    }
}
