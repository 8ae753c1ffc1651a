//! A running service and typed clients of it.

use std::{net::SocketAddr, time::Duration};

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use chrono::{DateTime, Utc};
use loljoa_account::{Config, serve_at};
use loljoa_proto::account::v1::{
    Account, ApplyTransfersRequest, ApplyTransfersResponse, BetResult, ChangePasswordRequest,
    EndOtherSessionsRequest, GetAccountRequest, ListRevocationsRequest, ListRevocationsResponse,
    LogInRequest, LogOutAllRequest, RecordResultsRequest, RefreshRequest, Session, SignUpRequest, Transfer,
    TransferKind, TransferOutcome, account_admin_service_client::AccountAdminServiceClient,
    account_service_client::AccountServiceClient, ledger_service_client::LedgerServiceClient,
};
use loljoa_proto::ops::v1::{HelloRequest, ops_service_client::OpsServiceClient};
use loljoa_service_kit::{
    AccountId, BetId, Clock, Error, ErrorCode, MarketId,
    cli::Listeners,
    config::{Database, Upstream},
    grpc::{Channel, client},
    identity::Bearer,
    ids,
};
use sqlx::{ConnectOptions, PgPool};
use tokio::{net::TcpStream, task::JoinHandle, time};
use tokio_util::sync::CancellationToken;
use tonic::service::interceptor::InterceptedService;
use uuid::Uuid;

pub(crate) const PASSWORD: &str = "correct horse";
const PATIENCE: Duration = Duration::from_mins(1);
const POLL_EVERY: Duration = Duration::from_millis(5);

/// A connection whose calls carry an access token.
pub(crate) type WithToken = InterceptedService<Channel, Bearer>;

/// One replica, and clients of it.
pub(crate) struct Service {
    pub(crate) accounts: AccountServiceClient<Channel>,
    pub(crate) channel: Channel,
    pub(crate) ledger: LedgerServiceClient<Channel>,
    ops: OpsServiceClient<Channel>,
    pub(crate) clock: Clock,
    address: SocketAddr,
    shutdown: CancellationToken,
    serving: JoinHandle<anyhow::Result<()>>,
}

/// A configuration whose password hashes are cheap.
pub(crate) fn config(pool: &PgPool) -> Config {
    let database = Database::at(pool.connect_options().to_url_lossy());
    let mut config = Config::new(database, BASE64_STANDARD.encode([7; 32]));
    config.runtime.drain.delay_ms = 0;
    config.passwords.memory_kib = 64;
    config.passwords.passes = 1;
    config
}

/// Noon of a match day, UTC.
pub(crate) fn noon() -> DateTime<Utc> {
    "2022-03-16T12:00:00Z".parse().unwrap()
}

impl Service {
    /// Starts a replica on the test's database.
    pub(crate) async fn start(pool: &PgPool) -> Self {
        Self::start_with(config(pool), Clock::fixed(noon())).await
    }

    /// Starts a replica with this configuration at the time of this clock.
    pub(crate) async fn start_with(config: Config, clock: Clock) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listeners = Listeners::bind(any, any).await.unwrap();
        let address = listeners.service.local_addr().unwrap();
        let url = format!("http://{address}").parse().unwrap();
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(serve_at(config, listeners, shutdown.clone(), clock.clone()));
        let upstream = Upstream { timeout_ms: 30_000, balance: false, ..Upstream::at(url) };
        let channel = client::connect(&upstream).unwrap();
        let ops = OpsServiceClient::new(channel.clone());
        let (accounts, ledger) =
            (AccountServiceClient::new(channel.clone()), LedgerServiceClient::new(channel.clone()));
        Self { accounts, channel, ledger, ops, clock, address, shutdown, serving }
    }

    /// Stops the replica and waits until it is gone.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.serving.await.unwrap().unwrap();
    }

    /// Tells the replica to stop and waits until it takes no more connections.
    pub(crate) async fn start_stopping(&self) {
        self.shutdown.cancel();
        eventually(async || TcpStream::connect(self.address).await.err()).await;
    }

    /// Waits until the replica stops of itself and gives the reason.
    pub(crate) async fn failure(self) -> String {
        let stopped = time::timeout(PATIENCE, self.serving).await.unwrap();
        format!("{:#}", stopped.unwrap().unwrap_err())
    }

    pub(crate) async fn try_sign_up(
        &self,
        username: &str,
        password: &str,
        key: &str,
    ) -> Result<Session, Error> {
        let request = SignUpRequest {
            username: username.into(),
            password: password.into(),
            client_address: "203.0.113.7".into(),
            idempotency_key: key.into(),
        };
        let response = self.accounts.clone().sign_up(request).await.map_err(Error::from)?;
        Ok(response.into_inner().session.unwrap())
    }

    pub(crate) async fn sign_up(&self, username: &str) -> Session {
        self.try_sign_up(username, PASSWORD, "").await.unwrap()
    }

    /// A new account with its 1,000 points.
    pub(crate) async fn account(&self, username: &str) -> AccountId {
        id_of(&self.sign_up(username).await)
    }

    pub(crate) async fn log_in(
        &self,
        username: &str,
        password: &str,
        address: &str,
    ) -> Result<Session, Error> {
        let (username, password) = (username.to_owned(), password.to_owned());
        let request = LogInRequest { username, password, client_address: address.to_owned() };
        let response = self.accounts.clone().log_in(request).await.map_err(Error::from)?;
        Ok(response.into_inner().session.unwrap())
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Result<Session, Error> {
        let request = RefreshRequest { refresh_token: refresh_token.to_owned() };
        let response = self.accounts.clone().refresh(request).await.map_err(Error::from)?;
        Ok(response.into_inner().session.unwrap())
    }

    /// Whether the replica wants traffic.
    pub(crate) async fn is_ready(&self) -> bool {
        self.ops.clone().hello(HelloRequest {}).await.is_ok_and(|hello| hello.into_inner().ready)
    }

    /// Whether nothing is to be had any more for a refresh token.
    pub(crate) async fn is_over(&self, refresh_token: &str) -> bool {
        match self.refresh(refresh_token).await {
            Ok(_) => false,
            Err(error) => {
                assert_eq!((error.code, error.reason.as_str()), (ErrorCode::Unauthenticated, "session_over"));
                true
            }
        }
    }

    /// Account's calls, as whoever holds this access token.
    pub(crate) fn with(&self, access_token: &str) -> AccountServiceClient<WithToken> {
        let bearer = Bearer::new(access_token).unwrap();
        AccountServiceClient::with_interceptor(self.channel.clone(), bearer)
    }

    /// The calls of admins, as whoever holds this access token.
    pub(crate) fn desk(&self, access_token: &str) -> AccountAdminServiceClient<WithToken> {
        let bearer = Bearer::new(access_token).unwrap();
        AccountAdminServiceClient::with_interceptor(self.channel.clone(), bearer)
    }

    /// A session of somebody who is an admin.
    pub(crate) async fn admin(&self, pool: &PgPool, username: &str) -> Session {
        let account = self.account(username).await;
        let promote = "UPDATE users SET role = 'admin' WHERE account_id = $1";
        sqlx::query(promote).bind(account).execute(pool).await.unwrap();
        self.log_in(username, PASSWORD, "203.0.113.9").await.unwrap()
    }

    pub(crate) async fn change_password(
        &self,
        session: &Session,
        (current, new): (&str, &str),
        address: &str,
    ) -> Result<Session, Error> {
        let request = ChangePasswordRequest {
            current_password: current.into(),
            new_password: new.into(),
            client_address: address.into(),
            ..ChangePasswordRequest::default()
        };
        let mut accounts = self.with(&session.access_token);
        let response = accounts.change_password(request).await.map_err(Error::from)?;
        Ok(response.into_inner().session.unwrap())
    }

    /// Ends all sessions of an access token's account but its own.
    pub(crate) async fn end_others(&self, access_token: &str) -> i64 {
        let request = EndOtherSessionsRequest::default();
        self.with(access_token).end_other_sessions(request).await.unwrap().into_inner().ended
    }

    /// Ends all sessions of an access token's account.
    pub(crate) async fn log_out_all(&self, access_token: &str) -> Result<i64, Error> {
        let request = LogOutAllRequest::default();
        let ended = self.with(access_token).log_out_all(request).await.map_err(Error::from)?;
        Ok(ended.into_inner().ended)
    }

    pub(crate) async fn revocations(&self, since: Option<prost_types::Timestamp>) -> ListRevocationsResponse {
        let request = ListRevocationsRequest { since };
        self.accounts.clone().list_revocations(request).await.unwrap().into_inner()
    }

    pub(crate) async fn look(&self, account: AccountId) -> Account {
        let request = GetAccountRequest { account_id: account.to_string() };
        self.accounts.clone().get_account(request).await.unwrap().into_inner().account.unwrap()
    }

    /// Applies transfers.
    pub(crate) async fn apply(&self, transfers: &[Transfer]) -> Vec<TransferOutcome> {
        self.try_apply(transfers).await.unwrap()
    }

    pub(crate) async fn try_apply(&self, transfers: &[Transfer]) -> Result<Vec<TransferOutcome>, Error> {
        Ok(self.answer_to(transfers).await?.outcomes().collect())
    }

    /// The whole answer to a call.
    pub(crate) async fn answer_to(&self, transfers: &[Transfer]) -> Result<ApplyTransfersResponse, Error> {
        let request = ApplyTransfersRequest { transfers: transfers.to_vec() };
        Ok(self.ledger.clone().apply_transfers(request).await.map_err(Error::from)?.into_inner())
    }

    /// Records how a bet ended; tells whether that is new.
    pub(crate) async fn record(&self, bet: Bet, paid: i64) -> bool {
        let result = BetResult {
            bet_id: bet.id.to_string(),
            account_id: bet.account.to_string(),
            market_id: bet.market.to_string(),
            staked: bet.stake,
            paid,
        };
        let request = RecordResultsRequest { results: vec![result] };
        let recorded = self.ledger.clone().record_results(request).await.unwrap().into_inner();
        assert_eq!(recorded.unknown, 0);
        recorded.recorded == 1
    }

    /// Applies one transfer.
    pub(crate) async fn apply_one(&self, transfer: &Transfer) -> TransferOutcome {
        self.apply(std::slice::from_ref(transfer)).await[0]
    }
}

/// The session that an access token names.
pub(crate) fn access_session(access_token: &str) -> String {
    let claims = BASE64_URL_SAFE_NO_PAD.decode(access_token.split('.').nth(1).unwrap()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    claims["sid"].as_str().unwrap().to_owned()
}

pub(crate) fn id_of(session: &Session) -> AccountId {
    AccountId::parse(&session.account.as_ref().unwrap().account_id).unwrap()
}

/// A bet whose transfers are to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bet {
    pub(crate) id: BetId,
    pub(crate) account: AccountId,
    pub(crate) market: MarketId,
    pub(crate) stake: i64,
}

impl Bet {
    pub(crate) fn new(account: AccountId, market: MarketId, stake: i64) -> Self {
        Self { id: BetId(ids::fresh()), account, market, stake }
    }

    pub(crate) fn stake(self) -> Transfer {
        Transfer {
            transfer_id: self.id.stake_transfer().to_string(),
            kind: TransferKind::Stake.into(),
            account_id: self.account.to_string(),
            market_id: self.market.to_string(),
            bet_id: self.id.to_string(),
            points: self.stake,
            fingerprint: b"request".to_vec(),
            closes_transfer_id: String::new(),
        }
    }

    pub(crate) fn close(self, kind: TransferKind, points: i64) -> Transfer {
        Transfer {
            transfer_id: self.id.closing_transfer().to_string(),
            kind: kind.into(),
            points,
            closes_transfer_id: self.id.stake_transfer().to_string(),
            ..self.stake()
        }
    }

    pub(crate) fn cancel(self) -> Transfer {
        self.close(TransferKind::Cancel, self.stake)
    }

    pub(crate) fn tombstone(self) -> Transfer {
        self.close(TransferKind::Tombstone, self.stake)
    }

    pub(crate) fn payout(self, points: i64) -> Transfer {
        self.close(TransferKind::Payout, points)
    }

    pub(crate) fn correction(self, points: i64) -> Transfer {
        Transfer {
            transfer_id: self.id.correction_transfer().to_string(),
            ..self.close(TransferKind::Correction, points)
        }
    }
}

/// Applies a grant as the service itself does: it takes none from its callers.
pub(crate) async fn give(pool: &PgPool, grant: &Transfer) -> TransferOutcome {
    let outcome: String = sqlx::query_scalar(
        "SELECT (apply_transfers(ARRAY[$1], ARRAY['daily_grant'::transfer_kind], ARRAY[$2], ARRAY[NULL::uuid],
            ARRAY[NULL::uuid], ARRAY[$3::bigint], ARRAY[$4], ARRAY[NULL::uuid], 0::smallint))[1]::text",
    )
    .bind(uuid(&grant.transfer_id))
    .bind(uuid(&grant.account_id))
    .bind(grant.points)
    .bind(&grant.fingerprint)
    .fetch_one(pool)
    .await
    .unwrap();
    let name = format!("TRANSFER_OUTCOME_{}", outcome.to_uppercase());
    TransferOutcome::from_str_name(&name).unwrap()
}

fn uuid(text: &str) -> Uuid {
    text.parse().unwrap()
}

/// Points from the house, outside of the daily rhythm.
pub(crate) fn gift(account: AccountId, points: i64) -> Transfer {
    Transfer {
        transfer_id: ids::fresh().to_string(),
        kind: TransferKind::DailyGrant.into(),
        account_id: account.to_string(),
        points,
        fingerprint: b"gift".to_vec(),
        ..Transfer::default()
    }
}

/// Everything promised of the ledger, checked at the end of a story.
pub(crate) async fn assert_ledger_is_clean(pool: &PgPool) {
    let report = loljoa_account::audit::full(pool).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
}

/// Asks again and again until `question` has an answer. Other tests' transactions on the same server can hold the
/// feed back for a moment.
pub(crate) async fn eventually<T>(mut question: impl AsyncFnMut() -> Option<T>) -> T {
    let ask = async {
        loop {
            if let Some(answer) = question().await {
                return answer;
            }
            time::sleep(POLL_EVERY).await;
        }
    };
    time::timeout(PATIENCE, ask).await.expect("the answer came in time")
}

/// Waits until `count` sessions of this database wait for a lock.
pub(crate) async fn until_blocked(pool: &PgPool, count: i64) {
    eventually(async || {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .fetch_one(pool)
        .await
        .unwrap();
        (waiting >= count).then_some(())
    })
    .await;
}
