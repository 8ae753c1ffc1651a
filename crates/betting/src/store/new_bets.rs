//! Bets that are not there yet, recorded all at once.

use std::collections::HashMap;

use loljoa_service_kit::{AccountId, BetId, MarketId, OutcomeId, Points};
use sqlx::PgConnection;

use crate::domain::{Bet, BetState, NewBet, Odds, bet::Fingerprint};

/// Bets by column, as `record_new_bets` takes them.
#[derive(Default)]
struct Columns {
    outcomes: Vec<OutcomeId>,
    markets: Vec<MarketId>,
    bets: Vec<BetId>,
    accounts: Vec<AccountId>,
    /// Places among the outcomes, from 1.
    choices: Vec<i32>,
    stakes: Vec<Points>,
    fingerprints: Vec<Fingerprint>,
    /// What the bets up to each, with it, stake on its market.
    market_sums: Vec<i64>,
    /// What they stake on its outcome.
    outcome_sums: Vec<i64>,
}

impl Columns {
    fn of(bets: &[NewBet]) -> Self {
        let mut columns = Self::default();
        let mut on_market: HashMap<MarketId, i64> = HashMap::new();
        let mut on_outcome: HashMap<(OutcomeId, MarketId), (i32, i64)> = HashMap::new();
        for bet in bets {
            let market_sum = on_market.entry(bet.market_id).or_default();
            // More than 64 bits hold no pool holds either: the database refuses it.
            *market_sum = market_sum.saturating_add(bet.stake.0);
            let (choice, outcome_sum) =
                on_outcome.entry((bet.outcome_id, bet.market_id)).or_insert_with(|| {
                    columns.outcomes.push(bet.outcome_id);
                    columns.markets.push(bet.market_id);
                    (i32::try_from(columns.outcomes.len()).unwrap_or(i32::MAX), 0)
                });
            *outcome_sum = outcome_sum.saturating_add(bet.stake.0);
            columns.choices.push(*choice);
            columns.market_sums.push(*market_sum);
            columns.outcome_sums.push(*outcome_sum);
            columns.bets.push(bet.bet_id);
            columns.accounts.push(bet.account_id);
            columns.stakes.push(bet.stake);
            columns.fingerprints.push(bet.fingerprint);
        }
        columns
    }
}

/// Records bets whose stakes were taken just now, in this order. None, and nothing is recorded, where one of them is there
/// already or does not stand: [`record`](super::bets::record) tells which. The ids are distinct. Waits for a row at most
/// `patience_ms`, and then records nothing.
pub(crate) async fn record(
    db: &mut PgConnection,
    bets: &[NewBet],
    patience_ms: i32,
) -> Result<Option<Vec<Bet>>, sqlx::Error> {
    let columns = Columns::of(bets);
    let recorded = sqlx::query!(
        r#"SELECT recorded_at AS "recorded_at!", sequences AS "sequences!", odds AS "odds!: Vec<Odds>"
        FROM record_new_bets($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"#,
        &columns.outcomes as &[OutcomeId],
        &columns.markets as &[MarketId],
        &columns.bets as &[BetId],
        &columns.accounts as &[AccountId],
        &columns.choices,
        &columns.stakes as &[Points],
        &columns.fingerprints as &[Fingerprint],
        &columns.market_sums,
        &columns.outcome_sums,
        patience_ms,
    )
    .fetch_optional(db)
    .await;
    let recorded = match recorded {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => None,
        recorded => recorded?,
    };
    let Some(recorded) = recorded else { return Ok(None) };
    let numbered = bets.iter().zip(recorded.sequences).zip(recorded.odds);
    let stands = |((bet, seq), placed_odds): ((&NewBet, i64), Odds)| Bet {
        bet_id: bet.bet_id,
        seq,
        account_id: bet.account_id,
        market_id: bet.market_id,
        outcome_id: Some(bet.outcome_id),
        stake: bet.stake,
        state: BetState::Accepted,
        tombstone: None,
        placed_odds,
        returned: Points::ZERO,
        fingerprint: bet.fingerprint,
        recorded_at: recorded.recorded_at,
        closed_at: None,
    };
    Ok(Some(numbered.map(stands).collect()))
}
