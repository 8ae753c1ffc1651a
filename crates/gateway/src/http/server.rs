//! The public port: HTTP/1.1 and HTTP/2, bounded, and drained before it closes.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Extension, Router, extract::ConnectInfo};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time,
};
use tokio_util::sync::CancellationToken;
use tower::Layer;

use crate::config::Http;

/// Requests of one HTTP/2 connection at once.
const MAX_STREAMS: u32 = 256;
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// Accepting fails when the process has no file descriptor left; it may have one again soon.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` until `closing`, then lets requests that are under way finish.
pub(crate) async fn serve(config: Http, listener: TcpListener, router: Router, closing: CancellationToken) {
    let server = Arc::new(protocols(&config));
    let places = Arc::new(Semaphore::new(config.max_connections));
    let graceful = GracefulShutdown::new();
    // Dropped with this future, so that no connection outlives the grace period.
    let mut connections = JoinSet::new();
    while let Some(Some((place, socket, peer))) = closing.run_until_cancelled(next(&listener, &places)).await
    {
        let service = TowerToHyperService::new(Extension(ConnectInfo(peer)).layer(router.clone()));
        let (server, watcher) = (Arc::clone(&server), graceful.watcher());
        connections.spawn(async move {
            let connection = server.serve_connection(TokioIo::new(socket), service).into_owned();
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!(error, "a connection broke");
            }
            drop(place);
        });
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    graceful.shutdown().await;
}

fn protocols(config: &Http) -> Builder<TokioExecutor> {
    let mut server = Builder::new(TokioExecutor::new());
    let header_timeout = Duration::from_millis(config.header_timeout_ms);
    server.http1().timer(TokioTimer::new()).header_read_timeout(header_timeout);
    server
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE);
    server
}

/// The next connection, once there is a place for it.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(OwnedSemaphorePermit, TcpStream, SocketAddr)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => {
                // A client that is gone already shows when it is read from.
                let _ = socket.set_nodelay(true);
                return Some((place, socket, peer));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
