//! Ranks over all cells of account: each counts its own accounts.

use std::cmp::Reverse;

use futures::future::try_join_all;
use loljoa_proto::account::v1::{Account, ListLeaderboardRequest, ListLeaderboardResponse};
use loljoa_service_kit::{AccountId, Error, Slot, page};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    call::repeat,
    cells::{self, CellPage, Places},
};

/// Where a page of the leaderboard ends, and what has been counted up to there.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Mark {
    places: Places,
    profit: i64,
    rank: i64,
    counted: i64,
}

/// Makes the rank that an account has in its cell the one that it has among all. Where a cell does not answer it stays as it is.
pub(super) async fn over_all_cells(app: &App, account: &mut Account) {
    if app.services.accounts().count() == 1 {
        return;
    }
    match better(app, account.profit).await {
        Ok(better) => account.rank = better + 1,
        Err(error) => tracing::warn!(
            event = "ranking.failed",
            %error, "a rank could not be counted over all cells"
        ),
    }
}

/// Accounts by profit, best first, of all cells.
///
/// # Errors
///
/// When a cell does not answer.
pub(super) async fn leaderboard(
    app: &App,
    request: ListLeaderboardRequest,
) -> Result<ListLeaderboardResponse, Error> {
    let accounts = app.services.accounts();
    if accounts.count() == 1 {
        return repeat!(accounts.first(), list_leaderboard, request);
    }
    let limit = usize::try_from(page::limit(request.limit)?).unwrap_or_default();
    let mark: Option<Mark> = page::decode_cursor(&request.cursor)?;
    let places = match &mark {
        Some(mark) => mark.places.clone(),
        None => cells::places("", usize::from(accounts.count()))?,
    };
    let read = |cell: usize, cursor| {
        let account = accounts.iter().nth(cell).cloned();
        let request = ListLeaderboardRequest { cursor, account_id: String::new(), ..request.clone() };
        async move {
            let account = account.ok_or_else(cells::unknown)?;
            let page = repeat!(account, list_leaderboard, request)?;
            Ok(CellPage { items: page.accounts, next_cursor: page.next_cursor })
        }
    };
    let by_profit = |account: &Account| (Reverse(account.profit), account.account_id.clone());
    let (mut page, places) = cells::merged(places, limit, read, by_profit).await?;
    let better = match page.first() {
        Some(first) if mark.is_none() => better(app, first.profit).await?,
        _ => 0,
    };
    let last = rank(&mut page, mark.map(|mark| (mark.profit, mark.rank, mark.counted)), better);
    let more = places.iter().any(Option::is_some);
    let next_cursor = match last.filter(|_| more) {
        Some((profit, rank, counted)) => page::encode_cursor(&Mark { places, profit, rank, counted }),
        None => String::new(),
    };
    Ok(ListLeaderboardResponse {
        accounts: page,
        next_cursor,
        own: own(app, &request.account_id).await?,
        better: 0,
    })
}

/// The asking account with its rank.
async fn own(app: &App, account_id: &str) -> Result<Option<Account>, Error> {
    if account_id.is_empty() {
        return Ok(None);
    }
    let account_id = AccountId::parse(account_id)?;
    let account = app.services.account_at(Slot::of_account(account_id));
    let request =
        ListLeaderboardRequest { limit: 1, account_id: account_id.to_string(), ..Default::default() };
    let mut own = repeat!(account, list_leaderboard, request)?.own;
    if let Some(own) = &mut own {
        own.rank = better(app, own.profit).await? + 1;
    }
    Ok(own)
}

/// How many accounts of all cells have a greater profit.
async fn better(app: &App, profit: i64) -> Result<i64, Error> {
    let accounts = app.services.accounts();
    let counted = accounts.iter().map(|account| {
        let request = ListLeaderboardRequest { limit: 1, better_than: Some(profit), ..Default::default() };
        async move { Ok::<_, Error>(repeat!(account, list_leaderboard, request)?.better) }
    });
    Ok(try_join_all(counted).await?.into_iter().sum())
}

/// Gives each account of a page its rank, as account does for its own: 1 + the number of accounts with a greater profit. `last` is the
/// profit, the rank and the count of the account before the page.
fn rank(page: &mut [Account], mut last: Option<(i64, i64, i64)>, better: i64) -> Option<(i64, i64, i64)> {
    for account in page {
        let counted = last.map_or(better, |(_, _, counted)| counted) + 1;
        account.rank = match last {
            Some((profit, rank, _)) if profit == account.profit => rank,
            _ => counted,
        };
        last = Some((account.profit, account.rank, counted));
    }
    last
}
