//! Markets, for everybody.

use std::sync::Arc;

use axum::extract::State;
use loljoa_proto::betting::v1::{self as pb, GetMarketRequest, ListMarketsRequest, ListMarketsResponse};
use loljoa_service_kit::{Error, MarketId, MatchId, Slot, page};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    api::{
        Page,
        market::{Market, Rendered},
        required,
    },
    app::App,
    betting::looks::MAX_MATCHES,
    call::repeat,
    cells::{self, CellPage},
    http::extract::{Path, Query, Result, json, limit},
};

/// Which markets.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MarketParams {
    /// Only markets of these matches, at most 100; without any, all that are not over.
    #[serde(default)]
    #[param(value_type = Vec<Uuid>, required = false)]
    match_id: Vec<MatchId>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i32>,
    /// A page's `nextCursor`.
    #[param(min_length = 1)]
    #[serde(default)]
    cursor: String,
}

/// Markets, with pool, odds, bettors and top bettor of each outcome. Those of given matches are as they were at most a quarter of a
/// second ago, and with the bets that the same replica has taken; of two answers the one with the higher `revision` is newer.
#[utoipa::path(get, path = "/api/betting/markets",
    operation_id = "listMarkets", tag = "betting", params(MarketParams),
    responses((status = 200, body = Page<Market>)))]
pub(crate) async fn list(State(app): State<Arc<App>>, Query(filter): Query<MarketParams>) -> Result {
    let limit = limit(filter.limit)?;
    if let Some(page) = on_one_page(&app, &filter, limit).await? {
        return Ok(json(page));
    }
    let request = ListMarketsRequest {
        match_ids: filter.match_id.iter().map(ToString::to_string).collect(),
        limit,
        cursor: filter.cursor,
    };
    let response = over_all_cells(&app, request).await?;
    let markets = app.usernames.name(response.markets).await?;
    Ok(json(Page::new(markets, response.next_cursor)))
}

/// A page of markets, by lock, of all cells. A cell has none of the matches that are not its own.
async fn over_all_cells(app: &App, request: ListMarketsRequest) -> Result<ListMarketsResponse, Error> {
    let bettings = app.services.bettings();
    if bettings.count() == 1 {
        return repeat!(bettings.first(), list_markets, request);
    }
    let limit = usize::try_from(page::limit(request.limit)?).unwrap_or_default();
    let places = cells::places(&request.cursor, usize::from(bettings.count()))?;
    let read = |cell: usize, cursor| {
        let betting = bettings.iter().nth(cell).cloned();
        let request = ListMarketsRequest { cursor, ..request.clone() };
        async move {
            let betting = betting.ok_or_else(cells::unknown)?;
            let page = repeat!(betting, list_markets, request)?;
            Ok(CellPage { items: page.markets, next_cursor: page.next_cursor })
        }
    };
    let by_lock = |market: &pb::Market| {
        (market.lock_at.map_or((0, 0), |time| (time.seconds, time.nanos)), market.market_id.clone())
    };
    let (markets, places) = cells::merged(places, limit, read, by_lock).await?;
    Ok(ListMarketsResponse { markets, next_cursor: cells::cursor(&places) })
}

/// All markets of some matches, which others look at as well, if they fit one page.
async fn on_one_page(
    app: &App,
    filter: &MarketParams,
    limit: i32,
) -> Result<Option<Page<Arc<Rendered>>>, Error> {
    let matches = &filter.match_id;
    if matches.is_empty() || matches.len() > MAX_MATCHES || !filter.cursor.is_empty() {
        return Ok(None);
    }
    let markets = app.markets.present(matches).await?;
    let fit = usize::try_from(page::limit(limit)?).is_ok_and(|limit| markets.len() <= limit);
    Ok(fit.then(|| Page::whole(markets.iter().map(|snapshot| Arc::clone(&snapshot.market)).collect())))
}

/// One market.
#[utoipa::path(get, path = "/api/betting/markets/{marketId}", operation_id = "getMarket", tag = "betting",
    params(("marketId" = Uuid, Path)), responses((status = 200, body = Market)))]
pub(crate) async fn one(State(app): State<Arc<App>>, Path(market_id): Path<MarketId>) -> Result {
    let request = GetMarketRequest { market_id: market_id.to_string() };
    let response = repeat!(app.services.betting_at(Slot::of_market(market_id)), get_market, request)?;
    answer(&app, response.market).await
}

/// The JSON of one market, of which this replica takes note.
pub(crate) async fn answer(app: &App, market: Option<pb::Market>) -> Result {
    let market = required(app.usernames.name(vec![required(market)?]).await?.pop())?;
    app.markets.note(std::slice::from_ref(&market));
    Ok(json(&*market))
}
