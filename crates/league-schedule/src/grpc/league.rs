//! `LeagueService`: lists, standings and questions.

use chrono::{DateTime, Utc};
use loljoa_proto::league_schedule::v1::{
    GetMatchRequest, GetMatchResponse, GetStandingsRequest, GetStandingsResponse, ListMatchesRequest,
    ListMatchesResponse, ListQuestionsRequest, ListQuestionsResponse, ListTeamsRequest, ListTeamsResponse,
    ListTournamentsRequest, ListTournamentsResponse, league_service_server::LeagueService,
};
use loljoa_service_kit::{Error, MatchId, TeamId, TournamentId, page, postgres};
use sqlx::PgPool;
use tonic::{Request, Response, Status, async_trait};

use super::{convert, questions, standings};
use crate::{
    domain::{Team, season::words, time::is_plausible},
    error,
    service::{self, directory::Directory, teams},
    store::{self, matches::Filter},
};

/// No block's name is longer.
const MAX_BLOCK: usize = 100;

/// Answers the edge.
#[derive(Clone, Debug)]
pub(super) struct League {
    pool: PgPool,
}

impl League {
    /// Answers from `pool`'s database.
    #[must_use]
    pub(super) const fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    async fn tournaments(&self) -> Result<ListTournamentsResponse, Error> {
        let mut db = postgres::reading(&self.pool).await?;
        let tournaments = store::tournaments::list(&mut db).await?;
        Ok(ListTournamentsResponse {
            tournaments: tournaments.into_iter().map(convert::tournament).collect(),
        })
    }

    async fn teams(&self, request: ListTeamsRequest) -> Result<ListTeamsResponse, Error> {
        let of = optional(&request.tournament_id, |id| TournamentId::parse_field(id, "tournament"))?;
        let mut db = postgres::reading(&self.pool).await?;
        let teams = teams::list(&mut db, of).await?;
        Ok(ListTeamsResponse { teams: teams.into_iter().map(convert::listed).collect() })
    }

    async fn matches(&self, request: ListMatchesRequest) -> Result<ListMatchesResponse, Error> {
        let limit = page::limit(request.limit)?;
        let filter = filter(&request)?;
        let mut db = postgres::reading(&self.pool).await?;
        let mut matches = store::matches::list(&mut db, &filter, limit + 1).await?;
        let more = i64::try_from(matches.len()).is_ok_and(|found| found > limit);
        if more {
            matches.pop();
        }
        let last = matches.last().filter(|_| more).map(|m| (m.starts_at, m.match_id));
        let directory = Directory::of(&mut db, &matches).await?;
        Ok(ListMatchesResponse {
            matches: convert::games(&matches, &directory),
            next_cursor: last.map(|position| page::encode_cursor(&position)).unwrap_or_default(),
        })
    }

    async fn one_match(&self, request: GetMatchRequest) -> Result<GetMatchResponse, Error> {
        let id = MatchId::parse(&request.match_id)?;
        let mut db = postgres::reading(&self.pool).await?;
        let found = store::matches::get(&mut db, id).await?.filter(|found| !found.removed);
        let found = found.ok_or_else(error::match_unknown)?;
        let directory = Directory::of(&mut db, std::slice::from_ref(&found)).await?;
        Ok(GetMatchResponse { r#match: Some(convert::game(&found, &directory)) })
    }

    async fn standings(&self, request: GetStandingsRequest) -> Result<GetStandingsResponse, Error> {
        let id = TournamentId::parse_field(&request.tournament_id, "tournament")?;
        let mut db = postgres::reading(&self.pool).await?;
        store::tournaments::name(&mut db, id).await?.ok_or_else(error::tournament_unknown)?;
        let (stages, directory) = service::standings::of(&mut db, id).await?;
        Ok(standings::response(id, &stages, &directory))
    }

    async fn questions(&self, request: ListQuestionsRequest) -> Result<ListQuestionsResponse, Error> {
        let of = optional(&request.tournament_id, |id| TournamentId::parse_field(id, "tournament"))?;
        let mut db = postgres::reading(&self.pool).await?;
        let found = store::questions::list(&mut db, of).await?;
        let directory = Directory::of_questions(&mut db, &found).await?;
        Ok(ListQuestionsResponse { questions: questions::questions(&found, &directory) })
    }
}

/// Reads a filter that may be left empty.
fn optional<T>(text: &str, read: impl Fn(&str) -> Result<T, Error>) -> Result<Option<T>, Error> {
    if text.is_empty() { Ok(None) } else { read(text).map(Some) }
}

fn filter(request: &ListMatchesRequest) -> Result<Filter, Error> {
    let time = |time: Option<_>, field| time.map(|time| convert::time(time, field)).transpose();
    Ok(Filter {
        tournament: optional(&request.tournament_id, |id| TournamentId::parse_field(id, "tournament"))?,
        block: optional(&request.week, block)?,
        team: optional(&request.team, |team| Ok(team_id(team)))?,
        state: convert::state_filter(request.state)?,
        from: time(request.from, "from")?,
        to: time(request.to, "to")?,
        after: position(&request.cursor)?,
    })
}

/// Reads a place in the list; what cannot be a start was not given out by us.
fn position(cursor: &str) -> Result<Option<(DateTime<Utc>, MatchId)>, Error> {
    let position: Option<(DateTime<Utc>, MatchId)> = page::decode_cursor(cursor)?;
    if position.is_some_and(|(starts_at, _)| !is_plausible(starts_at)) {
        return Err(Error::invalid_field(
            "cursor",
            "cursor_malformed",
            "must be a cursor that this list gave out",
        ));
    }
    Ok(position)
}

/// A bare week number stands for its block.
fn block(week: &str) -> Result<String, Error> {
    if week.chars().count() > MAX_BLOCK || week.chars().any(char::is_control) {
        return Err(Error::invalid_field(
            "week",
            "week_malformed",
            "must be a week's number or a block's name",
        ));
    }
    Ok(words::block(week))
}

/// A team is called by its id or by its code.
fn team_id(team: &str) -> TeamId {
    TeamId::parse(team).unwrap_or_else(|_| Team::id_of(team))
}

#[async_trait]
impl LeagueService for League {
    async fn list_tournaments(
        &self,
        _: Request<ListTournamentsRequest>,
    ) -> Result<Response<ListTournamentsResponse>, Status> {
        Ok(Response::new(self.tournaments().await?))
    }

    async fn list_teams(
        &self,
        request: Request<ListTeamsRequest>,
    ) -> Result<Response<ListTeamsResponse>, Status> {
        Ok(Response::new(self.teams(request.into_inner()).await?))
    }

    async fn list_matches(
        &self,
        request: Request<ListMatchesRequest>,
    ) -> Result<Response<ListMatchesResponse>, Status> {
        Ok(Response::new(self.matches(request.into_inner()).await?))
    }

    async fn get_match(
        &self,
        request: Request<GetMatchRequest>,
    ) -> Result<Response<GetMatchResponse>, Status> {
        Ok(Response::new(self.one_match(request.into_inner()).await?))
    }

    async fn get_standings(
        &self,
        request: Request<GetStandingsRequest>,
    ) -> Result<Response<GetStandingsResponse>, Status> {
        Ok(Response::new(self.standings(request.into_inner()).await?))
    }

    async fn list_questions(
        &self,
        request: Request<ListQuestionsRequest>,
    ) -> Result<Response<ListQuestionsResponse>, Status> {
        Ok(Response::new(self.questions(request.into_inner()).await?))
    }
}
