use std::time::Duration;

use reqwest::{RequestBuilder, Response, StatusCode, header};
use serde::{Deserialize, de::DeserializeOwned};

use super::PAUSE;

/// What a problem document says for people.
#[derive(Deserialize)]
struct Problem {
    detail: String,
}

/// Why a request has not done what it should.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum Failure {
    /// There was no answer.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// There was one that nothing can be made of, as from something else than LOL.JOA.
    #[error("the answer is not understood: {0}")]
    NotUnderstood(String),
    /// There was one, and not the one that was wanted.
    #[error("the answer is {status}{detail}")]
    Refused {
        /// Its status.
        status: StatusCode,
        /// What it says, after a colon.
        detail: String,
        /// When it says to come again.
        retry_after: Option<Duration>,
    },
}

impl Failure {
    pub(super) fn not_understood(error: reqwest::Error) -> Self {
        Self::NotUnderstood(chain(error))
    }

    /// After which time the same request may succeed; none when it will not.
    pub(in crate::cli) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::NoAnswer(_) => Some(PAUSE),
            Self::NotUnderstood(_) => None,
            Self::Refused { status, retry_after, .. } => {
                let is_for_later = status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS;
                is_for_later.then(|| retry_after.unwrap_or(PAUSE))
            }
        }
    }
}

/// Sends a request and gives the answer, when that is a success.
pub(in crate::cli) async fn answer(request: RequestBuilder) -> Result<Response, Failure> {
    let response = request.send().await.map_err(|error| Failure::NoAnswer(chain(error)))?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = retry_after.and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    let problem = response.json::<Problem>().await.ok();
    let detail = problem.map_or_else(String::new, |problem| format!(": {}", problem.detail));
    Err(Failure::Refused { status, detail, retry_after })
}

/// Sends a request and reads the answer.
pub(in crate::cli) async fn json<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Failure> {
    answer(request).await?.json().await.map_err(Failure::not_understood)
}

/// An error and what it comes from; the URL is known.
fn chain(error: reqwest::Error) -> String {
    format!("{:#}", anyhow::Error::new(error.without_url()))
}
