//! Taking a year away from both services, when all of it is over: betting's bets first, then the ledger's transfers.

use anyhow::bail;
use loljoa_account::periods as ledger;
use loljoa_betting::periods as betting;
use loljoa_service_kit::MarketId;

use crate::{audit::Books, progress::Progress};

/// Markets of one look.
const MARKETS: i64 = 1_000;

/// Why a year cannot be archived, in sentences; nothing when it can, or is. The ledger's stakes are only known once they are
/// [`count`]ed.
///
/// # Errors
///
/// When a database does not answer.
pub async fn obstacles(books: &Books, year: i32) -> sqlx::Result<Vec<String>> {
    let bets = betting::obstacles(&books.betting, year).await?;
    let transfers = ledger::obstacles(&books.account, year).await?;
    let of = |name: &'static str| move |obstacle: String| format!("{name}: {obstacle}");
    Ok(bets.into_iter().map(of("betting")).chain(transfers.into_iter().map(of("ledger"))).collect())
}

/// Counts what the ledger's year has done, if it has ended. Nothing is taken away by it, and nothing counted twice.
///
/// # Errors
///
/// When the database does not answer.
pub async fn count(books: &Books, year: i32, progress: &Progress) -> sqlx::Result<()> {
    progress.begin("transfers");
    let advance = |more| progress.advance(i64::try_from(more).unwrap_or(i64::MAX));
    ledger::count(&books.account, year, advance).await
}

/// Takes a year away. Interrupted, it goes on where it was; where all is done, it does nothing.
///
/// # Errors
///
/// When something stands in the way, or a database does not answer.
pub async fn archive(books: &Books, year: i32, progress: &Progress) -> anyhow::Result<()> {
    let obstacles = obstacles(books, year).await?;
    if !obstacles.is_empty() {
        bail!("{}", obstacles.join("\n"));
    }
    progress.begin("bets");
    let mut known = 0;
    let bets = betting::archive(&books.betting, year, |summed| {
        progress.advance(i64::try_from(summed.saturating_sub(known)).unwrap_or(i64::MAX));
        known = summed;
    });
    bets.await?;
    count(books, year, progress).await?;
    let left = markets_with_bets(books, year).await?;
    if let Some(market) = left.first() {
        bail!(
            "the ledger's {year} has transfers of {} markets whose bets are not archived, such as {market}",
            left.len()
        );
    }
    ledger::archive(&books.account, year, |_| ()).await?;
    Ok(())
}

/// The markets that the ledger's counted year has transfers of, and whose bets betting still has: their bets could not be
/// compared with the ledger any more.
async fn markets_with_bets(books: &Books, year: i32) -> sqlx::Result<Vec<MarketId>> {
    let (mut left, mut after) = (Vec::new(), None);
    loop {
        let markets = ledger::markets(&books.account, year, after, MARKETS).await?;
        let Some(last) = markets.last() else { return Ok(left) };
        after = Some(*last);
        let archived = betting::archived_markets(&books.betting, &markets).await?;
        left.extend(markets.into_iter().filter(|market| !archived.contains(market)));
    }
}
