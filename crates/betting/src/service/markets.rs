//! Reading markets.

use std::collections::HashMap;

use loljoa_service_kit::{Error, MarketId, MatchId, page, postgres};
use sqlx::{PgConnection, PgPool};

use crate::{domain::Market, store};

/// The most matches that can be asked for at once.
pub(crate) const MAX_MATCHES: usize = 100;
/// The most markets that a watcher is told of at first.
const MAX_WATCHED: i64 = 2_000;

/// A market.
///
/// # Errors
///
/// `market_not_found`.
pub(crate) async fn get(pool: &PgPool, id: MarketId) -> Result<Market, Error> {
    find(pool, id).await?.ok_or_else(not_found)
}

/// A market, if there is one of this id.
///
/// # Errors
///
/// When the database does not answer.
pub(crate) async fn find(pool: &PgPool, id: MarketId) -> Result<Option<Market>, Error> {
    Ok(store::markets::load(&mut *postgres::reading(pool).await?, &[id]).await?.pop())
}

/// There is no such market.
pub(super) fn not_found() -> Error {
    Error::not_found("market_not_found", "there is no such market")
}

/// A page of the markets of these matches, or of all that are not final, by lock.
///
/// # Errors
///
/// `too_many_matches`, `limit_out_of_range`, `cursor_malformed`.
pub(crate) async fn list(
    pool: &PgPool,
    matches: &[MatchId],
    limit: i32,
    cursor: &str,
) -> Result<(Vec<Market>, String), Error> {
    check_matches(matches)?;
    let (limit, after) = (page::limit(limit)?, page::decode_cursor(cursor)?);
    let mut db = postgres::reading(pool).await?;
    let mut places = store::markets::list(&mut *db, matches, after, limit + 1).await?;
    let next_cursor = super::next_cursor(&mut places, limit, |place| *place);
    Ok((load_in_order(&mut db, &places).await?, next_cursor))
}

/// All markets that a watcher of these matches begins with.
pub(super) async fn watched(pool: &PgPool, matches: &[MatchId]) -> Result<Vec<Market>, Error> {
    check_matches(matches)?;
    let mut db = postgres::reading(pool).await?;
    let places = store::markets::list(&mut *db, matches, None, MAX_WATCHED).await?;
    load_in_order(&mut db, &places).await
}

fn check_matches(matches: &[MatchId]) -> Result<(), Error> {
    if matches.len() <= MAX_MATCHES {
        return Ok(());
    }
    Err(Error::invalid_field("matchId", "too_many_matches", format!("must be {MAX_MATCHES} or fewer")))
}

async fn load_in_order(
    db: &mut PgConnection,
    places: &[store::markets::ListPosition],
) -> Result<Vec<Market>, Error> {
    let ids: Vec<_> = places.iter().map(|(_, id)| *id).collect();
    let loaded = store::markets::load(db, &ids).await?;
    let mut loaded: HashMap<_, _> = loaded.into_iter().map(|market| (market.market_id, market)).collect();
    Ok(ids.iter().filter_map(|id| loaded.remove(id)).collect())
}
