//! A process that hangs, as the network sees it: connections are taken, and what comes in waits until it goes on.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp},
    sync::watch,
    task::JoinSet,
};
use tokio_util::task::AbortOnDropHandle;

pub(super) struct Freezer {
    pub(super) address: SocketAddr,
    frozen: watch::Sender<bool>,
    _task: AbortOnDropHandle<()>,
}

impl Freezer {
    pub(super) async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, frozen) = (listener.local_addr().unwrap(), watch::Sender::new(false));
        let task = tokio::spawn(accept(listener, server, frozen.clone()));
        Self { address, frozen, _task: AbortOnDropHandle::new(task) }
    }

    pub(super) fn freeze(&self) {
        self.frozen.send_replace(true);
    }

    pub(super) fn thaw(&self) {
        self.frozen.send_replace(false);
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, frozen: watch::Sender<bool>) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let frozen = frozen.subscribe();
        connections.spawn(async move {
            let server = TcpStream::connect(server).await.unwrap();
            let ((from_client, to_client), (from_server, to_server)) =
                (client.into_split(), server.into_split());
            tokio::join!(pass(from_client, to_server, frozen.clone()), pass(from_server, to_client, frozen));
        });
    }
}

async fn pass(mut from: tcp::OwnedReadHalf, mut to: tcp::OwnedWriteHalf, mut frozen: watch::Receiver<bool>) {
    let mut bytes = [0; 8_192];
    loop {
        let read = from.read(&mut bytes).await.unwrap_or(0);
        if frozen.wait_for(|frozen| !frozen).await.is_err() {
            return;
        }
        if read == 0 || to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
