use std::net::SocketAddr;

use sqlx::postgres::PgConnectOptions;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp},
    sync::watch,
    task::JoinSet,
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The network between a service and its database. While it is cut, nothing arrives and nobody is told, as when a machine
/// vanishes.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    cut: watch::Sender<bool>,
    _stop: DropGuard,
}

impl Proxy {
    pub(super) async fn to(server: &PgConnectOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (cut, stop) = (watch::Sender::new(false), CancellationToken::new());
        let server = (server.get_host().to_owned(), server.get_port());
        tokio::spawn(stop.clone().run_until_cancelled_owned(accept(listener, server, cut.clone())));
        Self { address, cut, _stop: stop.drop_guard() }
    }

    pub(super) fn cut(&self) {
        self.cut.send_replace(true);
    }

    pub(super) fn mend(&self) {
        self.cut.send_replace(false);
    }
}

async fn accept(listener: TcpListener, server: (String, u16), cut: watch::Sender<bool>) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let (server, cut) = (server.clone(), cut.subscribe());
        connections.spawn(async move {
            let server = TcpStream::connect(server).await.unwrap();
            let ((from_client, to_client), (from_server, to_server)) =
                (client.into_split(), server.into_split());
            // What was cut once is never mended: those connections are lost.
            tokio::join!(pass(from_client, to_server, cut.clone()), pass(from_server, to_client, cut));
        });
    }
}

async fn pass(mut from: tcp::OwnedReadHalf, mut to: tcp::OwnedWriteHalf, mut cut: watch::Receiver<bool>) {
    let mut bytes = [0; 8_192];
    loop {
        let read = tokio::select! {
            read = from.read(&mut bytes) => read.unwrap_or(0),
            () = until_cut(&mut cut) => return std::future::pending().await,
        };
        if read == 0 || to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}

async fn until_cut(cut: &mut watch::Receiver<bool>) {
    if cut.wait_for(|cut| *cut).await.is_err() {
        std::future::pending::<()>().await;
    }
}
