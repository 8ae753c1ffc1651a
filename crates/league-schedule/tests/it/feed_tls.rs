//! The live feed's key goes to nobody who does not prove to be the feed: a real server that speaks TLS, and a process that
//! trusts what its environment says.

use std::{env, process::Stdio, sync::Arc};

use loljoa_league_schedule::{
    config,
    source::{Source, live::Live},
};
use loljoa_test_tokens::certificates::{Authority, Identity};
use sqlx::{ConnectOptions, PgPool};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    process::Command,
    sync::mpsc,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};
use url::Url;

/// Where the child looks for the feed, and the database that it has.
const FEED: &str = "LOLJOA_TEST_FEED";
const DATABASE: &str = "LOLJOA_TEST_FEED_DATABASE";
const KEY: &str = "key-of-the-feed";

/// This program, run again: one poll of the feed that is named, whose error is told.
#[expect(clippy::print_stdout, reason = "a process tells by what it prints")]
#[tokio::test]
async fn child() {
    let Ok(feed) = env::var(FEED) else { return };
    let pool = PgPool::connect(&env::var(DATABASE).unwrap()).await.unwrap();
    let mut live = Live::new(pool, config::Live::at(feed.parse().unwrap(), KEY)).unwrap();
    let error = live.step().await.expect_err("the feed answers 503, if at all");
    println!("told: {error}");
}

/// A feed that answers 503 to whoever gets through to it, and tells what was asked.
async fn feed(identity: &Identity) -> (u16, mpsc::UnboundedReceiver<String>) {
    let chain = vec![CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (asked, heads) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            // A client that does not trust it ends the handshake.
            let Ok(mut stream) = acceptor.accept(socket).await else { continue };
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") && stream.read_buf(&mut head).await.unwrap_or(0) > 0 {}
            asked.send(String::from_utf8_lossy(&head).into_owned()).unwrap();
            let answer = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (port, heads)
}

/// What a process that trusts `authority` alone says of the feed at `url`.
async fn told(pool: &PgPool, url: &str, authority: &Authority) -> String {
    let trusted = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(trusted.path(), authority.certificate()).unwrap();
    let child = Command::new(env::current_exe().unwrap())
        .args(["feed_tls::child", "--exact", "--nocapture"])
        .env(FEED, url)
        .env(DATABASE, pool.connect_options().to_url_lossy().as_str())
        .env("SSL_CERT_FILE", trusted.path())
        .env("SSL_CERT_DIR", "/nowhere")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned() + &String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{said}");
    said.lines().find_map(|line| line.split_once("told: ")).unwrap_or_else(|| panic!("{said}")).1.to_owned()
}

#[sqlx::test]
async fn the_key_goes_only_to_a_feed_that_proves_who_it_is(pool: PgPool) {
    let (ours, theirs) = (Authority::fresh("ours"), Authority::fresh("theirs"));
    let (port, mut asked) = feed(&ours.server("localhost")).await;
    let said = told(&pool, &format!("https://localhost:{port}"), &ours).await;
    assert!(said.contains("503"), "{said}");
    assert!(asked.try_recv().unwrap().contains(KEY));

    for (identity, reason) in [
        (theirs.server("localhost"), "UnknownIssuer"),
        (ours.server("esports-api.example"), "not valid for name"),
        (ours.expired_server("localhost"), "expired"),
    ] {
        let (port, mut asked) = feed(&identity).await;
        let said = told(&pool, &format!("https://me:hunter2@localhost:{port}/?token=hunter2"), &ours).await;
        assert!(said.contains(reason), "{said}");
        assert!(!said.contains("hunter2") && !said.contains("localhost:"), "{said}");
        assert!(asked.try_recv().is_err(), "it got a request");
    }

    // Nobody who speaks no TLS hears the key either.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("https://{}", listener.local_addr().unwrap()).parse().unwrap();
    let heard = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut said = Vec::new();
        socket.read_buf(&mut said).await.unwrap();
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
        said
    });
    let said = told(&pool, url.as_str(), &ours).await;
    assert!(said.contains("the live feed failed: no answer"), "{said}");
    let heard = heard.await.unwrap();
    assert!(!heard.windows(KEY.len()).any(|bytes| bytes == KEY.as_bytes()));
}
