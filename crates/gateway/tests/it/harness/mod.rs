//! A gateway on a free port, a backend behind it, and a client before it.

pub(crate) mod backend;
pub(crate) mod betting;
pub(crate) mod events;
pub(crate) mod frames;
pub(crate) mod league;
pub(crate) mod raw;
pub(crate) mod system;
pub(crate) mod tokens;

use std::{net::SocketAddr, time::Duration};

use loljoa_gateway::{
    Config, Listeners,
    config::{Rate, SlowRate, Upstreams},
};
use loljoa_service_kit::{config::Upstream, ids};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) use backend::Backend;
pub(crate) use tokens::Signer;

/// Long enough for a slow machine; nothing waits for it unless something is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const NO_LIMIT: Rate = Rate { per_second: 0, burst: 0 };
pub(crate) const NO_SLOW_LIMIT: SlowRate = SlowRate { per_minute: 0, burst: 0 };

/// A running gateway.
pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    admin: SocketAddr,
    pub(crate) backend: Backend,
    pub(crate) signer: Signer,
    pub(crate) served: JoinHandle<anyhow::Result<()>>,
    pub(crate) shutdown: CancellationToken,
    http: reqwest::Client,
    _stop: DropGuard,
}

impl Gateway {
    /// A gateway without rate limits before a backend that answers.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// Like [`Self::start`], configured by `configure`.
    pub(crate) async fn start_with(configure: impl FnOnce(&mut Config)) -> Self {
        let signer = Signer::new("first");
        let backend = Backend::start(signer.key_set()).await;
        let mut config = Config::new(upstreams(backend.address));
        config.runtime.drain.delay_ms = 0;
        config.limits.per_address = NO_LIMIT;
        config.limits.per_account = NO_LIMIT;
        (config.limits.sign_up, config.limits.log_in) = (NO_SLOW_LIMIT, NO_SLOW_LIMIT);
        config.tokens.refresh_pause_ms = 1;
        config.tokens.revocations_every_ms = 5;
        configure(&mut config);
        Self::serve(config, backend, signer).await
    }

    /// A gateway with a configuration of one's own.
    pub(crate) async fn serve(config: Config, backend: Backend, signer: Signer) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listeners = Listeners::bind(any, any).await.unwrap();
        let (address, admin) =
            (listeners.service.local_addr().unwrap(), listeners.admin.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        let served = tokio::spawn(loljoa_gateway::serve(config, listeners, shutdown.clone()));
        let http = reqwest::Client::builder().timeout(PATIENCE).no_gzip().build().unwrap();
        Self { address, admin, backend, signer, served, _stop: shutdown.clone().drop_guard(), shutdown, http }
    }

    /// A request that nobody in particular makes.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.address))
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// A request to the admin port.
    pub(crate) fn get_admin(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("http://{}{path}", self.admin))
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// A bet by whoever holds `token`.
    pub(crate) fn bet(&self, token: &str, stake: i64) -> RequestBuilder {
        let bet = json!({"marketId": betting::MARKET, "outcomeId": betting::OUTCOME, "stake": stake});
        self.post("/api/betting/bets").bearer_auth(token).header("Idempotency-Key", key()).json(&bet)
    }
}

/// All three services at one address.
pub(crate) fn upstreams(address: SocketAddr) -> Upstreams {
    let upstream = || Upstream::at(format!("http://{address}").parse().unwrap());
    Upstreams { account: upstream(), league_schedule: upstream(), betting: upstream() }
}

/// A fresh idempotency key.
pub(crate) fn key() -> String {
    ids::fresh().to_string()
}

/// Status and problem of an answer, as one line; fails when it is no proper problem.
pub(crate) async fn problem(request: RequestBuilder) -> String {
    let response = request.send().await.unwrap();
    let status = response.status();
    assert_eq!(header(&response, header::CONTENT_TYPE.as_str()), "application/problem+json", "{status}");
    if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE {
        assert!(response.headers().contains_key(header::RETRY_AFTER), "{status} says when to come again");
    }
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["status"], status.as_u16());
    assert_eq!(body["type"], format!("urn:loljoa:problem:{}", body["code"].as_str().unwrap()));
    let errors = body["errors"].as_array().unwrap().iter();
    let errors = errors.map(|error| {
        format!(" | {}: {}", error["field"].as_str().unwrap(), error["message"].as_str().unwrap())
    });
    format!("{} {}{}", status.as_u16(), body["code"].as_str().unwrap(), errors.collect::<String>())
}

/// A header's value, or nothing.
pub(crate) fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}
