use loljoa_account::audit;

use super::Audit;

/// Accounts of one range.
const MOST: i64 = 10_000;

impl Audit<'_> {
    /// Rebuilds the accounts, range by range.
    pub(super) async fn accounts(&mut self) -> sqlx::Result<()> {
        self.progress.begin("accounts");
        for account in self.books.accounts() {
            let (mut pace, mut after) = (self.pace(MOST), None);
            loop {
                let range = audit::accounts(account, after, pace.begin()).await?;
                pace.end();
                self.progress.advance(range.accounts);
                self.report.accounts += range.accounts;
                self.findings.of_account(range.differences);
                after = range.last;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }
}
