//! Asks the LoL Esports API.

use std::time::Duration;

use loljoa_service_kit::config::RedactedUrl;
use reqwest::{
    Client as Http, StatusCode,
    header::{HeaderMap, HeaderValue},
    redirect::Policy,
};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use url::Url;

use super::wire::{Envelope, Page, ScheduleData, TeamEntry, TeamsData};
use crate::config;

/// `blockName` is translated, so the language is pinned.
const LANGUAGE: &str = "en-US";

/// Why an answer cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No whole answer came.
    #[error("no answer: {0}")]
    Transport(String),
    /// The answer was not a success; 403 means that the key is not accepted.
    #[error("answered {0}")]
    Status(StatusCode),
    /// The answer was longer than is read.
    #[error("answered more than {0} bytes")]
    TooLong(usize),
    /// The answer was not the JSON that was asked for.
    #[error("answered something else than its JSON: {0}")]
    Unreadable(#[from] serde_json::Error),
}

/// Without the URL, in which secrets may stand; with every cause, because only the last one says what to mend.
impl From<reqwest::Error> for Error {
    fn from(error: reqwest::Error) -> Self {
        let error = anyhow::Error::from(error.without_url());
        Self::Transport(format!("{error:#}"))
    }
}

/// A client of the API, with its key.
#[derive(Clone, Debug)]
pub struct Client {
    http: Http,
    base_url: RedactedUrl,
    league_id: String,
    max_bytes: usize,
}

impl Client {
    /// A client that asks as `config` says.
    ///
    /// # Errors
    ///
    /// When the key cannot be a header or TLS cannot be set up.
    pub fn new(config: &config::Live) -> anyhow::Result<Self> {
        let mut key = HeaderValue::from_str(config.api_key.expose_secret())?;
        key.set_sensitive(true);
        let http = Http::builder()
            .default_headers(HeaderMap::from_iter([(http::HeaderName::from_static("x-api-key"), key)]))
            .timeout(Duration::from_millis(config.timeout_ms))
            .redirect(Policy::none())
            .build()?;
        Ok(Self {
            http,
            base_url: config.base_url.clone(),
            league_id: config.league_id.clone(),
            max_bytes: config.max_bytes,
        })
    }

    /// One page of the schedule; without a token, the one around today.
    pub(super) async fn schedule(&self, page_token: Option<&str>) -> Result<Page, Error> {
        let mut query = vec![("leagueId", self.league_id.as_str())];
        query.extend(page_token.map(|token| ("pageToken", token)));
        let data: ScheduleData = self.get("getSchedule", &query).await?;
        Ok(data.into())
    }

    /// Every team of every league.
    pub(super) async fn teams(&self) -> Result<Vec<TeamEntry>, Error> {
        let data: TeamsData = self.get("getTeams", &[]).await?;
        Ok(data.into())
    }

    async fn get<T: DeserializeOwned>(&self, call: &str, query: &[(&str, &str)]) -> Result<T, Error> {
        let mut url = Url::clone(&self.base_url);
        url.set_path(&format!("{}/persisted/gw/{call}", self.base_url.path().trim_end_matches('/')));
        url.query_pairs_mut().append_pair("hl", LANGUAGE).extend_pairs(query);
        let mut response = self.http.get(url).send().await?;
        if !response.status().is_success() {
            return Err(Error::Status(response.status()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > self.max_bytes {
                return Err(Error::TooLong(self.max_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(serde_json::from_slice::<Envelope<T>>(&body)?.data)
    }
}
