//! `MarketAdminService`, for admins.

use chrono::TimeDelta;
use loljoa_proto::betting::v1::{self as proto, market_admin_service_server::MarketAdminService};
use loljoa_service_kit::{Error, IdempotencyKey, IncidentId, MarketId, MatchId, OutcomeId, identity::admin};
use tonic::{Request, Response, Status, async_trait};

use super::message;
use crate::{
    domain::Market,
    service::{
        admin::{Admin, Question},
        incidents::Incidents,
        life::news::{self, News},
        preview::Preview,
    },
};

const MAX_PREVIEWED: usize = 1_000;

/// Serves `MarketAdminService`, behind the gate that lets only admins in.
pub(crate) struct MarketAdmin {
    /// What admins do.
    pub(crate) admin: Admin,
    /// What needs them.
    pub(crate) incidents: Incidents,
    /// What they are about to do.
    pub(crate) preview: Preview,
    /// How long before the lock cancelling ends.
    pub(crate) cancel_window: TimeDelta,
}

impl MarketAdmin {
    #[expect(clippy::unnecessary_wraps, reason = "a message field is optional")]
    fn market(&self, market: &Market) -> Option<proto::Market> {
        Some(message::market(market, self.cancel_window))
    }
}

fn question(request: proto::CreateMarketRequest) -> Result<Question, Error> {
    Ok(Question {
        key: IdempotencyKey::parse(&request.idempotency_key)?,
        match_id: MatchId::parse(&request.match_id)?,
        en: request.question_en,
        ko: request.question_ko,
        answers: request.outcomes.into_iter().map(|outcome| (outcome.label_en, outcome.label_ko)).collect(),
    })
}

fn changes(request: &proto::PreviewMatchesRequest) -> Result<Vec<News>, Error> {
    let proto::PreviewMatchesRequest { matches, questions } = request;
    for (field, code, asked) in [
        ("matches", "matches_out_of_range", matches.len()),
        ("questions", "questions_out_of_range", questions.len()),
    ] {
        if asked > MAX_PREVIEWED {
            return Err(Error::invalid_field(field, code, "must be up to 1,000"));
        }
    }
    if matches.is_empty() && questions.is_empty() {
        let message = "must be one at least, or one question";
        return Err(Error::invalid_field("matches", "matches_out_of_range", message));
    }
    let matches = matches.iter().map(|change| news::read_match(change).map(News::Match));
    let questions = questions.iter().map(|change| news::read_question(change).map(News::Contest));
    matches.chain(questions).collect()
}

#[async_trait]
impl MarketAdminService for MarketAdmin {
    async fn create_market(
        &self,
        request: Request<proto::CreateMarketRequest>,
    ) -> Result<Response<proto::CreateMarketResponse>, Status> {
        let by = admin(&request)?.clone();
        let market = self.admin.create(&question(request.into_inner())?, &by).await?;
        Ok(Response::new(proto::CreateMarketResponse { market: self.market(&market) }))
    }

    async fn lock_market(
        &self,
        request: Request<proto::LockMarketRequest>,
    ) -> Result<Response<proto::LockMarketResponse>, Status> {
        let by = admin(&request)?;
        let market = self.admin.lock(MarketId::parse(&request.get_ref().market_id)?, by).await?;
        Ok(Response::new(proto::LockMarketResponse { market: self.market(&market) }))
    }

    async fn settle_market(
        &self,
        request: Request<proto::SettleMarketRequest>,
    ) -> Result<Response<proto::SettleMarketResponse>, Status> {
        let (market, outcome) = (&request.get_ref().market_id, &request.get_ref().outcome_id);
        let (market, outcome) = (MarketId::parse(market)?, OutcomeId::parse(outcome)?);
        let market = self.admin.settle(market, outcome, admin(&request)?).await?;
        Ok(Response::new(proto::SettleMarketResponse { market: self.market(&market) }))
    }

    async fn void_market(
        &self,
        request: Request<proto::VoidMarketRequest>,
    ) -> Result<Response<proto::VoidMarketResponse>, Status> {
        let by = admin(&request)?;
        let market = self.admin.void(MarketId::parse(&request.get_ref().market_id)?, by).await?;
        Ok(Response::new(proto::VoidMarketResponse { market: self.market(&market) }))
    }

    async fn correct_market(
        &self,
        request: Request<proto::CorrectMarketRequest>,
    ) -> Result<Response<proto::CorrectMarketResponse>, Status> {
        let (market, outcome) = (&request.get_ref().market_id, &request.get_ref().outcome_id);
        let (market, outcome) = (MarketId::parse(market)?, OutcomeId::parse(outcome)?);
        let correction = self.admin.correct(market, outcome, admin(&request)?).await?;
        Ok(Response::new(proto::CorrectMarketResponse { bets: correction.bets, points: correction.points.0 }))
    }

    async fn retry_owed(
        &self,
        request: Request<proto::RetryOwedRequest>,
    ) -> Result<Response<proto::RetryOwedResponse>, Status> {
        let payments = i64::try_from(self.admin.retry_owed(admin(&request)?).await?).unwrap_or(i64::MAX);
        Ok(Response::new(proto::RetryOwedResponse { payments }))
    }

    async fn preview_matches(
        &self,
        request: Request<proto::PreviewMatchesRequest>,
    ) -> Result<Response<proto::PreviewMatchesResponse>, Status> {
        let touched = self.preview.of(&changes(request.get_ref())?).await?;
        let bettors = self.preview.bettors(&touched).await?;
        let markets = touched.into_iter().map(|touched| {
            let bettors = bettors.get(&touched.market_id).cloned().unwrap_or_default();
            message::touched(touched, bettors)
        });
        let markets = markets.collect();
        Ok(Response::new(proto::PreviewMatchesResponse { markets }))
    }

    async fn list_incidents(
        &self,
        request: Request<proto::ListIncidentsRequest>,
    ) -> Result<Response<proto::ListIncidentsResponse>, Status> {
        let request = request.get_ref();
        let is_open = message::open_filter(request.state());
        let (incidents, next_cursor) = self.incidents.list(is_open, request.limit, &request.cursor).await?;
        let incidents = incidents.iter().map(message::incident).collect();
        Ok(Response::new(proto::ListIncidentsResponse { incidents, next_cursor }))
    }

    async fn resolve_incident(
        &self,
        request: Request<proto::ResolveIncidentRequest>,
    ) -> Result<Response<proto::ResolveIncidentResponse>, Status> {
        let (by, request) = (admin(&request)?, request.get_ref());
        let id = IncidentId::parse(&request.incident_id)?;
        let incident = self.incidents.resolve(id, by, &request.note).await?;
        let incident = Some(message::incident(&incident));
        Ok(Response::new(proto::ResolveIncidentResponse { incident }))
    }
}
