use std::net::IpAddr;

use reqwest::{Client, ClientBuilder, Method, RequestBuilder, header::HeaderMap};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

/// Speaks HTTP with one gateway, as one user or as nobody.
#[derive(Clone)]
pub(crate) struct Http {
    client: Client,
    base: String,
    token: Option<String>,
}

impl Http {
    pub(crate) fn new(base: String) -> Self {
        Self::by(Client::builder(), base)
    }

    /// A client at another address of this machine.
    pub(crate) fn from_address(base: String, address: IpAddr) -> Self {
        Self::by(Client::builder().local_address(Some(address)), base)
    }

    fn by(client: ClientBuilder, base: String) -> Self {
        let client = client.no_proxy().pool_max_idle_per_host(64).build().unwrap();
        Self { client, base, token: None }
    }

    /// Where the gateway is.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// The same client with this access token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The access token that is sent.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        Reply::to(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        Reply::to(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn post_with_key(&self, path: &str, key: Uuid, body: &Value) -> Reply {
        Reply::to(self.request(Method::POST, path).header("Idempotency-Key", key.to_string()).json(body))
            .await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Reply {
        Reply::to(self.request(Method::PATCH, path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        Reply::to(self.request(Method::DELETE, path)).await
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

/// What is said about a failure.
#[derive(Debug, Deserialize)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    pub(crate) code: String,
    errors: Vec<FieldProblem>,
}

#[derive(Debug, Deserialize)]
struct FieldProblem {
    field: String,
    message: String,
}

impl Reply {
    /// The answer to `request`; nothing else than an answer is acceptable.
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        Self::to_or_lost(request).await.unwrap()
    }

    /// The answer to `request`, unless the connection is lost meanwhile.
    pub(crate) async fn to_or_lost(request: RequestBuilder) -> reqwest::Result<Self> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { status, headers, text: response.text().await? })
    }

    /// The content of a success.
    pub(crate) fn ok<T: DeserializeOwned>(&self) -> T {
        assert!((200..300).contains(&self.status), "refused with {}: {}", self.status, self.text);
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The content of a failure, which has to be a problem document.
    pub(crate) fn problem(&self) -> Problem {
        assert!(self.status >= 400, "a failure was expected, not {}: {}", self.status, self.text);
        let media_type = self.headers.get("content-type").map(|value| value.to_str().unwrap());
        assert_eq!(media_type, Some("application/problem+json"), "{}", self.text);
        let problem: Problem = serde_json::from_str(&self.text).unwrap();
        assert_eq!(problem.status, self.status);
        problem
    }

    /// Status and code of a failure.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let problem = self.problem();
        (problem.status, problem.code)
    }
}

impl Problem {
    /// The fields at fault.
    pub(crate) fn fields(&self) -> Vec<&str> {
        assert!(self.errors.iter().all(|error| !error.message.is_empty()));
        self.errors.iter().map(|error| error.field.as_str()).collect()
    }
}
