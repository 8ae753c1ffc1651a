//! What anybody may see.

use std::sync::Arc;

use axum::extract::State;
use chrono::{DateTime, Utc};
use loljoa_proto::league_schedule::v1::{
    self as pb, GetMatchRequest, GetStandingsRequest, ListMatchesRequest, ListQuestionsRequest,
    ListTeamsRequest, ListTournamentsRequest,
};
use loljoa_service_kit::{MatchId, TournamentId};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    api::{
        Page, all,
        league::{ListedTeam, Match, MatchState, Tournament},
        question::Question,
        required,
        standings::Standings,
        timestamp,
    },
    app::App,
    call::repeat,
    http::extract::{Path, Query, Result, json, limit},
};

/// All tournaments.
#[utoipa::path(get, path = "/api/league/tournaments", operation_id = "listTournaments", tag = "league",
    responses((status = 200, body = Page<Tournament>)))]
pub(crate) async fn tournaments(State(app): State<Arc<App>>) -> Result {
    let response = repeat!(app.services.league(), list_tournaments, ListTournamentsRequest {})?;
    Ok(json(Page::<Tournament>::whole(all(response.tournaments)?)))
}

/// Which teams.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TeamParams {
    /// Only teams of this tournament.
    #[param(value_type = Option<Uuid>)]
    tournament: Option<TournamentId>,
}

/// All teams, each with its club's former codes and the one of now.
#[utoipa::path(get, path = "/api/league/teams",
    operation_id = "listTeams", tag = "league", params(TeamParams),
    responses((status = 200, body = Page<ListedTeam>)))]
pub(crate) async fn teams(State(app): State<Arc<App>>, Query(filter): Query<TeamParams>) -> Result {
    let tournament_id = filter.tournament.map(|id| id.to_string()).unwrap_or_default();
    let response = repeat!(app.services.league(), list_teams, ListTeamsRequest { tournament_id })?;
    Ok(json(Page::<ListedTeam>::whole(all(response.teams)?)))
}

/// Which matches.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MatchParams {
    /// Only matches of this tournament.
    #[param(value_type = Option<Uuid>)]
    tournament: Option<TournamentId>,
    /// A block's name, or a bare week number such as `3`.
    #[param(min_length = 1, max_length = 100, pattern = "^[^\\u0000-\\u001F\\u007F-\\u009F]*$")]
    #[serde(default)]
    week: String,
    /// A team's code, in any case, or its id.
    #[param(min_length = 1)]
    #[serde(default)]
    team: String,
    /// Only matches in this state.
    #[param(inline)]
    state: Option<MatchState>,
    /// Only matches that start at this time or later, from 2001 to 2099.
    #[param(value_type = Option<String>, format = DateTime, pattern = "^20(0[1-9]|[1-9][0-9])-")]
    from: Option<DateTime<Utc>>,
    /// Only matches that start before this time, from 2001 to 2099.
    #[param(value_type = Option<String>, format = DateTime, pattern = "^20(0[1-9]|[1-9][0-9])-")]
    to: Option<DateTime<Utc>>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i32>,
    /// A page's `nextCursor`.
    #[param(min_length = 1)]
    #[serde(default)]
    cursor: String,
}

/// Matches by start time, earliest first.
#[utoipa::path(get, path = "/api/league/matches",
    operation_id = "listMatches", tag = "league", params(MatchParams),
    responses((status = 200, body = Page<Match>)))]
pub(crate) async fn matches(State(app): State<Arc<App>>, Query(filter): Query<MatchParams>) -> Result {
    let request = ListMatchesRequest {
        tournament_id: filter.tournament.map(|id| id.to_string()).unwrap_or_default(),
        week: filter.week,
        team: filter.team,
        state: filter.state.map_or(pb::MatchState::Unspecified, pb::MatchState::from).into(),
        from: filter.from.map(timestamp),
        to: filter.to.map(timestamp),
        limit: limit(filter.limit)?,
        cursor: filter.cursor,
    };
    let response = repeat!(app.services.league(), list_matches, request)?;
    Ok(json(Page::<Match>::new(all(response.matches)?, response.next_cursor)))
}

/// One match.
#[utoipa::path(get, path = "/api/league/matches/{matchId}", operation_id = "getMatch", tag = "league",
    params(("matchId" = Uuid, Path)), responses((status = 200, body = Match)))]
pub(crate) async fn one_match(State(app): State<Arc<App>>, Path(match_id): Path<MatchId>) -> Result {
    let request = GetMatchRequest { match_id: match_id.to_string() };
    let response = repeat!(app.services.league(), get_match, request)?;
    Ok(json(Match::try_from(required(response.r#match)?)?))
}

/// Which standings.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StandingsParams {
    /// The tournament.
    #[param(value_type = Uuid)]
    tournament: TournamentId,
}

/// Where the teams of a tournament stand: in the table that the league goes by, and stage by stage.
#[utoipa::path(get, path = "/api/league/standings",
    operation_id = "listStandings", tag = "league", params(StandingsParams),
    responses((status = 200, body = Standings)))]
pub(crate) async fn standings(State(app): State<Arc<App>>, Query(filter): Query<StandingsParams>) -> Result {
    let request = GetStandingsRequest { tournament_id: filter.tournament.to_string() };
    let response = repeat!(app.services.league(), get_standings, request)?;
    Ok(json(Standings::try_from(response)?))
}

/// Which questions.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct QuestionParams {
    /// Only questions about this tournament.
    #[param(value_type = Option<Uuid>)]
    tournament: Option<TournamentId>,
}

/// Questions about whole stages, by the stage's beginning.
#[utoipa::path(get, path = "/api/league/questions",
    operation_id = "listQuestions", tag = "league", params(QuestionParams),
    responses((status = 200, body = Page<Question>)))]
pub(crate) async fn questions(State(app): State<Arc<App>>, Query(filter): Query<QuestionParams>) -> Result {
    let tournament_id = filter.tournament.map(|id| id.to_string()).unwrap_or_default();
    let response = repeat!(app.services.league(), list_questions, ListQuestionsRequest { tournament_id })?;
    Ok(json(Page::<Question>::whole(all(response.questions)?)))
}
