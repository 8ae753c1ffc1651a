//! `HorizontalPodAutoscaler`s, as the Kubernetes API has them.

use std::{fs, io, path::PathBuf, time::Duration};

use reqwest::{Certificate, Client, Method, RequestBuilder, StatusCode, header};
use serde::Deserialize;
use serde_json::json;
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Who owns the field, in the object's `managedFields`.
const MANAGER: &str = "loljoa-floor";

/// An autoscaler, as far as its floor goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Autoscaler {
    /// Replicas at least.
    #[serde(default = "one")]
    pub min_replicas: u32,
    /// Replicas at most.
    pub max_replicas: u32,
}

/// What Kubernetes has where nothing is said.
const fn one() -> u32 {
    1
}

/// Why the API did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The service account's files are not there, or make no sense.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// There was no answer, or none that is understood.
    #[error("no answer: {0:#}")]
    NoAnswer(anyhow::Error),
    /// There was a refusal.
    #[error("the answer is {0}: {1}")]
    Refused(StatusCode, String),
}

impl From<reqwest::Error> for Error {
    fn from(error: reqwest::Error) -> Self {
        Self::NoAnswer(error.without_url().into())
    }
}

/// The Kubernetes API, as a pod's service account may use it.
#[derive(Debug)]
pub struct Api {
    http: Client,
    server: Url,
    account: PathBuf,
    namespace: String,
}

#[derive(Deserialize)]
struct Object {
    spec: Autoscaler,
}

/// What a refusal says for people.
#[derive(Default, Deserialize)]
struct Status {
    #[serde(default)]
    message: String,
}

impl Api {
    /// The API at `server`, with the files of the service account that a pod has in a folder: `token`, `ca.crt`, `namespace`.
    ///
    /// # Errors
    ///
    /// When a file is missing, or the certificate cannot be read.
    pub fn new(server: Url, account: PathBuf) -> Result<Self, Error> {
        let mut http = Client::builder().timeout(TIMEOUT);
        if server.scheme() == "https" {
            let ca = read(&account, "ca.crt")?;
            http = http.tls_certs_only(Certificate::from_pem_bundle(ca.as_bytes())?);
        }
        let namespace = read(&account, "namespace")?.trim().to_owned();
        Ok(Self { http: http.build()?, server, account, namespace })
    }

    /// Reads an autoscaler.
    ///
    /// # Errors
    ///
    /// When there is no such one, or it may not be read.
    pub async fn get(&self, name: &str) -> Result<Autoscaler, Error> {
        let answer = answer(self.request(Method::GET, name)?).await?;
        Ok(answer.json::<Object>().await?.spec)
    }

    /// Gives an autoscaler another floor, and changes nothing else of it.
    ///
    /// # Errors
    ///
    /// When there is no such one, or it may not be changed.
    pub async fn set_floor(&self, name: &str, floor: u32) -> Result<(), Error> {
        let patch = json!({ "spec": { "minReplicas": floor } }).to_string();
        let request = self.request(Method::PATCH, name)?.query(&[("fieldManager", MANAGER)]);
        answer(request.header(header::CONTENT_TYPE, "application/merge-patch+json").body(patch)).await?;
        Ok(())
    }

    /// The token is read each time: the kubelet renews it.
    fn request(&self, method: Method, name: &str) -> Result<RequestBuilder, Error> {
        let mut url = self.server.clone();
        let namespace = &self.namespace;
        url.set_path(&format!("/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers/{name}"));
        Ok(self.http.request(method, url).bearer_auth(read(&self.account, "token")?.trim()))
    }
}

fn read(account: &std::path::Path, file: &str) -> Result<String, Error> {
    let path = account.join(file);
    fs::read_to_string(&path).map_err(|error| Error::File(path, error))
}

async fn answer(request: RequestBuilder) -> Result<reqwest::Response, Error> {
    let response = request.send().await?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let said = response.json::<Status>().await.unwrap_or_default();
    Err(Error::Refused(status, said.message))
}
