//! The API, as far as the lab prepares its worlds by it.

use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use loljoa_service_kit::ids;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::time;
use uuid::Uuid;

/// On a machine that is busy with other things a service may not answer in time.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_secs(1);

/// The API of one system.
#[derive(Clone, Debug)]
pub struct Api {
    client: Client,
    base: String,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
}

/// Who has just come in.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Whose it is.
    pub account: Account,
    /// What shows it.
    pub access_token: String,
}

/// An account.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Its id.
    pub account_id: Uuid,
}

/// A match.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Match {
    /// Its id.
    pub match_id: Uuid,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
}

/// A market.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Market {
    /// Its id.
    pub market_id: Uuid,
    /// What it is about.
    pub match_id: Uuid,
    /// What it asks.
    pub template: String,
    /// Where it stands.
    pub state: String,
    /// When it takes no bets any more.
    pub lock_at: DateTime<Utc>,
    /// Its answers.
    pub outcomes: Vec<Outcome>,
}

/// An answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Its id.
    pub outcome_id: Uuid,
}

impl Api {
    /// The API at `base`, such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn new(base: &str) -> Self {
        Self::with(Client::new(), base)
    }

    /// The same by this client.
    #[must_use]
    pub fn with(client: Client, base: &str) -> Self {
        Self { client, base: base.trim_end_matches('/').to_owned() }
    }

    /// Signs somebody up who has then looked at the account once, so that the grant of the day is not under way later.
    ///
    /// # Errors
    ///
    /// When that is refused.
    pub async fn sign_up(&self, username: &str, password: &str) -> anyhow::Result<Session> {
        let credentials = json!({ "username": username, "password": password });
        let session: Session = answer(self.post("/api/account/signup").json(&credentials)).await?;
        self.look_at(&session).await?;
        Ok(session)
    }

    /// Logs somebody in who has then looked at the account once.
    ///
    /// # Errors
    ///
    /// When that is refused.
    pub async fn log_in(&self, username: &str, password: &str) -> anyhow::Result<Session> {
        let credentials = json!({ "username": username, "password": password });
        let session: Session = answer(self.post("/api/account/login").json(&credentials)).await?;
        self.look_at(&session).await?;
        Ok(session)
    }

    async fn look_at(&self, session: &Session) -> anyhow::Result<()> {
        answer::<Value>(self.get("/api/account/me").bearer_auth(&session.access_token)).await.map(drop)
    }

    /// Imports matches.
    ///
    /// # Errors
    ///
    /// When that is refused.
    pub async fn import(&self, admin: &Session, season: &Value) -> anyhow::Result<()> {
        let request = self.post("/api/league/import").bearer_auth(&admin.access_token).json(season);
        answer::<Value>(request).await.map(drop)
    }

    /// Matches that start at `from` or later.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn matches(&self, from: DateTime<Utc>) -> anyhow::Result<Vec<Match>> {
        let from = from.format("%Y-%m-%dT%H:%M:%S%.6fZ");
        let page: Page<_> = answer(self.get(&format!("/api/league/matches?from={from}&limit=100"))).await?;
        Ok(page.items)
    }

    /// The markets of a match.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn markets(&self, match_id: Uuid) -> anyhow::Result<Vec<Market>> {
        let page: Page<_> = answer(self.get(&format!("/api/betting/markets?matchId={match_id}"))).await?;
        Ok(page.items)
    }

    /// Markets that are not over, as many as one page has.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn live_markets(&self) -> anyhow::Result<Vec<Market>> {
        let page: Page<_> = answer(self.get("/api/betting/markets?limit=100")).await?;
        Ok(page.items)
    }

    /// Locks a market.
    ///
    /// # Errors
    ///
    /// When that is refused.
    pub async fn lock(&self, admin: &Session, market_id: Uuid) -> anyhow::Result<()> {
        let request = self.post(&format!("/api/betting/markets/{market_id}/lock"));
        answer::<Value>(request.bearer_auth(&admin.access_token).json(&json!({}))).await.map(drop)
    }

    /// Settles a locked market.
    ///
    /// # Errors
    ///
    /// When that is refused.
    pub async fn settle(&self, admin: &Session, market_id: Uuid, outcome_id: Uuid) -> anyhow::Result<()> {
        let request = self.post(&format!("/api/betting/markets/{market_id}/settle"));
        let choice = json!({ "outcomeId": outcome_id });
        answer::<Value>(request.bearer_auth(&admin.access_token).json(&choice)).await.map(drop)
    }

    /// One market.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn market(&self, market_id: Uuid) -> anyhow::Result<Market> {
        answer(self.get(&format!("/api/betting/markets/{market_id}"))).await
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.base))
    }

    fn post(&self, path: &str) -> RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.base));
        request.header("Idempotency-Key", ids::fresh().to_string())
    }
}

/// Sends a request, again while it is told to come again, and reads the answer.
async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> anyhow::Result<T> {
    let mut attempt = 1;
    loop {
        let again = request.try_clone().context("this request cannot be repeated")?;
        let response = again.send().await?;
        let (status, url) = (response.status(), response.url().clone());
        let text = response.text().await?;
        if status.is_success() {
            return serde_json::from_str(&text).with_context(|| format!("{url} answers what cannot be read"));
        }
        let later = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        anyhow::ensure!(later && attempt < ATTEMPTS, "{url} answers {status}: {text}");
        time::sleep(PAUSE).await;
        attempt += 1;
    }
}
