//! What stands behind the gateway in these tests: account's half, and where both halves are served.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use loljoa_proto::{
    account::v1::{
        account_admin_service_server::{AccountAdminService, AccountAdminServiceServer},
        account_service_server::{AccountService, AccountServiceServer},
        *,
    },
    betting::v1::betting_service_server::BettingServiceServer,
    league_schedule::v1::league_service_server::LeagueServiceServer,
    ops::v1::ops_service_server::OpsServiceServer,
};
use loljoa_service_kit::{grpc::Ops, health::Health, identity::token};
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{
    Request, Response, Status, async_trait,
    transport::{Server, server::TcpIncoming},
};
use uuid::Uuid;

use super::{betting::Betting, league::League};

/// A backend whose behaviour a test sets.
#[derive(Clone)]
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    pub(crate) account: Account,
    pub(crate) betting: Betting,
    _stop: Arc<DropGuard>,
}

impl Backend {
    /// Serves on a free port.
    pub(crate) async fn start(key_set: String) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let account = Account(Arc::new(Books { key_set: Mutex::new(key_set), ..Books::default() }));
        let (address, betting) = (listener.local_addr().unwrap(), Betting::default());
        let served = Server::builder()
            .add_service(AccountServiceServer::new(account.clone()))
            .add_service(AccountAdminServiceServer::new(account.clone()))
            .add_service(BettingServiceServer::new(betting.clone()))
            .add_service(LeagueServiceServer::new(League))
            .add_service(OpsServiceServer::new(Ops::new(Health::new("backend"), false)))
            .serve_with_incoming(TcpIncoming::from(listener));
        let stop = CancellationToken::new();
        tokio::spawn(stop.clone().run_until_cancelled_owned(served));
        Self { address, account, betting, _stop: Arc::new(stop.drop_guard()) }
    }
}

/// Account, as far as the edge needs it.
#[derive(Clone, Default)]
pub(crate) struct Account(Arc<Books>);

#[derive(Default)]
struct Books {
    key_set: Mutex<String>,
    grants: AtomicUsize,
    grants_made: AtomicUsize,
    grants_held: watch::Sender<bool>,
    grants_fail: AtomicBool,
    addresses: Mutex<Vec<String>>,
    refreshed_with: Mutex<Vec<String>>,
    removed: Mutex<Vec<String>>,
    ended: Mutex<Vec<String>>,
    asked: watch::Sender<usize>,
    calls: Mutex<Vec<String>>,
    lost: AtomicUsize,
    differences: AtomicUsize,
}

impl Account {
    /// Publishes other keys.
    pub(crate) fn publish(&self, key_set: String) {
        *self.0.key_set.lock().unwrap() = key_set;
    }

    /// A key is removed although it is still in the key set, as another replica publishes it for a while.
    pub(crate) fn remove(&self, kid: &str) {
        self.0.removed.lock().unwrap().push(kid.to_owned());
    }

    /// A session was ended, as its access tokens name it.
    pub(crate) fn end(&self, session: Uuid) {
        self.0.ended.lock().unwrap().push(session.to_string());
    }

    /// Waits until what is revoked now has been asked for and answered.
    pub(crate) async fn told(&self) {
        let mut asked = self.0.asked.subscribe();
        let before = *asked.borrow_and_update();
        // The next answer may have begun before; the one after that begins when the first has been read.
        asked.wait_for(|asked| *asked >= before + 3).await.unwrap();
    }

    /// What admins, and users about their sessions, have asked for.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.0.calls.lock().unwrap().clone()
    }

    fn note(&self, call: String) {
        self.0.calls.lock().unwrap().push(call);
    }

    /// The answer to the next call that ends sessions is lost by a proxy after it was done.
    pub(crate) fn lose_an_answer(&self) {
        self.0.lost.store(1, Ordering::SeqCst);
    }

    /// What a call answers that has ended so many sessions, if that is not lost.
    fn ended(&self, ended: i64) -> Result<i64, Status> {
        match self.0.lost.swap(0, Ordering::SeqCst) {
            0 => Ok(ended),
            _ => Err(Status::unavailable("no healthy upstream")),
        }
    }

    /// From now on the audit has found so many differences.
    pub(crate) fn differ(&self, differences: usize) {
        self.0.differences.store(differences, Ordering::SeqCst);
    }

    /// How often a grant was claimed.
    pub(crate) fn grants(&self) -> usize {
        self.0.grants.load(Ordering::SeqCst)
    }

    /// How often a claim was answered; none is given up by whoever made it.
    pub(crate) fn grants_made(&self) -> usize {
        self.0.grants_made.load(Ordering::SeqCst)
    }

    /// Whether claims have to wait for their answer from now on.
    pub(crate) fn hold_grants(&self, held: bool) {
        self.0.grants_held.send_replace(held);
    }

    /// From now on no grant can be claimed.
    pub(crate) fn refuse_grants(&self) {
        self.0.grants_fail.store(true, Ordering::SeqCst);
    }

    /// The client addresses that log-ins came from.
    pub(crate) fn addresses(&self) -> Vec<String> {
        self.0.addresses.lock().unwrap().clone()
    }

    /// The refresh tokens that were traded in.
    pub(crate) fn refreshed_with(&self) -> Vec<String> {
        self.0.refreshed_with.lock().unwrap().clone()
    }
}

fn someone(account_id: String) -> loljoa_proto::account::v1::Account {
    let created_at = Some(prost_types::Timestamp { seconds: 1_642_000_000, nanos: 0 });
    let (role, tier) = (Role::User.into(), Tier::Bronze.into());
    let username = "faker".to_owned();
    loljoa_proto::account::v1::Account {
        account_id,
        username,
        role,
        tier,
        points: 1_000,
        staked: 0,
        profit: 0,
        rank: 1,
        created_at,
    }
}

fn session() -> Session {
    Session {
        account: Some(someone("018f0000-0000-7000-8000-000000000001".into())),
        access_token: "access".into(),
        expires_in: 900,
        refresh_token: "refresh-token".into(),
        refresh_expires_at: Some(prost_types::Timestamp { seconds: 4_102_444_800, nanos: 0 }),
    }
}

type Answer<T> = Result<Response<T>, Status>;

#[async_trait]
impl AccountService for Account {
    async fn sign_up(&self, _: Request<SignUpRequest>) -> Answer<SignUpResponse> {
        Ok(Response::new(SignUpResponse { session: Some(session()) }))
    }

    async fn log_in(&self, request: Request<LogInRequest>) -> Answer<LogInResponse> {
        self.0.addresses.lock().unwrap().push(request.into_inner().client_address);
        Ok(Response::new(LogInResponse { session: Some(session()) }))
    }

    async fn refresh(&self, request: Request<RefreshRequest>) -> Answer<RefreshResponse> {
        self.0.refreshed_with.lock().unwrap().push(request.into_inner().refresh_token);
        Ok(Response::new(RefreshResponse { session: Some(session()) }))
    }

    async fn log_out(&self, _: Request<LogOutRequest>) -> Answer<LogOutResponse> {
        Ok(Response::new(LogOutResponse {}))
    }

    async fn log_out_all(&self, request: Request<LogOutAllRequest>) -> Answer<LogOutAllResponse> {
        token(&request)?;
        self.note(format!("end all of {}", request.into_inner().account_id));
        Ok(Response::new(LogOutAllResponse { ended: self.ended(2)? }))
    }

    async fn get_account(&self, request: Request<GetAccountRequest>) -> Answer<GetAccountResponse> {
        let account = someone(request.into_inner().account_id);
        let granted = i64::try_from(self.grants_made()).unwrap() * 500;
        let account = loljoa_proto::account::v1::Account { points: account.points + granted, ..account };
        Ok(Response::new(GetAccountResponse { account: Some(account) }))
    }

    async fn claim_daily_grant(&self, _: Request<ClaimDailyGrantRequest>) -> Answer<ClaimDailyGrantResponse> {
        self.0.grants.fetch_add(1, Ordering::SeqCst);
        if self.0.grants_fail.load(Ordering::SeqCst) {
            return Err(Status::internal("no grants today"));
        }
        let _ = self.0.grants_held.subscribe().wait_for(|held| !held).await;
        self.0.grants_made.fetch_add(1, Ordering::SeqCst);
        Ok(Response::new(ClaimDailyGrantResponse { granted: 500 }))
    }

    async fn list_transfers(&self, _: Request<ListTransfersRequest>) -> Answer<ListTransfersResponse> {
        Ok(Response::new(ListTransfersResponse::default()))
    }

    async fn list_leaderboard(
        &self,
        request: Request<ListLeaderboardRequest>,
    ) -> Answer<ListLeaderboardResponse> {
        let account_id = request.into_inner().account_id;
        let own = (!account_id.is_empty()).then(|| someone(account_id));
        let best = loljoa_proto::account::v1::Account {
            role: Role::Admin.into(),
            ..someone("018f0000-0000-7000-8000-000000000001".into())
        };
        Ok(Response::new(ListLeaderboardResponse { accounts: vec![best], own, ..Default::default() }))
    }

    async fn batch_get_usernames(
        &self,
        request: Request<BatchGetUsernamesRequest>,
    ) -> Answer<BatchGetUsernamesResponse> {
        let ids = request.into_inner().account_ids.into_iter();
        let usernames: HashMap<_, _> = ids.map(|id| (id, "faker".to_owned())).collect();
        Ok(Response::new(BatchGetUsernamesResponse { usernames }))
    }

    async fn end_other_sessions(
        &self,
        request: Request<EndOtherSessionsRequest>,
    ) -> Answer<EndOtherSessionsResponse> {
        token(&request)?;
        self.note(format!("end all but {}", request.into_inner().access_session_id));
        Ok(Response::new(EndOtherSessionsResponse { ended: self.ended(3)? }))
    }

    async fn change_password(
        &self,
        request: Request<ChangePasswordRequest>,
    ) -> Answer<ChangePasswordResponse> {
        token(&request)?;
        let request = request.into_inner();
        self.note(format!(
            "{} to {} from {}",
            request.current_password, request.new_password, request.client_address
        ));
        Ok(Response::new(ChangePasswordResponse { session: Some(session()) }))
    }

    async fn list_revocations(&self, _: Request<ListRevocationsRequest>) -> Answer<ListRevocationsResponse> {
        let set: serde_json::Value = serde_json::from_str(&self.0.key_set.lock().unwrap()).unwrap();
        let kids = set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned());
        let removed = self.0.removed.lock().unwrap().clone();
        let answer = ListRevocationsResponse {
            key_ids: kids.filter(|kid| !removed.contains(kid)).collect(),
            access_session_ids: self.0.ended.lock().unwrap().clone(),
            until: None,
            keep_seconds: 900,
            more: false,
        };
        self.0.asked.send_modify(|asked| *asked += 1);
        Ok(Response::new(answer))
    }

    async fn get_status(&self, _: Request<GetStatusRequest>) -> Answer<GetStatusResponse> {
        let differences = i64::try_from(self.0.differences.load(Ordering::SeqCst)).unwrap();
        let audited_at = Some(prost_types::Timestamp { seconds: 1_800_000_000, nanos: 0 });
        Ok(Response::new(GetStatusResponse { audited_at, audit_age_ms: 1_500, differences }))
    }

    async fn get_jwks(&self, _: Request<GetJwksRequest>) -> Answer<GetJwksResponse> {
        Ok(Response::new(GetJwksResponse { jwks_json: self.0.key_set.lock().unwrap().clone() }))
    }
}

fn managed(account_id: String) -> ManagedAccount {
    ManagedAccount { account: Some(someone(account_id)), disabled_at: None, open_sessions: 1 }
}

#[async_trait]
impl AccountAdminService for Account {
    async fn find_account(&self, request: Request<FindAccountRequest>) -> Answer<FindAccountResponse> {
        token(&request)?;
        self.note(format!("find {}", request.into_inner().username));
        let account = managed("018f0000-0000-7000-8000-000000000001".into());
        Ok(Response::new(FindAccountResponse { account: Some(account) }))
    }

    async fn disable_account(
        &self,
        request: Request<DisableAccountRequest>,
    ) -> Answer<DisableAccountResponse> {
        token(&request)?;
        let request = request.into_inner();
        self.note(format!("{} disables {}", request.acting_account_id, request.account_id));
        Ok(Response::new(DisableAccountResponse { account: Some(managed(request.account_id)) }))
    }

    async fn enable_account(&self, request: Request<EnableAccountRequest>) -> Answer<EnableAccountResponse> {
        token(&request)?;
        let request = request.into_inner();
        self.note(format!("{} enables {}", request.acting_account_id, request.account_id));
        Ok(Response::new(EnableAccountResponse { account: Some(managed(request.account_id)) }))
    }

    async fn end_sessions(&self, request: Request<EndSessionsRequest>) -> Answer<EndSessionsResponse> {
        token(&request)?;
        let request = request.into_inner();
        self.note(format!("{} ends sessions of {}", request.acting_account_id, request.account_id));
        Ok(Response::new(EndSessionsResponse { ended: self.ended(1)? }))
    }
}
