//! What admins look at and remove when something was brought in wrongly.

use std::{collections::BTreeMap, sync::Arc};

use axum::extract::State;
use loljoa_proto::{
    betting::v1::{PreviewMatchesRequest, TouchedMarket},
    league_schedule::v1::{self as pb, ListSuspectsRequest, RemoveMatchRequest},
};
use loljoa_service_kit::{Error, MatchId};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    api::{
        repair::{RemovedMatch, Staked, Suspects},
        required,
    },
    app::App,
    auth::Admin,
    call::repeat,
    http::extract::{Path, Query, Result, json},
};

/// What stays in place of a removed match.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RemoveParams {
    /// The match that stays, of which the removed one is a double: between the same teams, in the same tournament. It takes the result of
    /// the removed one if it has none.
    #[param(value_type = Option<Uuid>)]
    in_favour_of: Option<MatchId>,
}

/// Removes a match that never was; it is shown nowhere any more. Refused with `match_has_stakes` while points are staked on it. A bet
/// that is placed while it is being removed is not lost: its market becomes void and the stake goes back. Removing twice succeeds.
#[utoipa::path(delete, path = "/api/league/matches/{matchId}", operation_id = "removeMatch", tag = "league",
    params(("matchId" = Uuid, Path), RemoveParams), responses((status = 200, body = RemovedMatch)))]
pub(crate) async fn remove_match(
    State(app): State<Arc<App>>,
    admin: Admin,
    Path(match_id): Path<MatchId>,
    Query(params): Query<RemoveParams>,
) -> Result {
    let in_favour_of = params.in_favour_of.map(|id| id.to_string()).unwrap_or_default();
    let request = RemoveMatchRequest { match_id: match_id.to_string(), in_favour_of, dry_run: false };
    let league = app.services.league_admin(&admin);
    let dry_run = RemoveMatchRequest { dry_run: true, ..request.clone() };
    let ahead = repeat!(league, remove_match, dry_run)?;
    let markets = touched(&app, &admin, vec![required(ahead.r#match)?]).await?;
    let staked: i64 = markets.iter().map(|market| market.pool).sum();
    if staked > 0 {
        let message = format!("{staked} points are staked on the match");
        return Err(Error::conflict("match_has_stakes", message).into());
    }
    Ok(json(RemovedMatch::try_from(repeat!(league, remove_match, request)?)?))
}

/// Matches that were probably brought in wrongly, what would mend them, and what is staked on them by whom. Matches of replays are left out.
#[utoipa::path(get, path = "/api/league/suspects", operation_id = "listSuspects", tag = "league",
    responses((status = 200, body = Suspects)))]
pub(crate) async fn suspects(State(app): State<Arc<App>>, admin: Admin) -> Result {
    let found = repeat!(app.services.league_admin(&admin), list_suspects, ListSuspectsRequest {})?;
    let matches = found.suspects.iter().flat_map(|suspect| &suspect.matches);
    let matches: BTreeMap<_, _> = matches.map(|found| (&found.match_id, cancelled(found.clone()))).collect();
    let markets = touched(&app, &admin, matches.into_values().collect()).await?;
    let names = app.usernames.of_stakes(&markets).await;
    Ok(json(Suspects::new(found, &Staked::by_match(markets, &names)?)?))
}

/// A match as betting would hear of it, were it removed.
fn cancelled(found: pb::Match) -> pb::Match {
    let (winner_id, forfeited_by_id) = (String::new(), String::new());
    pb::Match { state: pb::MatchState::Cancelled.into(), winner_id, forfeited_by_id, ..found }
}

/// The markets that would change with these matches.
async fn touched(
    app: &App,
    admin: &Admin,
    matches: Vec<pb::Match>,
) -> std::result::Result<Vec<TouchedMarket>, Error> {
    if matches.is_empty() {
        return Ok(Vec::new());
    }
    let request = PreviewMatchesRequest { matches };
    Ok(repeat!(app.services.market_admin(admin), preview_matches, request)?.markets)
}
