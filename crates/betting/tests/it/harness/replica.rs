//! One replica of betting, and a typed client of it.

use std::{net::SocketAddr, time::Duration};

use loljoa_betting::{Config, failpoints::FailPoints, serve_with};
use loljoa_proto::{
    betting::v1::{
        self as proto, BetState, IncidentState, Market, PlaceBet, PlacedBet,
        betting_service_client::BettingServiceClient, market_admin_service_client::MarketAdminServiceClient,
        place_bet_result::Result as Placed,
    },
    league_schedule::v1::{Match, Question},
};
use loljoa_service_kit::{
    AccountId, BetId, Error, ErrorCode, IdempotencyKey,
    cli::Listeners,
    config::Upstream,
    grpc::{Channel, client},
    identity::Bearer,
};
use tokio::{task::JoinHandle, time};
use tokio_util::sync::CancellationToken;
use tonic::service::interceptor::InterceptedService;

use super::PATIENCE;

/// One replica, and clients of it.
pub(crate) struct Replica {
    pub(crate) betting: BettingServiceClient<Channel>,
    pub(crate) admin: MarketAdminServiceClient<InterceptedService<Channel, Bearer>>,
    /// For whoever comes without an admin's token.
    pub(crate) channel: Channel,
    pub(crate) failpoints: FailPoints,
    shutdown: CancellationToken,
    serving: JoinHandle<anyhow::Result<()>>,
}

/// A bet to be placed, as often as the test likes.
#[derive(Clone, Debug)]
pub(crate) struct Bet(pub(crate) PlaceBet);

impl Bet {
    /// A new bet on the outcome that stands for `key`.
    pub(crate) fn on(market: &Market, key: &str, account: AccountId, stake: i64) -> Self {
        let outcome = market.outcomes.iter().find(|outcome| outcome.key == key).unwrap();
        Self(PlaceBet {
            account_id: account.to_string(),
            idempotency_key: IdempotencyKey::fresh().to_string(),
            market_id: market.market_id.clone(),
            outcome_id: outcome.outcome_id.clone(),
            stake,
            traceparent: String::new(),
        })
    }

    /// The bet's id.
    pub(crate) fn id(&self) -> BetId {
        let account = AccountId::parse(&self.0.account_id).unwrap();
        BetId::of(account, IdempotencyKey::parse(&self.0.idempotency_key).unwrap())
    }
}

impl Replica {
    pub(super) async fn start(config: Config, admin: &Bearer) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listeners = Listeners::bind(any, any).await.unwrap();
        let url = format!("http://{}", listeners.service.local_addr().unwrap()).parse().unwrap();
        let (shutdown, failpoints) = (CancellationToken::new(), FailPoints::default());
        let serving = tokio::spawn(serve_with(config, listeners, shutdown.clone(), failpoints.clone()));
        // A machine that is busy with other things is slow, and does not hang.
        let upstream =
            Upstream { timeout_ms: 60_000, silence_ms: 60_000, balance: false, ..Upstream::at(url) };
        let channel = client::connect(&upstream).unwrap();
        let admin = MarketAdminServiceClient::with_interceptor(channel.clone(), admin.clone());
        let betting = BettingServiceClient::new(channel.clone());
        Self { betting, admin, channel, failpoints, shutdown, serving }
    }

    /// Waits until the replica has died at a fail point.
    pub(super) async fn until_dead(self) {
        let ended = time::timeout(PATIENCE, self.serving).await.expect("it passed its fail point");
        assert!(ended.unwrap().is_err(), "it ended without having died");
    }

    /// Stops the replica and waits until it is gone.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.serving.await.unwrap().unwrap();
    }

    /// Places bets in one call.
    pub(crate) async fn place_all(&self, bets: Vec<Bet>) -> Vec<Result<PlacedBet, Error>> {
        let request = proto::PlaceBetsRequest { bets: bets.into_iter().map(|bet| bet.0).collect() };
        let response = self.betting.clone().place_bets(request).await.unwrap().into_inner();
        let answer = |result: proto::PlaceBetResult| match result.result.unwrap() {
            Placed::Placed(placed) => Ok(placed),
            Placed::Refusal(refusal) => Err(error(refusal)),
        };
        response.results.into_iter().map(answer).collect()
    }

    /// Places a bet for a caller that waits so long.
    pub(crate) async fn place_within(&self, bet: &Bet, patience: Duration) -> Result<(), tonic::Status> {
        let mut request = tonic::Request::new(proto::PlaceBetsRequest { bets: vec![bet.0.clone()] });
        request.set_timeout(patience);
        self.betting.clone().place_bets(request).await.map(|_| ())
    }

    pub(crate) async fn place(&self, bet: &Bet) -> Result<PlacedBet, Error> {
        self.place_all(vec![bet.clone()]).await.remove(0)
    }

    /// Places a bet that is accepted.
    pub(crate) async fn bet(&self, bet: &Bet) -> proto::Bet {
        let placed = self.place(bet).await.unwrap().bet.unwrap();
        assert_eq!(placed.state(), BetState::Accepted);
        placed
    }

    pub(crate) async fn cancel(&self, account: AccountId, bet_id: &str) -> Result<proto::Bet, Error> {
        let request = proto::CancelBetRequest { account_id: account.to_string(), bet_id: bet_id.to_owned() };
        let response = self.betting.clone().cancel_bet(request).await.map_err(Error::from)?;
        Ok(response.into_inner().bet.unwrap())
    }

    pub(crate) async fn get(&self, account: AccountId, bet_id: &str) -> Result<proto::Bet, Error> {
        let request = proto::GetBetRequest { account_id: account.to_string(), bet_id: bet_id.to_owned() };
        let response = self.betting.clone().get_bet(request).await.map_err(Error::from)?;
        Ok(response.into_inner().bet.unwrap())
    }

    pub(crate) async fn market(&self, market_id: &str) -> Market {
        let request = proto::GetMarketRequest { market_id: market_id.to_owned() };
        self.betting.clone().get_market(request).await.unwrap().into_inner().market.unwrap()
    }

    pub(crate) async fn lock(&self, market: &Market) -> Result<Market, Error> {
        let request = proto::LockMarketRequest { market_id: market.market_id.clone() };
        let response = self.admin.clone().lock_market(request).await.map_err(Error::from)?;
        Ok(response.into_inner().market.unwrap())
    }

    pub(crate) async fn settle(&self, market: &Market, key: &str) -> Result<Market, Error> {
        let outcome = market.outcomes.iter().find(|outcome| outcome.key == key);
        let outcome_id = outcome.map_or_else(|| key.to_owned(), |outcome| outcome.outcome_id.clone());
        let request = proto::SettleMarketRequest { market_id: market.market_id.clone(), outcome_id };
        let response = self.admin.clone().settle_market(request).await.map_err(Error::from)?;
        Ok(response.into_inner().market.unwrap())
    }

    pub(crate) async fn void(&self, market: &Market) -> Result<Market, Error> {
        let request = proto::VoidMarketRequest { market_id: market.market_id.clone() };
        let response = self.admin.clone().void_market(request).await.map_err(Error::from)?;
        Ok(response.into_inner().market.unwrap())
    }

    pub(crate) async fn correct(&self, market: &Market, key: &str) -> Result<(i64, i64), Error> {
        let outcome = market.outcomes.iter().find(|outcome| outcome.key == key).unwrap();
        let (market_id, outcome_id) = (market.market_id.clone(), outcome.outcome_id.clone());
        let request = proto::CorrectMarketRequest { market_id, outcome_id };
        let response = self.admin.clone().correct_market(request).await.map_err(Error::from)?.into_inner();
        Ok((response.bets, response.points))
    }

    pub(crate) async fn retry_owed(&self) -> i64 {
        self.admin.clone().retry_owed(proto::RetryOwedRequest {}).await.unwrap().into_inner().payments
    }

    pub(crate) async fn preview(&self, matches: &[Match]) -> Result<Vec<proto::TouchedMarket>, Error> {
        let request = proto::PreviewMatchesRequest { matches: matches.to_vec(), questions: Vec::new() };
        Ok(self.admin.clone().preview_matches(request).await.map_err(Error::from)?.into_inner().markets)
    }

    pub(crate) async fn preview_questions(
        &self,
        questions: &[Question],
    ) -> Result<Vec<proto::TouchedMarket>, Error> {
        let request = proto::PreviewMatchesRequest { matches: Vec::new(), questions: questions.to_vec() };
        Ok(self.admin.clone().preview_matches(request).await.map_err(Error::from)?.into_inner().markets)
    }

    pub(crate) async fn incidents(&self) -> Vec<proto::Incident> {
        self.incidents_that_are(IncidentState::Unspecified).await
    }

    pub(crate) async fn incidents_that_are(&self, state: IncidentState) -> Vec<proto::Incident> {
        let request = proto::ListIncidentsRequest { limit: 100, cursor: String::new(), state: state.into() };
        self.admin.clone().list_incidents(request).await.unwrap().into_inner().incidents
    }

    pub(crate) async fn resolve(&self, incident_id: &str, note: &str) -> Result<proto::Incident, Error> {
        let request = proto::ResolveIncidentRequest {
            incident_id: incident_id.to_owned(),
            resolved_by: "whoever says so".to_owned(),
            note: note.to_owned(),
        };
        let response = self.admin.clone().resolve_incident(request).await.map_err(Error::from)?;
        Ok(response.into_inner().incident.unwrap())
    }
}

fn error(refusal: proto::Refusal) -> Error {
    let error = Error::new(ErrorCode::from_grpc(refusal.code.into()), &refusal.reason, &refusal.message);
    if refusal.field.is_empty() { error } else { error.with_field(&refusal.field, refusal.message) }
}
