//! Whether every point is accounted for: balances, pools and bets rebuilt over both databases.

use std::time::Duration;

use chrono::TimeDelta;
use loljoa_account::audit::{BetTransfer, BetTransferKind, Report as LedgerReport};
use loljoa_betting::audit::{Books, Fact, OwedKind};
use serde::Serialize;
use sqlx::PgPool;
use tokio::time;

/// A crashed bet is given back after half a minute; until then its stake stands alone.
const GRACE: TimeDelta = TimeDelta::minutes(1);
const LOOKS: usize = 3;
const PAUSE: Duration = Duration::from_secs(2);

/// Two things that should be equal and are not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Whose books: `account`, `betting`, or `both` where they disagree with each other.
    pub books: &'static str,
    /// What was compared, such as `balance` or `stake`.
    pub check: String,
    /// The account, market, outcome or bet.
    pub subject: String,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

/// What an audit found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Accounts that were rebuilt.
    pub accounts: i64,
    /// Transfers that they were rebuilt from.
    pub transfers: i64,
    /// Stakes among them, each of a bet.
    pub stakes: usize,
    /// Everything that is not what it should be.
    pub differences: Vec<Difference>,
}

/// Audits a system that stands still: nothing is under way, so every stake has its bet.
///
/// # Errors
///
/// When a database does not answer.
pub async fn at_rest(account: &PgPool, betting: &PgPool) -> sqlx::Result<Report> {
    look(account, betting, TimeDelta::zero()).await
}

/// Audits a system that runs. The two databases share no snapshot, so what is young is left alone, and a difference
/// counts only when it is still there at a later look.
///
/// # Errors
///
/// When a database does not answer.
pub async fn running(account: &PgPool, betting: &PgPool) -> sqlx::Result<Report> {
    let mut report = look(account, betting, GRACE).await?;
    for _ in 1..LOOKS {
        if report.differences.is_empty() {
            break;
        }
        time::sleep(PAUSE).await;
        let suspects = report.differences;
        report = look(account, betting, GRACE).await?;
        report.differences.retain(|difference| suspects.contains(difference));
    }
    Ok(report)
}

/// The bets are read before the transfers: a bet follows its stake, so no bet that is seen can lack one.
async fn look(account: &PgPool, betting: &PgPool, grace: TimeDelta) -> sqlx::Result<Report> {
    let books = loljoa_betting::audit::books(betting).await?;
    let transfers = loljoa_account::audit::bet_transfers(account).await?;
    let ledger = loljoa_account::audit::full(account).await?;
    let pools = loljoa_betting::audit::full(betting).await?;

    let stakes = transfers.iter().filter(|transfer| transfer.kind == BetTransferKind::Stake).count();
    let mut differences = of_ledger(&ledger);
    differences.extend(pools.into_iter().map(|found| of_betting("betting", found)));
    differences.extend(compare(&books, transfers, grace));
    Ok(Report { accounts: ledger.accounts, transfers: ledger.transfers, stakes, differences })
}

fn of_ledger(report: &LedgerReport) -> Vec<Difference> {
    let difference = |check: String, subject: String, expected: String, found: String| Difference {
        books: "account",
        check,
        subject,
        expected,
        found,
    };
    let mut differences: Vec<_> = report
        .differences
        .iter()
        .map(|found| {
            let check = format!("{:?}", found.check).to_lowercase();
            difference(check, found.id.to_string(), found.expected.to_string(), found.found.to_string())
        })
        .collect();
    if report.sum.0 != 0 {
        differences.push(difference("sum".into(), "all balances".into(), "0".into(), report.sum.to_string()));
    }
    differences
}

fn compare(books: &Books, transfers: Vec<BetTransfer>, grace: TimeDelta) -> Vec<Difference> {
    let (mut stakes, mut closings) = (Vec::new(), Vec::new());
    for transfer in transfers {
        match closing_kind(transfer.kind) {
            None => stakes.push(fact(&transfer)),
            Some(kind) => closings.push((kind, fact(&transfer))),
        }
    }
    books.compare(stakes, closings, grace).into_iter().map(|found| of_betting("both", found)).collect()
}

const fn closing_kind(kind: BetTransferKind) -> Option<OwedKind> {
    match kind {
        BetTransferKind::Stake => None,
        BetTransferKind::Payout => Some(OwedKind::Payout),
        BetTransferKind::Cancel => Some(OwedKind::Cancel),
        BetTransferKind::Void => Some(OwedKind::Void),
        BetTransferKind::Tombstone => Some(OwedKind::Tombstone),
        BetTransferKind::Correction => Some(OwedKind::Correction),
    }
}

const fn fact(transfer: &BetTransfer) -> Fact {
    let BetTransfer { bet_id, account_id, market_id, points, created_at, .. } = *transfer;
    Fact { bet_id, account_id, market_id, points, created_at }
}

fn of_betting(books: &'static str, found: loljoa_betting::audit::Difference) -> Difference {
    let loljoa_betting::audit::Difference { check, subject, expected, found } = found;
    Difference { books, check, subject, expected, found }
}
