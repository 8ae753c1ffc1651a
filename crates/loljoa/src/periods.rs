//! Taking a year away from both services, when all of it is over: betting's bets first, then the ledger's transfers.

use anyhow::bail;
use loljoa_account::periods as ledger;
use loljoa_betting::periods as betting;
use loljoa_service_kit::MarketId;

use crate::{audit::Books, progress::Progress};

/// Markets of one look.
const MARKETS: i64 = 1_000;

/// Which service has a year of its own. One that was not there at the year's beginning, or that did not run all year, has none,
/// and then there is nothing to archive in it.
#[derive(Clone, Copy, Debug)]
struct Has {
    betting: bool,
    ledger: bool,
}

async fn who_has(books: &Books, year: i32) -> sqlx::Result<Has> {
    let bets = betting::list(&books.betting).await?;
    let transfers = ledger::list(&books.account).await?;
    Ok(Has {
        betting: bets.iter().any(|it| it.period == year),
        ledger: transfers.iter().any(|it| it.period == year),
    })
}

/// Why a year cannot be archived, in sentences; nothing when it can, or is. The ledger's stakes, and its markets, are only
/// known once they are [`count`]ed.
///
/// # Errors
///
/// When a database does not answer.
pub async fn obstacles(books: &Books, year: i32) -> sqlx::Result<Vec<String>> {
    let has = who_has(books, year).await?;
    if !has.betting && !has.ledger {
        return Ok(vec![format!("there is no year {year}")]);
    }
    let of = |name: &'static str| move |obstacle: String| format!("{name}: {obstacle}");
    let mut obstacles = Vec::new();
    if has.betting {
        obstacles.extend(betting::obstacles(&books.betting, year).await?.into_iter().map(of("betting")));
    }
    if has.ledger {
        obstacles.extend(ledger::obstacles(&books.account, year).await?.into_iter().map(of("ledger")));
        let later = later_markets(books, year).await?;
        obstacles.extend(later.first().map(|market| {
            let count = later.len();
            format!("ledger: {count} of its markets are of a later year in betting, such as {market}")
        }));
    }
    Ok(obstacles)
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
    let has = who_has(books, year).await?;
    if has.betting {
        progress.begin("bets");
        let mut known = 0;
        let bets = betting::archive(&books.betting, year, |summed| {
            progress.advance(i64::try_from(summed.saturating_sub(known)).unwrap_or(i64::MAX));
            known = summed;
        });
        bets.await?;
    }
    if !has.ledger {
        return Ok(());
    }
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

/// The markets that the ledger's counted year has transfers of, and that betting opened in a later one. There are some when
/// the ledger's year was turned late.
async fn later_markets(books: &Books, year: i32) -> sqlx::Result<Vec<MarketId>> {
    let left = markets_with_bets(books, year).await?;
    betting::markets_after(&books.betting, year, &left).await
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
