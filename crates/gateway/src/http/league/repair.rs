//! What admins look at and remove when something was brought in wrongly.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use axum::extract::State;
use loljoa_proto::{
    betting::v1::{MarketEffect, PreviewMatchesRequest, TouchedMarket},
    league_schedule::v1::{self as pb, ListSuspectsRequest, RemoveMatchRequest},
};
use loljoa_service_kit::{Error, MatchId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::preview::preview;
use crate::{
    api::{
        repair::{RemovedMatch, Suspects},
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

/// Removes a match that never was; it is shown nowhere any more. Refused with `match_has_stakes` while points are staked on it, or on a
/// question about its stage that would end with it. A bet that is placed while it is being removed is not lost: its market becomes void
/// and the stake goes back. Removing twice succeeds.
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
    let (matches, questions) = (vec![required(ahead.r#match)?], ahead.changed_questions);
    let markets = preview(&app, &admin, PreviewMatchesRequest { matches, questions }).await?;
    if let Some(message) = stakes_in_the_way(match_id, &markets) {
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
    let matches = matches.into_values().collect();
    let questions = found.suspects.iter().flat_map(|suspect| &suspect.changed_questions);
    // The same question may be touched by several; the first of them speaks.
    let mut asked = HashSet::new();
    let questions = questions.filter(|question| asked.insert(&question.question_id)).cloned().collect();
    let markets = preview(&app, &admin, PreviewMatchesRequest { matches, questions }).await?;
    let names = app.usernames.of_stakes(&markets).await;
    Ok(json(Suspects::new(found, &by_match(markets), &names)?))
}

/// A match as betting would hear of it, were it removed.
fn cancelled(found: pb::Match) -> pb::Match {
    let (winner_id, forfeited_by_id) = (String::new(), String::new());
    pb::Match { state: pb::MatchState::Cancelled.into(), winner_id, forfeited_by_id, ..found }
}

/// Markets by the match or question that they are about.
fn by_match(markets: Vec<TouchedMarket>) -> HashMap<String, Vec<TouchedMarket>> {
    let mut by_match: HashMap<_, Vec<_>> = HashMap::new();
    for market in markets {
        by_match.entry(market.match_id.clone()).or_default().push(market);
    }
    by_match
}

/// Why a match cannot be removed: what is staked on it, or on a question about its stage that would be asked no more or otherwise.
fn stakes_in_the_way(match_id: MatchId, markets: &[TouchedMarket]) -> Option<String> {
    let id = match_id.to_string();
    let (own, others): (Vec<_>, Vec<_>) = markets.iter().partition(|market| market.match_id == id);
    let staked: i64 = own.iter().map(|market| market.pool).sum();
    if staked > 0 {
        return Some(format!("{staked} points are staked on the match"));
    }
    let ends =
        |market: &&&TouchedMarket| matches!(market.effect(), MarketEffect::Withdrawn | MarketEffect::Voided);
    let staked: i64 = others.iter().filter(ends).map(|market| market.pool).sum();
    (staked > 0).then(|| format!("{staked} points are staked on questions about its stage that would end"))
}
