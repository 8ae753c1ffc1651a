//! The real services behind a gateway, each with a fresh database.

use std::{net::SocketAddr, panic::AssertUnwindSafe, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use futures::FutureExt;
use loljoa_gateway::{Config, Listeners, config::Upstreams};
use loljoa_league_schedule::config::Source;
use loljoa_service_kit::{
    config::{Database, Upstream},
    ids,
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::{task::JoinHandle, time};
use tokio_util::sync::CancellationToken;

use super::{NO_LIMIT, NO_SLOW_LIMIT, PATIENCE, key};

pub(crate) const PASSWORD: &str = "correct horse";

/// All four services over real sockets.
pub(crate) struct System {
    http: reqwest::Client,
    pub(crate) address: SocketAddr,
    services: Vec<JoinHandle<anyhow::Result<()>>>,
    databases: Vec<String>,
    shutdown: CancellationToken,
}

/// Somebody who is logged in.
#[derive(Clone)]
pub(crate) struct Client<'a> {
    system: &'a System,
    token: String,
}

impl System {
    /// Runs `story` on a fresh system that leaves nothing behind, whatever becomes of the story.
    pub(crate) async fn run(story: impl AsyncFnOnce(&Self)) {
        let system = Self::start().await;
        let ended = AssertUnwindSafe(story(&system)).catch_unwind().await;
        system.stop().await;
        if let Err(panic) = ended {
            std::panic::resume_unwind(panic);
        }
    }

    async fn start() -> Self {
        let mut databases = Vec::new();
        for _ in 0..3 {
            databases.push(create_database().await);
        }
        let [account, league, betting] = [0, 1, 2].map(|number| Database::at(url(&databases[number])));
        let shutdown = CancellationToken::new();
        let mut services = Vec::new();
        let mut serve = |served| services.push(tokio::spawn(served));

        let mut config = loljoa_account::Config::new(account, BASE64_STANDARD.encode([7; 32]));
        (config.passwords.memory_kib, config.passwords.passes) = (64, 1);
        config.runtime.drain.delay_ms = 0;
        config.bootstrap_admin = Some(loljoa_account::config::BootstrapAdmin {
            username: "admin".into(),
            password: PASSWORD.to_owned().into(),
        });
        loljoa_account::migrate(&config.database).await.unwrap();
        let (listeners, account) = bind().await;
        serve(loljoa_account::serve(config, listeners, shutdown.clone()).boxed());

        let mut config = loljoa_league_schedule::Config::new(league, account.clone(), Source::Import);
        config.runtime.drain.delay_ms = 0;
        loljoa_league_schedule::migrate(&config.database).await.unwrap();
        let (listeners, league_schedule) = bind().await;
        serve(loljoa_league_schedule::serve(config, listeners, shutdown.clone()).boxed());

        let mut config = loljoa_betting::Config::new(betting, account.clone(), league_schedule.clone());
        config.runtime.drain.delay_ms = 0;
        loljoa_betting::migrate(&config.database).await.unwrap();
        let (listeners, betting) = bind().await;
        serve(loljoa_betting::serve(config, listeners, shutdown.clone()).boxed());

        let mut config = Config::new(Upstreams { account, league_schedule, betting });
        (config.limits.per_address, config.limits.per_account) = (NO_LIMIT, NO_LIMIT);
        (config.limits.sign_up, config.limits.log_in) = (NO_SLOW_LIMIT, NO_SLOW_LIMIT);
        config.runtime.drain.delay_ms = 0;
        let (listeners, gateway) = bind().await;
        serve(loljoa_gateway::serve(config, listeners, shutdown.clone()).boxed());
        let address = gateway.url.socket_addrs(|| None).unwrap()[0];
        Self { http: reqwest::Client::new(), address, services, databases, shutdown }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        for service in self.services {
            service.await.unwrap().unwrap();
        }
        for database in self.databases {
            execute(format!("DROP DATABASE {database} WITH (FORCE)")).await;
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.address))
    }

    /// What anybody sees under `path`.
    pub(crate) async fn get(&self, path: &str) -> Value {
        answer(self.request(Method::GET, path)).await
    }

    /// A new account.
    pub(crate) async fn sign_up(&self, username: &str) -> Client<'_> {
        self.enter("/api/account/signup", username).await.unwrap()
    }

    /// The admin that account makes at its start.
    pub(crate) async fn admin(&self) -> Client<'_> {
        eventually(async || self.enter("/api/account/login", "admin").await).await
    }

    async fn enter(&self, path: &str, username: &str) -> Option<Client<'_>> {
        let credentials = json!({"username": username, "password": PASSWORD});
        let session = self.request(Method::POST, path).json(&credentials).send().await.unwrap();
        let session: Value = session.json().await.unwrap();
        Some(Client { system: self, token: session["accessToken"].as_str()?.to_owned() })
    }
}

impl Client<'_> {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.system.request(method, path).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        answer(self.request(Method::POST, path).header("Idempotency-Key", key()).json(&body)).await
    }

    pub(crate) fn bet(&self, key: &str, market: &Value, outcome: usize, stake: i64) -> RequestBuilder {
        let outcome = &market["outcomes"][outcome]["outcomeId"];
        let bet = json!({"marketId": market["marketId"], "outcomeId": outcome, "stake": stake});
        self.request(Method::POST, "/api/betting/bets").header("Idempotency-Key", key).json(&bet)
    }
}

/// The body of an answer that is a success.
pub(crate) async fn answer(request: RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    let (status, body) = (response.status(), response.json().await.unwrap_or(Value::Null));
    assert!(status.is_success(), "{status} {body}");
    body
}

/// Asks until there is an answer.
pub(crate) async fn eventually<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            time::sleep(Duration::from_millis(20)).await;
        }
    };
    time::timeout(PATIENCE, asking).await.unwrap()
}

async fn bind() -> (Listeners, Upstream) {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let listeners = Listeners::bind(any, any).await.unwrap();
    let url = format!("http://{}", listeners.service.local_addr().unwrap());
    (listeners, Upstream::at(url.parse().unwrap()))
}

fn url(database: &str) -> String {
    let cluster = std::env::var("ACCOUNT_DATABASE_URL").unwrap();
    format!("{}/{database}", cluster.rsplit_once('/').unwrap().0)
}

async fn create_database() -> String {
    let name = format!("gateway_{}", ids::fresh().simple());
    execute(format!("CREATE DATABASE {name}")).await;
    name
}

async fn execute(sql: String) {
    let mut connection = PgConnection::connect(&url("postgres")).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
}
