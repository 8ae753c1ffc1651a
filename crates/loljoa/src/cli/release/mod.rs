//! A running release, as its users reach it: by its public address.

mod answer;
mod session;
mod wait;

use std::{fs, net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::Context;
use clap::Args;
use reqwest::{Certificate, Client};
use url::Url;

pub(super) use answer::{Failure, answer, json};
pub(super) use session::Session;
pub(super) use wait::Wait;

const TIMEOUT: Duration = Duration::from_secs(30);
/// Between two looks at something that is not ready.
pub(super) const PAUSE: Duration = Duration::from_secs(2);
/// What each service answers by itself, for anybody.
const PROBES: [(&str, &str); 3] = [
    ("account", "/api/account/leaderboard?limit=1"),
    ("league-schedule", "/api/league/tournaments"),
    ("betting", "/api/betting/markets?limit=1"),
];

/// Where the release is.
#[derive(Args)]
pub(super) struct Address {
    /// The public address, such as `https://loljoa.example`
    #[arg(long, value_name = "URL", value_parser = web_address)]
    pub(super) url: Url,
    /// Certificates (PEM) that are trusted besides the usual ones
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Connect to this address instead of looking the URL's name up; a port that the URL has counts instead of its own
    #[arg(long, value_name = "IP:PORT")]
    connect: Option<SocketAddr>,
}

/// A running release.
pub(super) struct Release {
    pub(super) http: Client,
    pub(super) url: Url,
}

/// Reads an address that HTTP requests can go to.
pub(super) fn web_address(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|error| format!("{error}"))?;
    let is_web = matches!(url.scheme(), "http" | "https");
    is_web.then_some(url).ok_or_else(|| "must begin with http:// or https://".to_owned())
}

impl Address {
    /// A client for it. Nothing is sent yet.
    pub(super) fn open(self) -> anyhow::Result<Release> {
        let mut http = Client::builder().timeout(TIMEOUT);
        if let Some(file) = &self.ca_file {
            let bundle = fs::read(file).with_context(|| format!("--ca-file {}", file.display()))?;
            let bundle = Certificate::from_pem_bundle(&bundle);
            let certificates = bundle.with_context(|| format!("--ca-file {}", file.display()))?;
            anyhow::ensure!(!certificates.is_empty(), "--ca-file {}: no certificate in it", file.display());
            http = http.tls_certs_merge(certificates);
        }
        if let Some(address) = self.connect {
            let name = self.url.domain();
            let name = name.with_context(|| format!("--connect: {} has no name to look up", self.url))?;
            http = http.resolve(name, address);
        }
        Ok(Release { http: http.build()?, url: self.url })
    }
}

impl Release {
    /// Where `path`, with its query, is.
    pub(super) fn at(&self, path: &str) -> anyhow::Result<Url> {
        self.url.join(path).context("--url")
    }

    /// Waits until every service behind the address answers, at most for `patience`, and says for what.
    pub(super) async fn ready(&self, patience: Duration) -> anyhow::Result<()> {
        let mut wait = Wait::begin(patience);
        for (service, path) in PROBES {
            loop {
                let Err(error) = answer(self.http.get(self.at(path)?)).await else { break };
                wait.pause(&format!("{service}: {error:#}"), PAUSE).await?;
            }
        }
        Ok(())
    }
}
