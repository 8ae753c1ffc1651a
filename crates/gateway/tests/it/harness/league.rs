//! League-schedule, of which these tests need no more than that it answers.

use loljoa_proto::league_schedule::v1::{league_service_server::LeagueService, *};
use tonic::{Request, Response, Status, async_trait};

/// League-schedule without any tournament.
pub(crate) struct League;

type Answer<T> = Result<Response<T>, Status>;

fn unasked<T>() -> Answer<T> {
    Err(Status::unimplemented("no test asks for it"))
}

#[async_trait]
impl LeagueService for League {
    async fn list_tournaments(&self, _: Request<ListTournamentsRequest>) -> Answer<ListTournamentsResponse> {
        Ok(Response::new(ListTournamentsResponse::default()))
    }

    async fn list_teams(&self, _: Request<ListTeamsRequest>) -> Answer<ListTeamsResponse> {
        unasked()
    }

    async fn list_matches(&self, _: Request<ListMatchesRequest>) -> Answer<ListMatchesResponse> {
        unasked()
    }

    async fn get_match(&self, _: Request<GetMatchRequest>) -> Answer<GetMatchResponse> {
        unasked()
    }

    async fn get_standings(&self, _: Request<GetStandingsRequest>) -> Answer<GetStandingsResponse> {
        unasked()
    }

    async fn list_questions(&self, _: Request<ListQuestionsRequest>) -> Answer<ListQuestionsResponse> {
        unasked()
    }
}
