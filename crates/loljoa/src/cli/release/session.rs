use reqwest::{RequestBuilder, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Failure, Release, answer};

/// Somebody who has logged in.
pub(in crate::cli) struct Session {
    token: SecretString,
    /// The cookie that ends it. No store of cookies has it, because that would keep a secure one from an address without TLS,
    /// such as the gateway's own behind a mesh.
    cookie: SecretString,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Opened {
    access_token: SecretString,
}

impl Session {
    /// Sends a sign-up or a log-in.
    pub(in crate::cli) async fn open(request: RequestBuilder) -> Result<Self, Failure> {
        let response = answer(request).await?;
        let cookies = response.headers().get_all(header::SET_COOKIE).iter();
        let pairs = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        let cookie = pairs.collect::<Vec<_>>().join("; ").into();
        let opened: Opened = response.json().await.map_err(Failure::not_understood)?;
        Ok(Self { token: opened.access_token, cookie })
    }

    /// The request as this user sends it.
    pub(in crate::cli) fn by(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.token.expose_secret())
    }

    /// Ends it.
    pub(in crate::cli) async fn close(self, release: &Release) -> anyhow::Result<()> {
        let request = release.http.post(release.at("/api/account/logout")?);
        answer(request.header(header::COOKIE, self.cookie.expose_secret())).await?;
        Ok(())
    }
}
