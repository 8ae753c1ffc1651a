use loljoa_betting::audit;

use super::Audit;

/// Markets of one look.
const MOST: i64 = 1_000;

impl Audit<'_> {
    /// Rebuilds pools and positions, some markets at a time.
    pub(super) async fn pools(&mut self) -> sqlx::Result<()> {
        self.progress.begin("markets");
        for betting in self.books.bettings() {
            let (mut pace, mut after) = (self.pace(MOST), None);
            loop {
                let markets = audit::markets_after(betting, after, pace.begin()).await?;
                let Some(last) = markets.last() else { break };
                after = Some(*last);
                self.findings.of_betting("betting", audit::pools(betting, &markets).await?);
                pace.end();
                let looked_at = i64::try_from(markets.len()).unwrap_or(i64::MAX);
                self.progress.advance(looked_at);
                self.report.markets += looked_at;
            }
        }
        Ok(())
    }
}
