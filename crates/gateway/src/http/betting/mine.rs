//! One's own bets over all cells of betting. A bet's id does not say where its market is, so that all are asked, side by side.

use std::cmp::Reverse;

use futures::future::join_all;
use loljoa_proto::betting::v1::{
    Bet, CancelBetRequest, CancelBetResponse, GetBetRequest, GetBetResponse, ListBetsRequest,
    ListBetsResponse, Market, betting_service_client::BettingServiceClient,
};
use loljoa_service_kit::{AccountId, BetId, Error, ErrorCode, grpc::Channel, page};

use crate::{
    app::App,
    call::repeat,
    cells::{self, CellPage},
};

type Betting = BettingServiceClient<Channel>;

/// One's own bets, newest first.
///
/// # Errors
///
/// When a cell does not answer.
pub(super) async fn list(app: &App, request: ListBetsRequest) -> Result<ListBetsResponse, Error> {
    let bettings = app.services.bettings();
    if bettings.count() == 1 {
        return repeat!(bettings.first(), list_bets, request);
    }
    let limit = usize::try_from(page::limit(request.limit)?).unwrap_or_default();
    let places = cells::places(&request.cursor, usize::from(bettings.count()))?;
    let read = |cell: usize, cursor| {
        let betting = bettings.iter().nth(cell).cloned();
        let request = ListBetsRequest { cursor, ..request.clone() };
        async move {
            let betting = betting.ok_or_else(cells::unknown)?;
            let ListBetsResponse { bets, markets, next_cursor } = repeat!(betting, list_bets, request)?;
            let on_market = |bet: Bet| {
                let market = markets.iter().find(|market| market.market_id == bet.market_id).cloned();
                (bet, market)
            };
            Ok(CellPage { items: bets.into_iter().map(on_market).collect(), next_cursor })
        }
    };
    let newest = |(bet, _): &(Bet, Option<Market>)| {
        Reverse(bet.placed_at.map_or((0, 0), |time| (time.seconds, time.nanos)))
    };
    let (page, places) = cells::merged(places, limit, read, newest).await?;
    let (bets, markets): (Vec<_>, Vec<_>) = page.into_iter().unzip();
    let mut markets: Vec<_> = markets.into_iter().flatten().collect();
    markets.sort_by(|one, other| one.market_id.cmp(&other.market_id));
    markets.dedup_by(|one, other| one.market_id == other.market_id);
    Ok(ListBetsResponse { bets, markets, next_cursor: cells::cursor(&places) })
}

/// A bet, and the cell that has it.
///
/// # Errors
///
/// `bet_not_found` when all cells say so; while one does not answer, nobody knows.
pub(super) async fn find(
    app: &App,
    account: AccountId,
    bet: BetId,
) -> Result<(Betting, GetBetResponse), Error> {
    let request = GetBetRequest { account_id: account.to_string(), bet_id: bet.to_string() };
    let bettings = app.services.bettings();
    let looks = bettings.iter().map(|cell| {
        let (cell, request) = (cell.clone(), request.clone());
        async move {
            let found = repeat!(cell, get_bet, request)?;
            Ok::<_, Error>((cell, found))
        }
    });
    let mut failed = None;
    for look in join_all(looks).await {
        match look {
            Ok(found) => return Ok(found),
            // That it is elsewhere says less than that a cell did not answer.
            Err(error) if error.code == ErrorCode::NotFound => _ = failed.get_or_insert(error),
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.unwrap_or_else(cells::unknown))
}

/// Takes a bet back.
///
/// # Errors
///
/// As [`find`], and as betting says.
pub(super) async fn cancel(app: &App, account: AccountId, bet: BetId) -> Result<CancelBetResponse, Error> {
    let bettings = app.services.bettings();
    let cell =
        if bettings.count() == 1 { bettings.first().clone() } else { find(app, account, bet).await?.0 };
    let request = CancelBetRequest { account_id: account.to_string(), bet_id: bet.to_string() };
    repeat!(cell, cancel_bet, request)
}
