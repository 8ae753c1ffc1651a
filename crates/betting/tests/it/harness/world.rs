//! Everything that a story needs.

use std::{net::SocketAddr, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use loljoa_betting::Config;
use loljoa_proto::{
    account::v1::{Account, Transfer, TransferOutcome},
    betting::v1::{CreateMarketRequest, CustomOutcome, ListMarketsRequest, Market, MarketState, Template},
    league_schedule::v1::league_feed_service_server::LeagueFeedServiceServer,
};
use loljoa_service_kit::{
    AccountId, IdempotencyKey,
    cli::Listeners,
    config::{Database, GrpcServer, Upstream},
    grpc::{client, server},
    health::Health,
    postgres,
};
use sqlx::{ConnectOptions, PgPool, Postgres, Transaction};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use super::{
    Feed, Fixture, Replica, eventually,
    ledger::{Accounts, Admin, LedgerDatabase, assert_books_agree},
    recording::Recording,
};

/// Betting, the account service, a feed, and their databases.
pub(crate) struct World {
    pub(crate) pool: PgPool,
    pub(crate) feed: Feed,
    replicas: Vec<Replica>,
    ledger: LedgerDatabase,
    accounts: Accounts,
    config: Config,
    shutdown: CancellationToken,
    league: JoinHandle<anyhow::Result<()>>,
    account: AccountService,
    recording: Recording,
    /// An admin's access token.
    pub(crate) admin: Admin,
}

/// The account service, which can be stopped and started again.
struct AccountService {
    address: SocketAddr,
    shutdown: CancellationToken,
    serving: JoinHandle<anyhow::Result<()>>,
}

/// A match with its markets.
pub(crate) struct Game {
    pub(crate) fixture: Fixture,
    pub(crate) winner: Market,
    pub(crate) score: Market,
    pub(crate) sets: Market,
}

impl World {
    /// One replica of each service.
    pub(crate) async fn start(pool: &PgPool) -> Self {
        Self::start_with(pool, |_| {}).await
    }

    /// One replica of each service, betting with this configuration.
    pub(crate) async fn start_with(pool: &PgPool, configure: impl FnOnce(&mut Config)) -> Self {
        let recording = Recording::start();
        let ledger = LedgerDatabase::create(pool).await;
        let shutdown = CancellationToken::new();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (account, league) =
            (Listeners::bind(any, any).await.unwrap(), Listeners::bind(any, any).await.unwrap());
        let (account_upstream, league_upstream) = (upstream(&account), upstream(&league));
        let accounts = Accounts::new(client::connect(&account_upstream).unwrap());
        let feed = Feed::new();
        let account = AccountService::start(&ledger, account);
        let league = tokio::spawn(serve_feed(feed.clone(), league, shutdown.clone()));
        let database = Database::at(pool.connect_options().to_url_lossy());
        let mut config = Config::new(database, account_upstream, league_upstream);
        config.runtime.drain.delay_ms = 0;
        config.settlement.interval_ms = 50;
        config.recovery.interval_ms = 50;
        config.recovery.audit_interval_ms = 100;
        config.recovery.audit_share_percent = 100;
        config.life.tick_ms = 50;
        config.watch_interval_ms = 20;
        // Races are forced by holding rows, for as long as a busy machine takes.
        config.placement.lock_timeout_ms = 30_000;
        config.placement.record_within_ms = 60_000;
        configure(&mut config);
        let admin = ledger.admin(&accounts).await;
        let replicas = vec![Replica::start(config.clone(), &admin.bearer).await];
        Self {
            pool: pool.clone(),
            feed,
            replicas,
            ledger,
            accounts,
            config,
            shutdown,
            league,
            account,
            recording,
            admin,
        }
    }

    /// The first replica.
    pub(crate) fn betting(&self) -> &Replica {
        &self.replicas[0]
    }

    /// Starts one more replica, with another configuration.
    pub(crate) async fn add_replica(&mut self, configure: impl FnOnce(&mut Config)) {
        let mut config = self.config.clone();
        configure(&mut config);
        self.replicas.push(Replica::start(config, &self.admin.bearer).await);
    }

    /// A replica by number.
    pub(crate) fn replica(&self, n: usize) -> &Replica {
        &self.replicas[n]
    }

    /// Stops all replicas and starts one anew.
    pub(crate) async fn restart_replicas(&mut self) {
        for replica in self.replicas.drain(..) {
            replica.stop().await;
        }
        self.add_replica(|_| ()).await;
    }

    /// Stops the first replica.
    pub(crate) async fn stop_first_replica(&mut self) {
        self.replicas.remove(0).stop().await;
    }

    /// Waits until the first replica has died at a fail point, and starts another in its place. What it had leased is free.
    pub(crate) async fn outlive_the_first_replica(&mut self) {
        self.replicas.remove(0).until_dead().await;
        for expire in [
            "UPDATE feed_cursors SET leased_until = '-infinity'",
            "UPDATE owed SET leased_until = '-infinity'",
            "UPDATE owed_chunks SET leased_until = '-infinity'",
            "UPDATE markets SET claimed_until = '-infinity' WHERE claimed_by IS NOT NULL",
        ] {
            sqlx::query(expire).execute(&self.pool).await.unwrap();
        }
        self.replicas.insert(0, Replica::start(self.config.clone(), &self.admin.bearer).await);
    }

    /// A new account with 1,000 points.
    pub(crate) async fn account(&self, username: &str) -> AccountId {
        self.accounts.sign_up(username).await
    }

    /// A new account with this many points.
    pub(crate) async fn account_with(&self, username: &str, points: i64) -> AccountId {
        let account = self.account(username).await;
        self.ledger.give(account, points - 1_000).await;
        account
    }

    /// The access token of an account without rights.
    pub(crate) async fn token_of(&self, username: &str) -> String {
        self.accounts.log_in(username).await.access_token
    }

    pub(crate) async fn look(&self, account: AccountId) -> Account {
        self.accounts.look(account).await
    }

    /// Gives an account points of the house.
    pub(crate) async fn give(&self, account: AccountId, points: i64) {
        self.ledger.give(account, points).await;
    }

    /// What an account can bet now.
    pub(crate) async fn points(&self, account: AccountId) -> i64 {
        self.look(account).await.points
    }

    /// Applies a transfer behind betting's back.
    pub(crate) async fn transfer(&self, transfer: Transfer) -> TransferOutcome {
        self.accounts.apply(transfer).await
    }

    /// A gauge or counter as it is shown now, 0 when it has never been set.
    pub(crate) fn metric(&self, name: &str, label: &str) -> f64 {
        self.recording.read(name, label).unwrap_or_default()
    }

    /// Waits until a gauge or counter is as wanted, and answers it.
    pub(crate) async fn until_metric(&self, name: &str, label: &str, wanted: impl Fn(f64) -> bool) -> f64 {
        eventually(async || {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some(self.metric(name, label)).filter(|value| wanted(*value))
        })
        .await
    }

    /// Waits until the audit shows this many differences of a check.
    pub(crate) async fn until_differences(&self, check: &str, count: u32) {
        self.until_metric("loljoa_audit_difference", check, |shown| (shown - f64::from(count)).abs() < 0.5)
            .await;
    }

    /// Waits until the audit has looked at every bet and every market as they are now.
    pub(crate) async fn until_audited(&self) {
        eventually(async || {
            let looked: bool = sqlx::query_scalar(
                "SELECT NOT EXISTS (SELECT FROM audit_markets WHERE dirty) AND NOT EXISTS (
                    SELECT FROM bets WHERE (changed_xid, seq) > (
                        coalesce((SELECT xid FROM audit_cursors WHERE name = 'bets'), '0'),
                        coalesce((SELECT seq FROM audit_cursors WHERE name = 'bets'), 0)))",
            )
            .fetch_one(&self.pool)
            .await
            .unwrap();
            looked.then_some(())
        })
        .await;
    }

    /// What the audit has found, as check and subject.
    pub(crate) async fn findings(&self) -> Vec<(String, String)> {
        sqlx::query_as("SELECT check_name, subject FROM audit_findings WHERE confirmed ORDER BY 1, 2")
            .fetch_all(&self.pool)
            .await
            .unwrap()
    }

    /// The ledger's database.
    pub(crate) const fn ledger_pool(&self) -> &PgPool {
        &self.ledger.pool
    }

    /// Changes the ledger behind everybody's back.
    pub(crate) async fn tamper(&self, statement: &'static str) {
        sqlx::query(statement).execute(&self.ledger.pool).await.unwrap();
    }

    /// Holds an account's balance in the ledger until the transaction ends.
    pub(crate) async fn hold_balance(&self, account: AccountId) -> Transaction<'static, Postgres> {
        let mut transaction = postgres::begin(&self.ledger.pool).await.unwrap();
        sqlx::query("SELECT 1 FROM user_balances WHERE account_id = $1 FOR UPDATE")
            .bind(account.0)
            .execute(&mut *transaction)
            .await
            .unwrap();
        transaction
    }

    /// The kinds of all transfers that closed or corrected a bet, in the order in which they came.
    pub(crate) async fn closings(&self) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT kind::text FROM transfers WHERE closes_transfer_id IS NOT NULL ORDER BY seq",
        )
        .fetch_all(&self.ledger.pool)
        .await
        .unwrap()
    }

    /// The time by the database's clock.
    pub(crate) async fn now(&self) -> DateTime<Utc> {
        sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(&self.pool).await.unwrap()
    }

    /// A match that starts in an hour, with its markets open.
    pub(crate) async fn game(&self) -> Game {
        self.game_in(TimeDelta::hours(1)).await
    }

    /// A match that starts in a while, with its markets open.
    pub(crate) async fn game_in(&self, starts_in: TimeDelta) -> Game {
        let fixture = Fixture::new(self.now().await, starts_in);
        self.feed.say(fixture.scheduled(1));
        let markets = eventually(async || {
            let markets = self.markets_of(&fixture).await;
            (markets.len() == 3).then_some(markets)
        })
        .await;
        let of = |template| markets.iter().find(|market| market.template() == template).unwrap().clone();
        let (winner, score, sets) =
            (of(Template::MatchWinner), of(Template::ExactScore), of(Template::TotalSets));
        Game { fixture, winner, score, sets }
    }

    /// A market for an admin's own question.
    pub(crate) async fn ask(&self, game: &Game, question: &str, answers: &[&str]) -> Market {
        let answer = |label: &&str| CustomOutcome { label_en: (*label).into(), label_ko: (*label).into() };
        let request = CreateMarketRequest {
            idempotency_key: IdempotencyKey::fresh().to_string(),
            match_id: game.fixture.match_id.to_string(),
            question_en: question.into(),
            question_ko: question.into(),
            outcomes: answers.iter().map(answer).collect(),
        };
        self.betting().admin.clone().create_market(request).await.unwrap().into_inner().market.unwrap()
    }

    /// Lets any replica follow the ledger's feed next.
    pub(crate) async fn release_ledger_feed(&self) {
        sqlx::query("UPDATE feed_cursors SET leased_until = '-infinity' WHERE consumer = 'ledger'")
            .execute(&self.pool)
            .await
            .unwrap();
    }

    pub(crate) async fn markets_of(&self, fixture: &Fixture) -> Vec<Market> {
        let match_ids = vec![fixture.match_id.to_string()];
        let request = ListMarketsRequest { match_ids, limit: 100, cursor: String::new() };
        self.betting().betting.clone().list_markets(request).await.unwrap().into_inner().markets
    }

    /// Waits until everything said of matches has been taken in.
    pub(crate) async fn until_heard(&self) {
        let said = self.feed.len().to_string();
        eventually(async || {
            let cursor: String =
                sqlx::query_scalar("SELECT cursor FROM feed_cursors WHERE consumer = 'league_schedule'")
                    .fetch_one(&self.pool)
                    .await
                    .unwrap();
            (cursor == said).then_some(())
        })
        .await;
    }

    /// Waits until a market is in this state.
    pub(crate) async fn until(&self, market: &Market, state: MarketState) -> Market {
        eventually(async || {
            let market = self.betting().market(&market.market_id).await;
            (market.state() == state).then_some(market)
        })
        .await
    }

    /// Waits until every market that is ending has ended, and the ledger has been told all that is owed.
    pub(crate) async fn until_delivered(&self) {
        eventually(async || {
            let left: i64 = sqlx::query_scalar(
                "SELECT (SELECT count(*) FROM owed_bets)
                    + (SELECT count(*) FROM markets WHERE state IN ('settling', 'voiding'))
                    + (SELECT count(*) FROM markets WHERE state = 'locked' AND decided_outcome_id IS NOT NULL)
                    + (SELECT count(*) FROM late_refunds)
                    + (SELECT count(*) FROM corrections WHERE done_at IS NULL)",
            )
            .fetch_one(&self.pool)
            .await
            .unwrap();
            (left == 0).then_some(())
        })
        .await;
    }

    /// The end of a story: all is delivered, bets and ledger agree to the point, and nothing is left behind.
    pub(crate) async fn end(mut self) {
        self.until_delivered().await;
        self.until_audited().await;
        assert_eq!(self.findings().await, [], "the audit that went on all the time has found nothing");
        self.stop().await;
        assert_books_agree(&self.pool, &self.ledger.pool).await;
        self.ledger.remove().await;
    }

    /// The end of a story in which something was broken on purpose.
    pub(crate) async fn abandon(mut self) {
        self.stop().await;
        self.ledger.remove().await;
    }

    async fn stop(&mut self) {
        for replica in self.replicas.drain(..) {
            replica.stop().await;
        }
        self.shutdown.cancel();
        (&mut self.league).await.unwrap().unwrap();
        self.account.stop().await;
    }

    /// Stops the account service.
    pub(crate) async fn stop_account_service(&mut self) {
        self.account.stop().await;
    }

    /// Starts the account service again, where it was.
    pub(crate) async fn start_account_service(&mut self) {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listeners = Listeners::bind(self.account.address, any).await.unwrap();
        self.account = AccountService::start(&self.ledger, listeners);
    }
}

impl AccountService {
    fn start(database: &LedgerDatabase, listeners: Listeners) -> Self {
        let address = listeners.service.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(loljoa_account::serve(database.config(), listeners, shutdown.clone()));
        Self { address, shutdown, serving }
    }

    async fn stop(&mut self) {
        self.shutdown.cancel();
        (&mut self.serving).await.unwrap().unwrap();
    }
}

fn upstream(listeners: &Listeners) -> Upstream {
    let url = format!("http://{}", listeners.service.local_addr().unwrap()).parse().unwrap();
    Upstream { timeout_ms: 30_000, silence_ms: 30_000, balance: false, ..Upstream::at(url) }
}

async fn serve_feed(feed: Feed, listeners: Listeners, shutdown: CancellationToken) -> anyhow::Result<()> {
    let routes = Routes::new(LeagueFeedServiceServer::new(feed));
    let health = Health::new("league-schedule");
    server::serve(&GrpcServer::default(), listeners.service, health, false, routes, shutdown).await
}
