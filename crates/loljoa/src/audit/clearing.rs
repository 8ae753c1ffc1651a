use std::time::{Duration, Instant};

use loljoa_account::audit::clearing;
use loljoa_service_kit::Points;
use tokio::time;

use super::{Audit, Difference};

const PAUSE: Duration = Duration::from_secs(2);

impl Audit<'_> {
    /// Do the clearing accounts of all cells of the ledger sum to nothing? While a market is cleared they may not.
    pub(super) async fn clearing(&mut self) -> sqlx::Result<()> {
        let since = Instant::now();
        loop {
            let mut sum = Points::ZERO;
            for account in self.books.accounts() {
                sum = Points(sum.0 + clearing(account).await?.0);
            }
            if sum == Points::ZERO {
                return Ok(());
            }
            if since.elapsed() >= self.options.grace {
                self.findings.add(Difference {
                    books: "account",
                    check: "clearing".into(),
                    subject: "the clearing accounts of all cells".into(),
                    expected: "0".into(),
                    found: sum.to_string(),
                });
                return Ok(());
            }
            time::sleep(PAUSE.min(self.options.grace)).await;
        }
    }
}
