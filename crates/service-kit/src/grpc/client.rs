//! Calling other services: deadlines, trace context, retries, and balancing over the addresses of a DNS name.

use std::{
    collections::HashSet,
    future::Future,
    io,
    net::SocketAddr,
    task::{Context, Poll},
    time::Duration,
};

use backon::{ExponentialBuilder, Retryable};
use futures::future::BoxFuture;
use tokio::{net, time};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{
    Code, Status, TimeoutExpired,
    body::Body,
    transport::{Channel as Transport, Endpoint, channel::Change},
};
use tower::{BoxError, Service, ServiceExt};

use crate::{config::Upstream, telemetry};

const RESOLVE_EVERY: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(20);
const ATTEMPTS: usize = 3;
/// Calls that were given up whose late answers are dropped without a word.
const MAX_REMEMBERED_RESETS: usize = 10_000;

/// A connection to another service. Cheap to clone; connects when first used, so that services start in any order.
#[derive(Clone, Debug)]
pub struct Channel {
    transport: Transport,
    deadline: Option<Duration>,
    _resolver: Option<std::sync::Arc<DropGuard>>,
}

/// Connects to `upstream`: to every address of its name, or, under a mesh, to the name itself.
///
/// # Errors
///
/// When the URL cannot be an endpoint.
pub fn connect(upstream: &Upstream) -> Result<Channel, tonic::transport::Error> {
    if upstream.balance {
        return balanced(upstream);
    }
    let transport = endpoint(upstream.url.as_str())?.connect_lazy();
    Ok(Channel { transport, deadline: Some(upstream.timeout()), _resolver: None })
}

impl Channel {
    /// The same connection without a deadline, for calls that stream until they are dropped.
    #[must_use]
    pub fn for_streams(&self) -> Self {
        Self { deadline: None, ..self.clone() }
    }
}

fn endpoint(url: &str) -> Result<Endpoint, tonic::transport::Error> {
    Ok(Endpoint::from_shared(url.to_owned())?
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEPALIVE_EVERY)
        .keep_alive_while_idle(true)
        // Answers to calls that were given up during a stall come all at once after it. Counted as errors of the peer, which
        // is one of ours, they would end the connection and every call on it.
        .http2_max_concurrent_reset_streams(MAX_REMEMBERED_RESETS)
        .http2_max_local_error_reset_streams(None))
}

fn balanced(upstream: &Upstream) -> Result<Channel, tonic::transport::Error> {
    endpoint(upstream.url.as_str())?;
    let host = upstream.url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = upstream.url.port_or_known_default().unwrap_or(80);
    let (transport, changes) = Transport::balance_channel::<SocketAddr>(64);
    let stop = CancellationToken::new();
    let resolver = Resolver { host, port, known: HashSet::new(), changes };
    tokio::spawn(stop.clone().run_until_cancelled_owned(resolver.run()));
    let guard = std::sync::Arc::new(stop.drop_guard());
    Ok(Channel { transport, deadline: Some(upstream.timeout()), _resolver: Some(guard) })
}

/// Keeps a balanced channel's endpoints equal to the addresses of a name.
struct Resolver {
    host: String,
    port: u16,
    known: HashSet<SocketAddr>,
    changes: tokio::sync::mpsc::Sender<Change<SocketAddr, Endpoint>>,
}

impl Resolver {
    async fn run(mut self) {
        let mut ticks = time::interval(RESOLVE_EVERY);
        while !self.changes.is_closed() {
            ticks.tick().await;
            match self.resolve().await {
                Ok(found) => self.apply(found).await,
                Err(error) => tracing::warn!(host = self.host, %error, "the name cannot be resolved"),
            }
        }
    }

    async fn resolve(&self) -> io::Result<HashSet<SocketAddr>> {
        Ok(net::lookup_host((self.host.as_str(), self.port)).await?.collect())
    }

    /// An empty answer is taken for a hiccup of DNS: better old addresses than none.
    async fn apply(&mut self, found: HashSet<SocketAddr>) {
        if found.is_empty() {
            return;
        }
        for gone in self.known.difference(&found) {
            let _ = self.changes.send(Change::Remove(*gone)).await;
        }
        for new in found.difference(&self.known) {
            if let Ok(endpoint) = endpoint(&format!("http://{new}")) {
                let _ = self.changes.send(Change::Insert(*new, endpoint)).await;
            }
        }
        self.known = found;
    }
}

impl Service<http::Request<Body>> for Channel {
    type Response = http::Response<Body>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    /// Always ready: waiting for a free connection counts against the call's deadline.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        telemetry::inject(request.headers_mut());
        let deadline = self.deadline;
        if let Some(deadline) = deadline {
            announce_deadline(&mut request, deadline);
        }
        let transport = self.transport.clone();
        let call = async move { transport.oneshot(request).await.map_err(|error| told(error.into())) };
        Box::pin(async move {
            match deadline {
                Some(deadline) => time::timeout(deadline, call).await.unwrap_or_else(|_| Err(too_late())),
                None => call.await,
            }
        })
    }
}

/// The transport keeps the announced deadline too, and may be first; a deadline is one thing, whoever notices.
fn told(error: BoxError) -> BoxError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&*error);
    while let Some(present) = cause {
        if present.is::<TimeoutExpired>() {
            return too_late();
        }
        cause = present.source();
    }
    error
}

fn too_late() -> BoxError {
    Box::new(Status::deadline_exceeded("no answer within the deadline"))
}

/// Tells the callee when nobody waits any more, unless the caller has asked for a deadline of its own.
fn announce_deadline(request: &mut http::Request<Body>, deadline: Duration) {
    let name = http::HeaderName::from_static("grpc-timeout");
    if let Ok(value) = http::HeaderValue::from_str(&format!("{}m", deadline.as_millis())) {
        request.headers_mut().entry(name).or_insert(value);
    }
}

/// Calls again, with growing pauses, when the other side was not reached. Only for calls that are safe to repeat.
///
/// # Errors
///
/// The last status.
pub async fn retrying<T, F>(call: impl FnMut() -> F) -> Result<T, Status>
where
    F: Future<Output = Result<T, Status>>,
{
    let pauses = ExponentialBuilder::default()
        .with_jitter()
        .with_min_delay(Duration::from_millis(20))
        .with_max_delay(Duration::from_millis(500))
        .with_max_times(ATTEMPTS - 1);
    call.retry(pauses).when(|status| status.code() == Code::Unavailable).await
}

#[cfg(test)]
mod tests {
    use loljoa_proto::ops::v1::{HelloRequest, ops_service_client::OpsServiceClient};
    use tokio::net::TcpListener;

    use super::*;
    use crate::{config::GrpcServer, grpc::server, health::Health};

    async fn replica(service: &'static str, stop: CancellationToken) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let health = Health::new(service);
            let routes = tonic::service::Routes::default();
            server::serve(&GrpcServer::default(), listener, health, false, routes, stop).await
        });
        address
    }

    #[tokio::test]
    async fn a_name_of_several_addresses_spreads_calls_over_all_and_forgets_those_that_left() {
        let stop = CancellationToken::new();
        let (one, two) = (replica("one", stop.clone()).await, replica("two", stop.clone()).await);
        let (transport, changes) = Transport::balance_channel::<SocketAddr>(8);
        let mut resolver = Resolver { host: String::new(), port: 0, known: HashSet::new(), changes };
        let channel = Channel { transport, deadline: Some(Duration::from_secs(10)), _resolver: None };
        let answers = || async {
            let mut client = OpsServiceClient::new(channel.clone());
            let mut seen = HashSet::new();
            for _ in 0..100 {
                seen.insert(client.hello(HelloRequest {}).await.unwrap().into_inner().service);
            }
            seen
        };

        resolver.apply(HashSet::from([one, two])).await;
        assert_eq!(answers().await, HashSet::from(["one".to_owned(), "two".to_owned()]));

        resolver.apply(HashSet::new()).await;
        assert_eq!(resolver.known.len(), 2, "an empty answer of DNS changes nothing");

        resolver.apply(HashSet::from([two])).await;
        let mut client = OpsServiceClient::new(channel.clone());
        while client.hello(HelloRequest {}).await.unwrap().into_inner().service == "one" {}
        assert_eq!(answers().await, HashSet::from(["two".to_owned()]));
        stop.cancel();
    }

    #[tokio::test]
    async fn a_name_is_resolved_and_called() {
        let stop = CancellationToken::new();
        let port = replica("named", stop.clone()).await.port();
        let url = format!("http://localhost:{port}").parse().unwrap();
        let mut client = OpsServiceClient::new(connect(&Upstream::at(url)).unwrap());
        assert_eq!(client.hello(HelloRequest {}).await.unwrap().into_inner().service, "named");
        stop.cancel();
    }
}
