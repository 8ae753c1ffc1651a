//! Taking a year away from both services, when all of it is over: betting's bets first, then the ledger's transfers.
//!
//! Where the ledger's year was turned late, it has stakes of markets that betting opened a year later. Then betting's year is
//! archived alone, and the ledger's waits for those markets: archiving the next year takes it along.

use anyhow::bail;
use loljoa_account::periods as ledger;
use loljoa_betting::periods as betting;
use loljoa_service_kit::MarketId;

use crate::{audit::Books, progress::Progress};

/// Markets of one look.
const MARKETS: i64 = 1_000;

/// What archiving a year takes away.
#[derive(Debug, Default)]
struct Taken {
    /// Whether betting has that year. A service that was not there at its beginning, or that did not run all year, has none.
    betting: bool,
    /// The ledger's years, the oldest first: those that waited for the bets of this one, and its own if it has one.
    ledger: Vec<i32>,
}

impl Taken {
    async fn with(books: &Books, year: i32) -> sqlx::Result<Self> {
        let bets = betting::list(&books.betting).await?;
        let transfers = ledger::list(&books.account).await?;
        let waited = |it: &ledger::Period| {
            it.period < year
                && it.archived_at.is_none()
                && bets.iter().any(|bets| bets.period == it.period && bets.archived_at.is_some())
        };
        Ok(Self {
            betting: bets.iter().any(|it| it.period == year),
            ledger: transfers
                .iter()
                .filter(|it| it.period == year || waited(it))
                .map(|it| it.period)
                .collect(),
        })
    }
}

/// Why a year cannot be archived, in sentences; nothing when it can, or is. The ledger's stakes are only known once they are
/// [`count`]ed.
///
/// # Errors
///
/// When a database does not answer.
pub async fn obstacles(books: &Books, year: i32) -> sqlx::Result<Vec<String>> {
    let taken = Taken::with(books, year).await?;
    if !taken.betting && !taken.ledger.contains(&year) {
        return Ok(vec![format!("there is no year {year}")]);
    }
    let mut obstacles = Vec::new();
    if taken.betting {
        let of_betting = betting::obstacles(&books.betting, year).await?;
        obstacles.extend(of_betting.into_iter().map(|obstacle| format!("betting: {obstacle}")));
    }
    for period in &taken.ledger {
        let of_ledger = ledger::obstacles(&books.account, *period, &taken.ledger).await?;
        let whose = if *period == year { "ledger".to_owned() } else { format!("ledger's {period}") };
        obstacles.extend(of_ledger.into_iter().map(|obstacle| format!("{whose}: {obstacle}")));
    }
    Ok(obstacles)
}

/// What of the ledger would stay when a year is archived, in sentences, once it is [`count`]ed: years with stakes of markets
/// that betting opened later.
///
/// # Errors
///
/// When a database does not answer.
pub async fn waiting(books: &Books, year: i32) -> sqlx::Result<Vec<String>> {
    let taken = Taken::with(books, year).await?;
    for period in taken.ledger {
        let left = markets_with_bets(books, period).await?;
        let later = betting::markets_after(&books.betting, year, &left).await?;
        if !later.is_empty() {
            return Ok(vec![waits(period, &later)]);
        }
    }
    Ok(Vec::new())
}

/// Counts what the ledger's years have done, if they have ended. Nothing is taken away by it, and nothing counted twice.
///
/// # Errors
///
/// When the database does not answer.
pub async fn count(books: &Books, year: i32, progress: &Progress) -> sqlx::Result<()> {
    progress.begin("transfers");
    for period in Taken::with(books, year).await?.ledger {
        let advance = |more| progress.advance(i64::try_from(more).unwrap_or(i64::MAX));
        ledger::count(&books.account, period, advance).await?;
    }
    Ok(())
}

/// Takes a year away, and says what of the ledger waits for a later one. Interrupted, it goes on where it was; where all is
/// done, it does nothing.
///
/// # Errors
///
/// When something stands in the way, or a database does not answer.
pub async fn archive(books: &Books, year: i32, progress: &Progress) -> anyhow::Result<Vec<String>> {
    let obstacles = obstacles(books, year).await?;
    if !obstacles.is_empty() {
        bail!("{}", obstacles.join("\n"));
    }
    let taken = Taken::with(books, year).await?;
    if taken.betting {
        archive_bets(books, year, progress).await?;
    }
    count(books, year, progress).await?;
    for period in taken.ledger {
        let left = markets_with_bets(books, period).await?;
        if !left.is_empty() {
            return Ok(vec![waits(period, &left)]);
        }
        ledger::archive(&books.account, period, |_| ()).await?;
    }
    Ok(Vec::new())
}

async fn archive_bets(books: &Books, year: i32, progress: &Progress) -> anyhow::Result<()> {
    progress.begin("bets");
    let mut known = 0;
    let bets = betting::archive(&books.betting, year, |summed| {
        progress.advance(i64::try_from(summed.saturating_sub(known)).unwrap_or(i64::MAX));
        known = summed;
    });
    bets.await?;
    Ok(())
}

fn waits(period: i32, markets: &[MarketId]) -> String {
    let such_as = markets.first().map(|market| format!(", such as {market}")).unwrap_or_default();
    format!(
        "the ledger's {period} waits: betting still has the bets of {} of its markets{such_as}",
        markets.len()
    )
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
