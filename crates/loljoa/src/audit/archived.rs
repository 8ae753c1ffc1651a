use loljoa_account::audit::holding;
use loljoa_service_kit::{MarketId, Points};
use sqlx::PgPool;

use super::{Audit, Difference};

/// Markets of one look.
const MOST: i64 = 1_000;

impl Audit<'_> {
    /// Does the ledger hold nothing for markets whose bets betting has archived? There are no bets any more to compare with.
    pub(super) async fn archived(&mut self) -> sqlx::Result<()> {
        self.progress.begin("archived markets");
        for account in self.books.accounts() {
            self.archived_of(account).await?;
        }
        Ok(())
    }

    async fn archived_of(&mut self, account: &PgPool) -> sqlx::Result<()> {
        let (mut pace, mut after) = (self.pace(MOST), None);
        loop {
            let holding = holding(account, after, pace.begin()).await?;
            let Some((last, _)) = holding.last() else { return Ok(()) };
            after = Some(*last);
            let markets: Vec<_> = holding.iter().map(|(market, _)| *market).collect();
            let archived = self.archived_in_betting(&markets).await?;
            pace.end();
            self.progress.advance(i64::try_from(holding.len()).unwrap_or(i64::MAX));
            for (market, points) in holding.into_iter().filter(|(market, _)| archived.contains(market)) {
                self.findings.add(left_over(market, points));
            }
        }
    }
}

fn left_over(market: MarketId, points: Points) -> Difference {
    Difference {
        books: "both",
        check: "archived_market".into(),
        subject: market.to_string(),
        expected: "0".into(),
        found: points.to_string(),
    }
}
