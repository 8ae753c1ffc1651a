//! The public port: HTTP/1.1 and HTTP/2, bounded, and drained before it closes.

use std::{
    convert::Infallible,
    error::Error,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use futures::{
    TryFutureExt,
    future::{Either, ready},
};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use metrics::{counter, gauge};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time,
};
use tokio_util::sync::CancellationToken;
use tower::Service;

use super::{
    Settings,
    answered::Answered,
    life::{Bounds, Life},
    places::{Place, Places},
};
use crate::{
    metrics::connection_dropped,
    origin::{limit_key, network_key},
    patient::Patient,
};

/// Requests of one HTTP/2 connection at once.
const MAX_STREAMS: u32 = 256;
/// Requests of one HTTP/2 connection that were given up before anybody looked at them. A proxy gives up all that it has
/// under way when this replica stalls; at the default of 20 its connection, and every request on it, would fail then.
const MAX_PENDING_RESETS: usize = 4 * MAX_STREAMS as usize;
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// What is kept for a client that reads slowly: by a connection in HTTP/1.1, by each stream in HTTP/2. It bounds heads too.
const MAX_BUFFER: usize = 64 * 1024;
/// Accepting fails when the process has no file descriptor left; it may have one again soon.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Turns a request away before the routes see it, or does not. Asked for every request, so it has to be quick.
pub type Gate = Arc<dyn Fn(&Request<Incoming>) -> Option<Response<Body>> + Send + Sync>;

/// What a port serves.
#[derive(Clone)]
pub struct Served {
    /// Answers requests.
    pub router: Router,
    /// Turns them away, where the service ever does.
    pub gate: Option<Gate>,
}

impl From<Router> for Served {
    fn from(router: Router) -> Self {
        Self { router, gate: None }
    }
}

/// Serves this as the port of `service` until `closing`, then lets requests that are under way finish.
pub async fn serve(
    service: &'static str,
    config: Settings,
    listener: TcpListener,
    routes: Served,
    closing: CancellationToken,
) {
    let server = Arc::new(protocols());
    let places = Arc::new(Semaphore::new(config.max_connections));
    let peers = Peers::new(&config);
    // Dropped with this future, so that no connection outlives the grace period.
    let mut connections = JoinSet::new();
    while let Some(Some((place, socket, peer))) = closing.run_until_cancelled(next(&listener, &places)).await
    {
        let Some(own) = peers.take(peer.ip()) else {
            counter!("loljoa_connections_refused_total", "service" => service).increment(1);
            continue;
        };
        let io = TokioIo::new(Patient::new(service, socket, config.write_timeout, place));
        let life = Life::new(Bounds::new(&config));
        let requests = watched(routes.clone(), peer, Arc::clone(&life));
        let (server, closing) = (Arc::clone(&server), closing.clone());
        connections.spawn(async move {
            let _open = Open::new(service, own);
            // Large, and there are thousands: once, and not once more in each future around it.
            let mut connection =
                Box::pin(server.serve_connection(io, TowerToHyperService::new(requests)).into_owned());
            match life.lead(connection.as_mut(), &closing).await {
                Ok(None) => {}
                Ok(Some(over)) => connection_dropped(service, over.name()),
                Err(error) => broke(service, &*error),
            }
        });
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Takes note of a connection that came to a bad end. Who leaves an answer unread was counted by the socket.
fn broke(service: &'static str, error: &(dyn Error + Send + Sync + 'static)) {
    if error.downcast_ref::<hyper::Error>().is_some_and(is_unanswered_ping) {
        connection_dropped(service, "gone");
    }
    tracing::debug!(error, "a connection broke");
}

/// Whether a peer in HTTP/2 does not say any more that it is there: no time but that one is left to hyper.
fn is_unanswered_ping(error: &hyper::Error) -> bool {
    error.is_timeout()
}

/// The connections of each address, and of each network of many addresses.
struct Peers {
    by_address: Arc<Places>,
    by_network: Arc<Places>,
}

/// A connection's places among those of its address and of its network.
type Own = (Place, Option<Place>);

impl Peers {
    fn new(config: &Settings) -> Self {
        Self {
            by_address: Places::new(config.connections_per_address()),
            by_network: Places::new(config.connections_per_network()),
        }
    }

    fn take(&self, peer: IpAddr) -> Option<Own> {
        let own = self.by_address.take(limit_key(peer))?;
        match network_key(peer) {
            None => Some((own, None)),
            Some(network) => Some((own, Some(self.by_network.take(network)?))),
        }
    }
}

/// A connection that counts among the open ones, and among those of its address.
struct Open {
    service: &'static str,
    _own: Own,
}

impl Open {
    fn new(service: &'static str, own: Own) -> Self {
        gauge!("loljoa_connections_open", "service" => service).increment(1);
        Self { service, _own: own }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        gauge!("loljoa_connections_open", "service" => self.service).decrement(1);
    }
}

/// The routes as one connection's service: each request knows where it came from, and the connection what it has to do.
fn watched(
    served: Served,
    peer: SocketAddr,
    life: Arc<Life>,
) -> impl Service<Request<Incoming>, Response = Response<Answered>, Error = Infallible, Future: Send + 'static>
+ Clone
+ Send
+ 'static {
    let Served { mut router, gate } = served;
    tower::service_fn(move |mut request: Request<Incoming>| {
        let exchange = life.begin();
        let refusal = gate.as_ref().and_then(|gate| gate(&request));
        let answer = if let Some(refusal) = refusal {
            Either::Left(ready(Ok(refusal)))
        } else {
            request.extensions_mut().insert(ConnectInfo(peer));
            Either::Right(router.call(request))
        };
        answer.map_ok(|answer| answer.map(|body| Answered::new(body, exchange)))
    })
}

fn protocols() -> Builder<TokioExecutor> {
    let mut server = Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        // Each connection's life bounds heads, and counts those that it ends.
        .header_read_timeout(None)
        .max_buf_size(MAX_BUFFER);
    server
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
        .max_send_buf_size(MAX_BUFFER)
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
                tracing::warn!(
                    event = "connection.not_accepted",
                    %error, "a connection could not be accepted"
                );
                time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::SETTINGS, *};

    #[test]
    fn a_network_of_many_addresses_has_so_many_connections_together() {
        let config = Settings { max_connections_per_address: 2, max_connections_per_network: 3, ..SETTINGS };
        let peers = Peers::new(&config);
        let take = |address: &str| peers.take(address.parse().unwrap());
        let mut held = vec![take("2001:db8:1:1::1").unwrap(), take("2001:db8:1:1::2").unwrap()];
        assert!(take("2001:db8:1:1::3").is_none(), "a /64 has two");
        held.push(take("2001:db8:1:2::1").unwrap());
        assert!(take("2001:db8:1:3::1").is_none(), "a /48 has three, however many a /64 of it may have");
        assert!(take("2001:db8:2:3::1").is_some() && take("::ffff:203.0.113.7").is_some());
        held.pop();
        assert!(take("2001:db8:1:3::1").is_some());
    }
}
