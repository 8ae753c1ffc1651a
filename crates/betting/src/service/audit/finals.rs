//! Whether the ledger holds nothing for markets that are final. Each is asked for until it does not, and then never again,
//! unless one of its bets changes.

use loljoa_service_kit::{Error, MarketId, Points};
use uuid::Uuid;

use super::Auditor;
use crate::{
    domain::finding::{AuditedBet, Finding},
    store::audit::{changes, finals, findings},
};

/// Markets that are asked for at once.
const MARKETS: i64 = 1_000;
/// Bets of a market with points left that are compared each time.
const BETS: i64 = 1_000;
/// Positions that are forgotten in one statement.
const POSITIONS: i64 = 5_000;

impl Auditor {
    /// Asks the ledger what it holds for final markets.
    pub(super) async fn compare_finals(&self) -> Result<(), Error> {
        // Nothing more is to be taken off what was counted of a market whose last change has passed.
        let place = changes::place(&self.pool).await?;
        let horizon = changes::standing(&self.pool, place).await?.horizon;
        let mut after = MarketId(Uuid::nil());
        loop {
            let markets = finals::open(&self.pool, horizon, after, MARKETS).await?;
            let Some(last) = markets.last() else {
                return Ok(());
            };
            after = *last;
            let balances = self.ledger.pool_balances(&markets).await?;
            for market in markets {
                match balances.get(&market).copied().unwrap_or(Points::ZERO) {
                    Points::ZERO => self.close(market).await?,
                    points => self.keep(market, points).await?,
                }
            }
        }
    }

    /// Nothing is left: what was counted of the market's positions is of no use any more.
    async fn close(&self, market: MarketId) -> Result<(), Error> {
        while finals::forget_positions(&self.pool, market, POSITIONS).await? > 0 {}
        finals::mark_empty(&self.pool, market).await?;
        Ok(findings::forget(&self.pool, "final_pool", &market.to_string()).await?)
    }

    /// Something is left. A stake that came too late may pass through, so only what stays counts. Which bets it belongs to is
    /// looked for a page at a time.
    async fn keep(&self, market: MarketId, points: Points) -> Result<(), Error> {
        let patience_ms = 2
            * (i64::from(self.config.grace_ms)
                + i64::try_from(self.config.audit_interval_ms).unwrap_or_default());
        let finding = Finding {
            expected: "0".into(),
            found: points.to_string(),
            patience_ms,
            ..Finding::of_market(market, "final_pool", market.to_string())
        };
        findings::keep(&mut *self.pool.acquire().await?, &finding).await?;
        let bets = finals::next_bets(&self.pool, market, BETS).await?;
        let Some(last) = bets.last().map(|bet: &AuditedBet| bet.seq) else {
            return Ok(());
        };
        let ids: Vec<_> = bets.iter().map(|bet| bet.bet_id).collect();
        self.replace(&ids, &self.examine(&bets).await?, None).await?;
        Ok(finals::set_examined(&self.pool, market, last).await?)
    }
}
