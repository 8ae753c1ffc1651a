//! A release on a cluster: named by whoever makes the experiment, and reached as its users reach it.

use std::{
    net::{IpAddr, SocketAddr},
    process::{Output, Stdio},
    sync::Arc,
};

use anyhow::{Context, ensure};
use clap::Args;
use futures::{StreamExt, TryStreamExt, stream};
use loljoa_loadtest::{
    console::complain,
    lab::{api::Api, come_in, market},
    scenario::World,
};
use loljoa_service_kit::ids;
use reqwest::{Client, Url};
use serde_json::Value;
use tokio::{io::AsyncWriteExt, process::Command};

/// A bet less than anybody can pay who has just signed up.
pub const BETS_OF_A_USER: f64 = 9.0;
/// So many sign up at a time: passwords are hashed, which takes a core while it takes.
const AT_ONCE: usize = 4;

/// Which release.
#[derive(Args, Clone, Debug)]
#[group(id = "cluster")]
pub struct Options {
    /// The cluster, by its context in the kubeconfig; never the present one by itself
    #[arg(long)]
    pub context: Option<String>,
    /// The release's namespace
    #[arg(long)]
    pub namespace: Option<String>,
    /// The release's name
    #[arg(long, default_value = "loljoa")]
    pub release: String,
    /// What its users type, such as `https://loljoa.example.com`
    #[arg(long)]
    pub url: Option<Url>,
    /// Where the ingress gateway is, if that name does not lead there yet
    #[arg(long, value_name = "ADDRESS")]
    pub ingress: Option<IpAddr>,
    /// Believe any certificate
    #[arg(long)]
    pub insecure: bool,
}

impl Options {
    /// Whether anything of a cluster is named.
    #[must_use]
    pub const fn is_given(&self) -> bool {
        self.context.is_some() || self.namespace.is_some() || self.url.is_some()
    }
}

/// A release on a cluster.
#[derive(Clone, Debug)]
pub struct Cluster {
    context: String,
    namespace: String,
    release: String,
    /// What its users type.
    pub url: Url,
    /// How they ask.
    pub http: Client,
}

impl Cluster {
    /// The release that is named, whole: its cluster, its namespace and its address.
    ///
    /// # Errors
    ///
    /// When a part is not named, or the cluster does not know the namespace.
    pub async fn named(options: &Options) -> anyhow::Result<Self> {
        let Options { context, namespace, release, url, ingress, insecure } = options.clone();
        let (Some(context), Some(namespace), Some(url)) = (context, namespace, url) else {
            return Err(Unnamed.into());
        };
        let host = url.host_str().context("the URL has no host")?.to_owned();
        let mut http = Client::builder().danger_accept_invalid_certs(insecure);
        if let Some(ingress) = ingress {
            http = http.resolve(&host, SocketAddr::from((ingress, 0)));
        }
        let cluster = Self { context, namespace, release, url, http: http.build()? };
        cluster
            .kubectl(&["get", "serviceaccount", &cluster.name("gateway"), "-o", "name"])
            .await
            .with_context(|| {
                format!(
                    "namespace {} of {} has no release {}",
                    cluster.namespace, cluster.context, cluster.release
                )
            })?;
        Ok(cluster)
    }

    /// What something of the release is called.
    #[must_use]
    pub fn name(&self, service: &str) -> String {
        format!("{}-{service}", self.release)
    }

    /// Where and what, in a line.
    #[must_use]
    pub fn told(&self) -> String {
        format!("release {} in namespace {} of cluster {}", self.release, self.namespace, self.context)
    }

    /// The arguments of `kubectl` that do this on this cluster.
    #[must_use]
    pub fn arguments(&self, arguments: &[&str]) -> Vec<String> {
        let place = ["--context", &self.context, "--namespace", &self.namespace];
        place.iter().chain(arguments).map(|argument| (*argument).to_owned()).collect()
    }

    /// Asks `kubectl`, and tells what it says.
    ///
    /// # Errors
    ///
    /// When it fails, with what it says about that.
    pub async fn kubectl(&self, arguments: &[&str]) -> anyhow::Result<String> {
        kubectl(&self.arguments(arguments)).await
    }

    /// A resource of the release.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub async fn get(&self, kind: &str, name: &str) -> anyhow::Result<Value> {
        let text = self.kubectl(&["get", kind, name, "-o", "json"]).await?;
        serde_json::from_str(&text).with_context(|| format!("{kind} {name} cannot be read"))
    }

    /// Makes a resource that is not there yet.
    ///
    /// # Errors
    ///
    /// When it is there, or the cluster does not take it.
    pub async fn create(&self, resource: &Value) -> anyhow::Result<()> {
        let mut command = Command::new("kubectl");
        command.args(self.arguments(&["create", "--filename", "-"])).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("kubectl cannot be run")?;
        let mut input = child.stdin.take().context("kubectl takes no input")?;
        input.write_all(resource.to_string().as_bytes()).await?;
        drop(input);
        said(&child.wait_with_output().await?).map(drop)
    }

    /// Users who can pay for so many bets, and the market that is open longest.
    ///
    /// # Errors
    ///
    /// When nobody can sign up, or no market is open.
    pub async fn world(&self, bets: f64) -> anyhow::Result<World> {
        let api = Api::with(self.http.clone(), self.url.as_str());
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "users are few")]
        let count = (bets / BETS_OF_A_USER).ceil() as usize + 1;
        complain(format_args!("signing {count} users up at {} …", self.url));
        let password = ids::fresh().simple().to_string();
        let names = (0..count).map(|_| {
            let id = ids::fresh().simple().to_string();
            format!("lab{}", &id[id.len() - 10..])
        });
        let comings = names.map(async |name| come_in(&api, &name, &password).await);
        let users = stream::iter(comings).buffer_unordered(AT_ONCE).try_collect().await?;
        let open = api.live_markets().await?.into_iter().filter(|market| market.state == "open");
        let longest = open.max_by_key(|market| market.lock_at).context("no market is open there")?;
        let host = self.url.host_str().unwrap_or_default().parse()?;
        Ok(World { host, users: Arc::new(users), markets: vec![market(longest)], locked: None })
    }
}

/// A cluster that was not named whole.
#[derive(Clone, Copy, Debug)]
pub struct Unnamed;

impl std::fmt::Display for Unnamed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(
            "a release on a cluster has to be named whole: --context CLUSTER --namespace NAME --url https://…",
        )
    }
}

impl std::error::Error for Unnamed {}

/// Runs `kubectl`.
///
/// # Errors
///
/// When it fails, with what it says about that.
pub async fn kubectl(arguments: &[String]) -> anyhow::Result<String> {
    let output = Command::new("kubectl").args(arguments).kill_on_drop(true).output().await;
    said(&output.context("kubectl cannot be run")?)
}

/// What `kubectl` said; what it complained of where it failed.
fn said(output: &Output) -> anyhow::Result<String> {
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "kubectl: {}", complaint.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
