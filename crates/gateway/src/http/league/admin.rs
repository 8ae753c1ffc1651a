//! What admins do to the schedule.

use std::{collections::HashMap, mem, sync::Arc};

use axum::extract::State;
use http::{HeaderMap, StatusCode};
use loljoa_proto::{
    betting::v1::{self as betting, PreviewMatchesRequest},
    league_schedule::v1::{
        ChangedMatch, ImportSeasonRequest, Question, RecordResultRequest, SeasonFormat, UpdateMatchRequest,
    },
};
use loljoa_service_kit::{Error, MatchId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::preview::preview;
use crate::{
    api::{
        import::{ImportReport, TouchedMarket},
        league::Match,
        league_admin::{RecordResult, UpdateMatch},
        required, timestamp,
    },
    app::App,
    auth::Admin,
    call::{once, repeat},
    http::{
        extract::{Json, Path, Query, Raw, Result, json, media_type},
        problem::Problem,
    },
};

/// How to import.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportParams {
    /// Checks and reports, but changes nothing.
    #[serde(default)]
    dry_run: bool,
}

/// Brings a season's file in. The same file again changes nothing; one refused line refuses the whole file. A dry run tells what would
/// become of markets and the stakes on them, too.
#[utoipa::path(post, path = "/api/league/import",
    operation_id = "importSeason", tag = "league", params(ImportParams),
    request_body(description = "a season's file, 1 MiB or less",
        content((serde_json::Value = "application/json"), (String = "text/csv"))),
    responses((status = 200, body = ImportReport)))]
pub(crate) async fn import(
    State(app): State<Arc<App>>,
    admin: Admin,
    Query(params): Query<ImportParams>,
    headers: HeaderMap,
    Raw(content): Raw,
) -> Result {
    let format = match media_type(&headers).as_str() {
        "application/json" => SeasonFormat::Json,
        "text/csv" => SeasonFormat::Csv,
        _ => return Err(unknown_format()),
    };
    let request =
        ImportSeasonRequest { format: format.into(), content: content.to_vec(), dry_run: params.dry_run };
    let league = app.services.league_admin(&admin);
    if !params.dry_run {
        return Ok(json(ImportReport::new(once!(league, import_season, request)?, Vec::new())?));
    }
    let mut report = repeat!(league, import_season, request)?;
    let changed = (mem::take(&mut report.changed_matches), mem::take(&mut report.changed_questions));
    let markets = touched_markets(&app, &admin, changed).await?;
    Ok(json(ImportReport::new(report, markets)?))
}

/// What would become of the markets of these matches and questions.
async fn touched_markets(
    app: &App,
    admin: &Admin,
    (changed, questions): (Vec<ChangedMatch>, Vec<Question>),
) -> Result<Vec<TouchedMarket>, Error> {
    let changed = changed.into_iter().filter_map(|changed| Some((changed.line, changed.r#match?)));
    let (lines, matches): (Vec<_>, Vec<_>) = changed.unzip();
    let lines: HashMap<_, _> = matches.iter().map(|m| m.match_id.clone()).zip(lines).collect();
    let markets = preview(app, admin, PreviewMatchesRequest { matches, questions }).await?;
    let names = app.usernames.of_stakes(&markets).await;
    let line = |market: &betting::TouchedMarket| lines.get(&market.match_id).copied();
    markets.into_iter().map(|market| TouchedMarket::new(line(&market), market, &names)).collect()
}

fn unknown_format() -> Problem {
    let detail = "a season must be sent as application/json or text/csv";
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type_unsupported", detail)
}

/// Records a result or a forfeit. The result that stands already succeeds.
#[utoipa::path(post, path = "/api/league/matches/{matchId}/result",
    operation_id = "recordResult", tag = "league",
    params(("matchId" = Uuid, Path)), request_body = RecordResult, responses((status = 200, body = Match)))]
pub(crate) async fn record_result(
    State(app): State<Arc<App>>,
    admin: Admin,
    Path(match_id): Path<MatchId>,
    Json(result): Json<RecordResult>,
) -> Result {
    let request = RecordResultRequest {
        match_id: match_id.to_string(),
        team1_wins: result.team1_wins,
        team2_wins: result.team2_wins,
        forfeited_by_id: result.forfeited_by_id.map(|id| id.to_string()).unwrap_or_default(),
    };
    let response = repeat!(app.services.league_admin(&admin), record_result, request)?;
    Ok(json(Match::try_from(required(response.r#match)?)?))
}

/// Moves a match's start or cancels it.
#[utoipa::path(patch, path = "/api/league/matches/{matchId}", operation_id = "updateMatch", tag = "league",
    params(("matchId" = Uuid, Path)), request_body = UpdateMatch, responses((status = 200, body = Match)))]
pub(crate) async fn update_match(
    State(app): State<Arc<App>>,
    admin: Admin,
    Path(match_id): Path<MatchId>,
    Json(change): Json<UpdateMatch>,
) -> Result {
    let starts_at = change.starts_at.map(timestamp);
    let request = UpdateMatchRequest { match_id: match_id.to_string(), starts_at, cancel: change.cancel };
    let response = repeat!(app.services.league_admin(&admin), update_match, request)?;
    Ok(json(Match::try_from(required(response.r#match)?)?))
}
