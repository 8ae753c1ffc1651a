use loljoa_account::audit::holding;
use loljoa_betting::periods::archived_markets;
use loljoa_service_kit::{MarketId, Points};

use super::{Audit, Difference};

/// Markets of one look.
const MOST: i64 = 1_000;

impl Audit<'_> {
    /// Does the ledger hold nothing for markets whose bets betting has archived? There are no bets any more to compare with.
    pub(super) async fn archived(&mut self) -> sqlx::Result<()> {
        self.progress.begin("archived markets");
        let (mut pace, mut after) = (self.pace(MOST), None);
        loop {
            let holding = holding(&self.books.account, after, pace.begin()).await?;
            let Some((last, _)) = holding.last() else { return Ok(()) };
            after = Some(*last);
            let markets: Vec<_> = holding.iter().map(|(market, _)| *market).collect();
            let archived = archived_markets(&self.books.betting, &markets).await?;
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
