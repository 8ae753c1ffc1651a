//! The real account service with a database of its own.

use std::collections::HashMap;

use loljoa_account::audit::{BetResult, BetTransfer, BetTransferKind, Fold};
use loljoa_betting::audit::{Known, Moved, OwedKind};
use loljoa_proto::account::v1::{
    Account, ApplyTransfersRequest, GetAccountRequest, LogInRequest, Session, SignUpRequest, Transfer,
    TransferOutcome, account_service_client::AccountServiceClient,
    ledger_service_client::LedgerServiceClient,
};
use loljoa_service_kit::{AccountId, BetId, config::Database, grpc::Channel, identity::Bearer};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool, postgres::PgConnectOptions};

const PASSWORD: &str = "correct horse";
/// Of [`PASSWORD`], with as little work as [`LedgerDatabase::config`] asks for.
const HASH: &str =
    "$argon2id$v=19$m=64,t=1,p=1$BSlDMAeOj31T2hxsqZVE7Q$3OdSWPVTgLI+jYoSVsnzxJmqnQvimyxhbxXCF0qY9Kc";
const SEALING_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// Somebody who may do everything and has no points.
pub(crate) struct Admin {
    pub(crate) account: AccountId,
    pub(crate) bearer: Bearer,
}

/// The database of the account service beside the test's own.
pub(super) struct LedgerDatabase {
    pub(super) pool: PgPool,
    name: String,
    beside: PgConnectOptions,
}

impl LedgerDatabase {
    pub(super) async fn create(test: &PgPool) -> Self {
        let beside = (*test.connect_options()).clone();
        let name = beside.get_database().unwrap().replace("_sqlx_test", "_account");
        execute(&beside, &format!(r#"DROP DATABASE IF EXISTS "{name}" WITH (FORCE)"#)).await;
        execute(&beside, &format!(r#"CREATE DATABASE "{name}""#)).await;
        let pool = PgPool::connect_with(beside.clone().database(&name)).await.unwrap();
        loljoa_account::MIGRATOR.run(&pool).await.unwrap();
        Self { pool, name, beside }
    }

    pub(super) fn config(&self) -> loljoa_account::Config {
        let database = Database::at(self.pool.connect_options().to_url_lossy());
        let mut config = loljoa_account::Config::new(database, SEALING_KEY);
        config.runtime.drain.delay_ms = 0;
        config.passwords.memory_kib = 64;
        config.passwords.passes = 1;
        config.passwords.waiting = 10_000;
        config
    }

    /// An admin who never got a grant, so that balances are those of the story alone.
    pub(super) async fn admin(&self, accounts: &Accounts) -> Admin {
        let account = AccountId::fresh();
        for statement in [
            "INSERT INTO users (account_id, username, username_key, password_hash, role, created_at)
             VALUES ($1, 'oner', 'oner', $2, 'admin', now())",
            "INSERT INTO user_balances (account_id) SELECT $1 WHERE $2 <> ''",
        ] {
            sqlx::query(statement).bind(account.0).bind(HASH).execute(&self.pool).await.unwrap();
        }
        let token = accounts.log_in("oner").await.access_token;
        Admin { account, bearer: Bearer::new(&token).unwrap() }
    }

    /// Points from the house, as account grants them; nobody else can ask for them.
    pub(super) async fn give(&self, account: AccountId, points: i64) {
        let outcome: String = sqlx::query_scalar(
            "SELECT (apply_transfers(ARRAY[gen_random_uuid()], ARRAY['daily_grant'::transfer_kind], ARRAY[$1],
                ARRAY[NULL::uuid], ARRAY[NULL::uuid], ARRAY[$2::bigint], ARRAY['gift'::bytea], ARRAY[NULL::uuid],
                0::smallint))[1]::text",
        )
        .bind(account.0)
        .bind(points)
        .fetch_one(&self.pool)
        .await
        .unwrap();
        assert_eq!(outcome, "applied");
    }

    pub(super) async fn remove(self) {
        self.pool.close().await;
        execute(&self.beside, &format!(r#"DROP DATABASE "{}" WITH (FORCE)"#, self.name)).await;
    }
}

async fn execute(options: &PgConnectOptions, statement: &str) {
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
}

/// What the tests ask of the account service.
#[derive(Clone)]
pub(super) struct Accounts {
    accounts: AccountServiceClient<Channel>,
    ledger: LedgerServiceClient<Channel>,
}

impl Accounts {
    pub(super) fn new(channel: Channel) -> Self {
        Self {
            accounts: AccountServiceClient::new(channel.clone()),
            ledger: LedgerServiceClient::new(channel),
        }
    }

    pub(super) async fn sign_up(&self, username: &str) -> AccountId {
        let request = SignUpRequest {
            username: username.into(),
            password: PASSWORD.into(),
            client_address: "203.0.113.7".into(),
            idempotency_key: String::new(),
        };
        let session = self.accounts.clone().sign_up(request).await.unwrap().into_inner().session.unwrap();
        AccountId::parse(&session.account.unwrap().account_id).unwrap()
    }

    pub(super) async fn log_in(&self, username: &str) -> Session {
        let request = LogInRequest {
            username: username.into(),
            password: PASSWORD.into(),
            client_address: "203.0.113.7".into(),
        };
        self.accounts.clone().log_in(request).await.unwrap().into_inner().session.unwrap()
    }

    pub(super) async fn look(&self, account: AccountId) -> Account {
        let request = GetAccountRequest { account_id: account.to_string() };
        self.accounts.clone().get_account(request).await.unwrap().into_inner().account.unwrap()
    }

    pub(super) async fn apply(&self, transfer: Transfer) -> TransferOutcome {
        let request = ApplyTransfersRequest { transfers: vec![transfer] };
        self.ledger.clone().apply_transfers(request).await.unwrap().into_inner().outcomes().next().unwrap()
    }
}

/// Compares bets and ledger, both wholly at rest.
pub(super) async fn assert_books_agree(betting: &PgPool, account: &PgPool) {
    assert_eq!(loljoa_betting::audit::full(betting).await.unwrap(), []);
    let report = loljoa_account::audit::full(account).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
    let mut known = known(account).await;
    for bet in loljoa_betting::audit::bets_after(betting, None, i64::MAX).await.unwrap() {
        let known = known.remove(&bet.bet_id).unwrap_or_default();
        assert_eq!(loljoa_betting::audit::compare(&bet, &known), []);
    }
    let markets: Vec<_> =
        known.values().filter_map(|known| known.stake.as_ref()).map(|it| it.market_id).collect();
    let archived = loljoa_betting::periods::archived_markets(betting, &markets).await.unwrap();
    known.retain(|_, known| {
        let is_archived = known.stake.as_ref().is_some_and(|stake| archived.contains(&stake.market_id));
        *known != Known::default() && !known.is_never_taken() && !is_archived
    });
    assert_eq!(known, HashMap::new(), "points moved for bets that are not there");
}

/// All that the ledger knows of bets.
async fn known(account: &PgPool) -> HashMap<BetId, Known> {
    let mut all: HashMap<BetId, Known> = HashMap::new();
    let mut fold = Fold::default();
    let mut transfers = Vec::new();
    loop {
        let page = fold.next(account, 10_000).await.unwrap();
        transfers.extend(page.bet_transfers);
        if !page.more {
            break;
        }
    }
    for transfer in transfers {
        let known = all.entry(transfer.bet_id).or_default();
        let BetTransfer { account_id, market_id, points, .. } = transfer;
        let moved = Moved { account_id, market_id, points };
        match transfer.kind {
            BetTransferKind::Stake => known.stake = Some(moved),
            BetTransferKind::Payout => known.closing = Some((OwedKind::Payout, moved)),
            BetTransferKind::Cancel => known.closing = Some((OwedKind::Cancel, moved)),
            BetTransferKind::Void => known.closing = Some((OwedKind::Void, moved)),
            BetTransferKind::Tombstone => known.closing = Some((OwedKind::Tombstone, moved)),
            BetTransferKind::Correction => known.correction = Some(moved),
        }
    }
    for result in loljoa_account::audit::bet_results_after(account, None, i64::MAX).await.unwrap() {
        let BetResult { account_id, market_id, staked, paid, .. } = result;
        let staked = Moved { account_id, market_id, points: staked };
        all.entry(result.bet_id).or_default().result = Some((staked, paid));
    }
    all
}
