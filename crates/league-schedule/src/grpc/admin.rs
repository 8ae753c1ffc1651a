//! `LeagueAdminService`: imports, results, new starts, removals, suspects.

use loljoa_proto::league_schedule::v1::{
    ImportSeasonRequest, ImportSeasonResponse, ListSuspectsRequest, ListSuspectsResponse,
    Match as MatchMessage, Question as QuestionMessage, RecordResultRequest, RecordResultResponse,
    RemoveMatchRequest, RemoveMatchResponse, SeasonFormat, UpdateMatchRequest, UpdateMatchResponse,
    league_admin_service_server::LeagueAdminService,
};
use loljoa_service_kit::{
    Error, MatchId, TeamId,
    identity::{self, Identity},
    postgres,
};
use sqlx::PgPool;
use tonic::{Request, Response, Status, async_trait};

use super::{convert, questions};
use crate::{
    domain::{
        Match, Question, Score,
        decision::Outcome,
        season::{self, Format},
    },
    service::{
        decide::{self, Update},
        directory::Directory,
        import,
        remove::{self, Removal},
        suspects,
    },
};

/// Answers administrators, behind the gate that lets only them in.
#[derive(Clone, Debug)]
pub(super) struct Admin {
    pool: PgPool,
}

impl Admin {
    /// Works on `pool`'s database.
    #[must_use]
    pub(super) const fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    async fn import(
        &self,
        request: ImportSeasonRequest,
        by: &Identity,
    ) -> Result<ImportSeasonResponse, Error> {
        let format = format(request.format)?;
        if request.content.len() > season::LARGEST {
            return Err(Error::invalid_field("content", "content_too_large", "must be 1 MiB or less"));
        }
        let season = season::read(format, &request.content);
        let imported = import::by_admin(&self.pool, &season, by, request.dry_run).await?;
        Ok(convert::imported(imported))
    }

    async fn record(&self, request: RecordResultRequest, by: &Identity) -> Result<MatchMessage, Error> {
        let id = MatchId::parse(&request.match_id)?;
        let score = Score {
            team1: wins(request.team1_wins, "team1Wins")?,
            team2: wins(request.team2_wins, "team2Wins")?,
        };
        let forfeiter = Some(request.forfeited_by_id).filter(|id| !id.is_empty());
        let forfeited_by = forfeiter.map(|id| TeamId::parse_field(&id, "forfeitedById")).transpose()?;
        let stored = decide::record_result(&self.pool, id, Outcome { score, forfeited_by }, by).await?;
        self.message(&stored).await
    }

    async fn update(&self, request: UpdateMatchRequest, by: &Identity) -> Result<MatchMessage, Error> {
        let id = MatchId::parse(&request.match_id)?;
        let update = match (request.starts_at, request.cancel) {
            (Some(starts_at), false) => Update::Move(convert::time(starts_at, "startsAt")?),
            (None, true) => Update::Cancel,
            (Some(_), true) => {
                let message = "must be left out when the match is cancelled";
                return Err(Error::invalid_field("startsAt", "move_and_cancel", message));
            }
            (None, false) => {
                let message = "must be given unless the match is cancelled";
                return Err(Error::invalid_field("startsAt", "nothing_to_change", message));
            }
        };
        let stored = decide::update(&self.pool, id, update, by).await?;
        self.message(&stored).await
    }

    async fn remove(&self, request: RemoveMatchRequest, by: &Identity) -> Result<RemoveMatchResponse, Error> {
        let match_id = MatchId::parse(&request.match_id)?;
        let stays = Some(request.in_favour_of).filter(|id| !id.is_empty());
        let in_favour_of = stays.map(|id| MatchId::parse_field(&id, "inFavourOf")).transpose()?;
        let removal = Removal { match_id, in_favour_of };
        let removed = remove::remove(&self.pool, removal, by, request.dry_run).await?;
        let kept = match &removed.kept {
            Some(kept) => Some(self.message(kept).await?),
            None => None,
        };
        let changed_questions = self.questions(&removed.questions).await?;
        Ok(RemoveMatchResponse { r#match: Some(self.message(&removed.gone).await?), kept, changed_questions })
    }

    async fn questions(&self, found: &[Question]) -> Result<Vec<QuestionMessage>, Error> {
        let mut db = postgres::reading(&self.pool).await?;
        let directory = Directory::of_questions(&mut db, found).await?;
        Ok(questions::questions(found, &directory))
    }

    async fn message(&self, stored: &Match) -> Result<MatchMessage, Error> {
        let mut db = postgres::reading(&self.pool).await?;
        let directory = Directory::of(&mut db, std::slice::from_ref(stored)).await?;
        Ok(convert::game(stored, &directory))
    }
}

fn format(number: i32) -> Result<Format, Error> {
    match SeasonFormat::try_from(number) {
        Ok(SeasonFormat::Json) => Ok(Format::Json),
        Ok(SeasonFormat::Csv) => Ok(Format::Csv),
        Ok(SeasonFormat::Unspecified) | Err(_) => {
            Err(Error::invalid_field("format", "format_unknown", "must be JSON or CSV"))
        }
    }
}

fn wins(wins: i32, field: &str) -> Result<i16, Error> {
    let wins = i16::try_from(wins).ok().filter(|wins| *wins >= 0);
    wins.ok_or_else(|| {
        Error::invalid_field(field, "wins_out_of_range", "must be 0 or more, within the best of")
    })
}

#[async_trait]
impl LeagueAdminService for Admin {
    async fn import_season(
        &self,
        request: Request<ImportSeasonRequest>,
    ) -> Result<Response<ImportSeasonResponse>, Status> {
        let by = identity::admin(&request)?.clone();
        Ok(Response::new(self.import(request.into_inner(), &by).await?))
    }

    async fn record_result(
        &self,
        request: Request<RecordResultRequest>,
    ) -> Result<Response<RecordResultResponse>, Status> {
        let by = identity::admin(&request)?.clone();
        let stored = self.record(request.into_inner(), &by).await?;
        Ok(Response::new(RecordResultResponse { r#match: Some(stored) }))
    }

    async fn update_match(
        &self,
        request: Request<UpdateMatchRequest>,
    ) -> Result<Response<UpdateMatchResponse>, Status> {
        let by = identity::admin(&request)?.clone();
        let stored = self.update(request.into_inner(), &by).await?;
        Ok(Response::new(UpdateMatchResponse { r#match: Some(stored) }))
    }

    async fn remove_match(
        &self,
        request: Request<RemoveMatchRequest>,
    ) -> Result<Response<RemoveMatchResponse>, Status> {
        let by = identity::admin(&request)?.clone();
        Ok(Response::new(self.remove(request.into_inner(), &by).await?))
    }

    async fn list_suspects(
        &self,
        request: Request<ListSuspectsRequest>,
    ) -> Result<Response<ListSuspectsResponse>, Status> {
        identity::admin(&request)?;
        let suspects = suspects::list(&self.pool).await.map_err(Error::from)?;
        Ok(Response::new(convert::suspects(suspects)))
    }
}
