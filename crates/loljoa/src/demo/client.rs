use std::time::Duration;

use loljoa_service_kit::{BetId, IdempotencyKey, Points, ids};
use reqwest::{RequestBuilder, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use url::Url;

use super::bet::Bet;

const TIMEOUT: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_secs(2);

/// Why a request did not do what it should.
#[derive(Debug)]
pub(super) enum Failure {
    /// The same request may succeed after this time.
    Later(Duration),
    /// The access token is not taken any more.
    SignedOut,
    /// The request will not succeed: a market has locked meanwhile, a name is taken.
    Refused,
}

/// The public HTTP API, as far as a bettor needs it. Cheap to clone.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    url: Url,
    password: SecretString,
}

/// What an account has.
#[derive(Debug, Deserialize)]
pub(super) struct Purse {
    /// What can be bet.
    pub(super) points: Points,
    /// What is held in bets that are not decided.
    pub(super) staked: Points,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    access_token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Placed {
    bet_id: BetId,
}

impl Client {
    pub(super) const fn new(http: reqwest::Client, url: Url, password: SecretString) -> Self {
        Self { http, url, password }
    }

    /// Makes the account `name`, or, since the key is the same every time, logs in to it.
    pub(super) async fn sign_in(&self, name: &str) -> Result<SignedIn, Failure> {
        let key = ids::derived(&[b"demo", name.as_bytes()]);
        let credentials = json!({ "username": name, "password": self.password.expose_secret() });
        let request =
            self.http.post(self.at("/api/account/signup")).header("Idempotency-Key", key.to_string());
        let session: Session = answer(request.json(&credentials)).await?;
        Ok(SignedIn { client: self.clone(), token: session.access_token.into() })
    }

    /// Gets something that everybody may see.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Failure> {
        answer(self.http.get(self.at(path)).query(query)).await
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(path);
        url
    }
}

/// The API as an account sees it.
pub(super) struct SignedIn {
    client: Client,
    token: SecretString,
}

impl SignedIn {
    /// What the account has.
    pub(super) async fn purse(&self) -> Result<Purse, Failure> {
        answer(self.authorised(self.client.http.get(self.client.at("/api/account/me")))).await
    }

    /// Places a bet. With the same key it is the same bet, so it may be sent again when the answer was lost.
    pub(super) async fn bet(&self, key: IdempotencyKey, bet: &Bet) -> Result<BetId, Failure> {
        let request = self.client.http.post(self.client.at("/api/betting/bets"));
        let request = self.authorised(request).header("Idempotency-Key", key.to_string());
        answer::<Placed>(request.json(bet)).await.map(|placed| placed.bet_id)
    }

    /// Cancels a bet.
    pub(super) async fn cancel(&self, bet_id: BetId) -> Result<(), Failure> {
        let request = self.client.http.delete(self.client.at(&format!("/api/betting/bets/{bet_id}")));
        send(self.authorised(request)).await.map(drop)
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.token.expose_secret())
    }
}

async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Failure> {
    send(request).await?.json().await.map_err(|_| Failure::Later(PAUSE))
}

async fn send(request: RequestBuilder) -> Result<reqwest::Response, Failure> {
    let response = request.timeout(TIMEOUT).send().await.map_err(|_| Failure::Later(PAUSE))?;
    match response.status() {
        status if status.is_success() => Ok(response),
        StatusCode::UNAUTHORIZED => Err(Failure::SignedOut),
        StatusCode::TOO_MANY_REQUESTS => Err(Failure::Later(retry_after(&response))),
        status if status.is_server_error() => Err(Failure::Later(retry_after(&response))),
        _ => Err(Failure::Refused),
    }
}

fn retry_after(response: &reqwest::Response) -> Duration {
    let header = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    header.and_then(|seconds| seconds.parse().ok()).map_or(PAUSE, Duration::from_secs)
}
