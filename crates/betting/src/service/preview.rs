//! What changes of matches and contests would do to markets and the stakes on them, before anybody makes them.

use std::collections::HashMap;

use loljoa_service_kit::{Cell, Error, MarketId, MatchId, Points, postgres};
use sqlx::PgPool;

use super::life::news::News;
use crate::{
    domain::{
        Market,
        market::Bettors,
        preview::{self, Touched},
    },
    store,
};

/// Stakes of a market that are told by account.
const MOST_STAKES: i64 = 10;

/// Looks ahead, and writes nothing. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Preview {
    pool: PgPool,
    cell: Cell,
}

impl Preview {
    /// Looks at the markets in `pool`'s database.
    #[must_use]
    pub(crate) const fn new(pool: PgPool, cell: Cell) -> Self {
        Self { pool, cell }
    }

    /// What these changes of matches and contests would do, in their order. Their revisions do not count.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub(crate) async fn of(&self, changes: &[News]) -> Result<Vec<Touched>, Error> {
        let mut db = postgres::reading(&self.pool).await?;
        let matches: Vec<_> = changes.iter().map(News::id).collect();
        let known = store::matches::of(&mut *db, &matches).await?;
        let ids = store::markets::ids_of(&mut *db, &matches).await?;
        let markets = by_match(store::markets::load(&mut *db, &ids).await?);
        let now = store::now(&mut *db).await?;
        let mut touched: Vec<_> = changes
            .iter()
            .flat_map(|news| {
                let id = news.id();
                let markets = markets.get(&id).map_or(&[][..], Vec::as_slice);
                let plan = news.plan(known.get(&id), markets, now).in_cell(self.cell, id);
                preview::touched(id, &plan, markets, now)
            })
            .collect();
        let late = touched.iter().filter_map(|touched| Some((touched.market_id, touched.late_from?)));
        let (late, from): (Vec<_>, Vec<_>) = late.unzip();
        if !late.is_empty() {
            let stakes = store::late::stakes_from(&mut *db, &late, &from).await?;
            for touched in touched.iter_mut().filter(|touched| touched.late_from.is_some()) {
                touched.given_back = stakes.get(&touched.market_id).copied().unwrap_or_default();
            }
        }
        Ok(touched)
    }

    /// Who has staked on these markets; those without stakes are left out.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub(crate) async fn bettors(&self, touched: &[Touched]) -> Result<HashMap<MarketId, Bettors>, Error> {
        let staked = touched.iter().filter(|touched| touched.pool > Points::ZERO);
        let staked: Vec<_> = staked.map(|touched| touched.market_id).collect();
        if staked.is_empty() {
            return Ok(HashMap::new());
        }
        let mut db = postgres::reading(&self.pool).await?;
        Ok(store::positions::bettors(&mut *db, &staked, MOST_STAKES).await?)
    }
}

fn by_match(markets: Vec<Market>) -> HashMap<MatchId, Vec<Market>> {
    let mut by_match: HashMap<_, Vec<_>> = HashMap::new();
    for market in markets {
        by_match.entry(market.match_id).or_default().push(market);
    }
    by_match
}
