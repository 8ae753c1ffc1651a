//! The hot path's own work, for benchmarks: what it does without a database and without the network.

use loljoa_service_kit::{AccountId, IdempotencyKey, MarketId, OutcomeId, Points};
use uuid::Uuid;

use crate::{
    domain::{
        NewBet, Odds,
        payout::{Division, Winner},
    },
    service::placement,
};

/// Stakes of many sizes, always the same.
const STAKES: [i64; 7] = [100, 250, 333, 1_000, 12_345, 777_777, 5_000_000];

/// The winners of a market.
pub struct Winners {
    pool: Points,
    winners: Vec<Winner>,
}

impl Winners {
    /// So many of them, who get what as many losers have lost.
    #[must_use]
    pub fn new(count: usize) -> Self {
        let stakes = STAKES.iter().cycle().zip(1..).take(count);
        let winners: Vec<_> = stakes.map(|(stake, seq)| Winner { seq, stake: Points(*stake) }).collect();
        let total: i64 = winners.iter().map(|winner| winner.stake.0).sum();
        Self { pool: Points(total * 2 + 1), winners }
    }

    /// Divides the pool and works every payout out. What all of them get, which is the pool.
    #[must_use]
    pub fn pay(&self) -> i64 {
        let Some(division) = Division::of(self.pool, &self.winners) else { return 0 };
        self.winners.iter().map(|winner| division.payout(*winner).0).sum()
    }
}

/// The odds of each outcome of a market with these stakes, times 100, 0 where there are none.
#[must_use]
pub fn odds(stakes: &[i64]) -> i64 {
    let pool = Points(stakes.iter().sum());
    let odds = stakes.iter().filter_map(|stake| Odds::of(pool, Points(*stake)));
    odds.map(|odds| odds.0).sum()
}

/// Bets that wait for a batch.
pub struct Batch(Vec<NewBet>);

impl Batch {
    /// So many bets of a thousand accounts on one market, the same ones each time.
    #[must_use]
    pub fn new(count: u32) -> Self {
        let bet = |number: u32| {
            let id = |kind: u128, number: u32| Uuid::from_u128(kind << 64 | u128::from(number));
            NewBet::new(
                AccountId(id(1, number % 1_000)),
                IdempotencyKey(id(2, number)),
                MarketId(id(3, 0)),
                OutcomeId(id(4, number % 2)),
                Points(STAKES[0] + i64::from(number)),
            )
        };
        Self((0..count).filter_map(|number| bet(number).ok()).collect())
    }

    /// Takes the bets through the queue, as requests and a worker do, up to what the ledger is asked. How many stakes it is asked for.
    #[must_use]
    pub fn gather(&self) -> usize {
        placement::gathered(&self.0).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_is_the_work_itself() {
        let winners = Winners::new(1_000);
        assert_eq!(winners.pay(), winners.pool.0);
        assert_eq!(odds(&[100, 300]), 400 + 133);
        assert_eq!(Batch::new(256).gather(), 256);
    }
}
