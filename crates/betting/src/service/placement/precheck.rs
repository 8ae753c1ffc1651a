//! Refuses what is plainly wrong before any debit.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use loljoa_service_kit::{Error, MarketId, postgres};
use sqlx::PgPool;
use tracing::Span;

use super::{
    Answer, MarketCache, answer,
    lanes::{self, Lanes},
    market_locked,
};
use crate::{
    domain::{Bet, Market, NewBet},
    service::cache::Known,
    store,
};

/// What the pre-check says of a bet.
pub(super) enum Verdict {
    /// It goes on.
    Pass,
    /// It is decided.
    Answered(Box<Answer>),
}

/// Checks bets against their markets. A bet that exists already is answered with its present state, whatever has become
/// of its market.
pub(super) async fn check(
    pool: &PgPool,
    markets: &MarketCache,
    lanes: &Lanes,
    bets: &[(NewBet, Span)],
) -> Vec<Verdict> {
    let result = match markets.get(bets.iter().map(|(bet, _)| bet.market_id)).await {
        Ok(known) => refusals(pool, bets, &known, &lanes.stuck()).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(verdicts) => verdicts,
        Err(error) => bets.iter().map(|_| Verdict::Answered(Box::new(Err(error.clone())))).collect(),
    }
}

async fn refusals(
    pool: &PgPool,
    bets: &[(NewBet, Span)],
    known: &Known,
    stuck: &HashSet<MarketId>,
) -> Result<Vec<Verdict>, Error> {
    let refusals: Vec<_> = bets.iter().map(|(bet, _)| refusal(bet, known, stuck)).collect();
    let refused = bets.iter().zip(&refusals).filter(|(_, refusal)| refusal.is_some());
    let refused: Vec<_> = refused.map(|((bet, _), _)| bet.bet_id).collect();
    let mut existing = HashMap::new();
    if !refused.is_empty() {
        let found = store::bets::by_ids(&mut *postgres::reading(pool).await?, &refused).await?;
        existing.extend(found.into_iter().map(|bet| (bet.bet_id, bet)));
    }
    let verdict = |((bet, _), refusal): (&(NewBet, Span), Option<Error>)| match refusal {
        None => Verdict::Pass,
        Some(refusal) => Verdict::Answered(Box::new(match existing.get(&bet.bet_id) {
            Some(found) => answer(found.clone(), bet.fingerprint, true, market_of(found, known)),
            None => Err(refusal),
        })),
    };
    Ok(bets.iter().zip(refusals).map(verdict).collect())
}

fn market_of(bet: &Bet, known: &Known) -> Option<Arc<Market>> {
    known.get(&bet.market_id).map(|cached| Arc::clone(&cached.market))
}

fn refusal(bet: &NewBet, known: &Known, stuck: &HashSet<MarketId>) -> Option<Error> {
    let Some(cached) = known.get(&bet.market_id) else {
        let missing = Error::not_found("market_not_found", "there is no such market");
        return Some(missing.with_field("marketId", "must be the id of a market"));
    };
    if cached.market.outcome(bet.outcome_id).is_none() {
        let allowed = "must be an outcome of the market";
        return Some(Error::invalid_field("outcomeId", "outcome_not_in_market", allowed));
    }
    // Whether the same bet stands already is not certain while somebody holds the market.
    let is_certain = cached.is_certain && !stuck.contains(&bet.market_id);
    match (cached.market.takes_bets(cached.read_at), is_certain) {
        (true, true) => None,
        (false, true) => Some(market_locked()),
        (_, false) => Some(lanes::busy()),
    }
}
