//! A running service, and what asks it.

use std::{fs, net::SocketAddr, path::Path, time::Duration};

use loljoa_service_kit::cli::Listeners;
use loljoa_web::{Config, serve};
use reqwest::{Client, Method, RequestBuilder, Response};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
    time,
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Long enough for a slow machine; nothing waits for it unless something is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A running service over files of its own.
pub(crate) struct Web {
    pub(crate) address: SocketAddr,
    admin: SocketAddr,
    pub(crate) served: JoinHandle<anyhow::Result<()>>,
    pub(crate) shutdown: CancellationToken,
    http: Client,
    root: tempfile::TempDir,
    _stop: DropGuard,
}

impl Web {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_, _| ()).await
    }

    /// Like [`Self::start`], configured by `configure`, which may put files into the folder.
    pub(crate) async fn start_with(configure: impl FnOnce(&mut Config, &Path)) -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("assets")).unwrap();
        fs::write(root.path().join("index.html"), format!("<!doctype html>{}", "app ".repeat(100))).unwrap();
        fs::write(root.path().join("assets/app-1a2b.js"), "run()").unwrap();
        let mut config = Config { web_root: Some(root.path().to_owned()), ..Config::default() };
        config.runtime.drain.delay_ms = 0;
        configure(&mut config, root.path());
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listeners = Listeners::bind(any, any).await.unwrap();
        let at = |listener: &tokio::net::TcpListener| listener.local_addr().unwrap();
        let (address, admin) = (at(&listeners.service), at(&listeners.admin));
        let shutdown = CancellationToken::new();
        let served = tokio::spawn(serve(config, listeners, shutdown.clone()));
        let http = Client::builder().timeout(PATIENCE).no_gzip().build().unwrap();
        Self { address, admin, served, _stop: shutdown.clone().drop_guard(), shutdown, http, root }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.address))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn admin(&self, path: &str) -> Response {
        self.http.get(format!("http://{}{path}", self.admin)).send().await.unwrap()
    }

    /// The value of a metric of this process, whose other tests count, too.
    pub(crate) async fn metric(&self, name_and_labels: &str) -> u64 {
        let metrics = self.admin("/metrics").await.text().await.unwrap();
        let line = metrics.lines().find_map(|line| line.strip_prefix(name_and_labels)?.strip_prefix(' '));
        line.map_or(0, |value| value.parse().unwrap())
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }
}

/// A connection on which so much was said.
pub(crate) async fn saying(web: &Web, said: &[u8]) -> TcpStream {
    let mut socket = TcpStream::connect(web.address).await.unwrap();
    socket.write_all(said).await.unwrap();
    socket
}

/// Reads until the other side closes.
pub(crate) async fn until_closed(mut socket: TcpStream) -> Vec<u8> {
    let mut read = Vec::new();
    // A reset is an end too.
    let _ = time::timeout(PATIENCE, socket.read_to_end(&mut read)).await.expect("it is closed in time");
    read
}

/// A header's value, or nothing.
pub(crate) fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}
