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
        account_service_server::{AccountService, AccountServiceServer},
        *,
    },
    betting::v1::betting_service_server::BettingServiceServer,
    ops::v1::ops_service_server::OpsServiceServer,
};
use loljoa_service_kit::{grpc::Ops, health::Health};
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{
    Request, Response, Status, async_trait,
    transport::{Server, server::TcpIncoming},
};

use super::betting::Betting;

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
            .add_service(BettingServiceServer::new(betting.clone()))
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
}

impl Account {
    /// Publishes other keys.
    pub(crate) fn publish(&self, key_set: String) {
        *self.0.key_set.lock().unwrap() = key_set;
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

    async fn log_out_all(&self, _: Request<LogOutAllRequest>) -> Answer<LogOutAllResponse> {
        Ok(Response::new(LogOutAllResponse { ended: 2 }))
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
        Ok(Response::new(ListLeaderboardResponse { own, ..Default::default() }))
    }

    async fn batch_get_usernames(
        &self,
        request: Request<BatchGetUsernamesRequest>,
    ) -> Answer<BatchGetUsernamesResponse> {
        let ids = request.into_inner().account_ids.into_iter();
        let usernames: HashMap<_, _> = ids.map(|id| (id, "faker".to_owned())).collect();
        Ok(Response::new(BatchGetUsernamesResponse { usernames }))
    }

    async fn get_jwks(&self, _: Request<GetJwksRequest>) -> Answer<GetJwksResponse> {
        Ok(Response::new(GetJwksResponse { jwks_json: self.0.key_set.lock().unwrap().clone() }))
    }
}
