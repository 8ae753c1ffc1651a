//! Calling other services: deadlines, trace context, repetition, and a choice among the addresses of a DNS name that leaves
//! out those that do not answer.

mod attempts;
mod lost;
mod message;
mod neighbour;
mod outgoing;
mod pulse;
mod replica;
mod resolver;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    fmt,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use tokio::{sync::watch, time::Instant};
use tokio_util::task::AbortOnDropHandle;
use tonic::{
    Status,
    body::Body,
    transport::{Channel as Transport, Endpoint},
};
use tower::{Service, ServiceExt};

pub use message::{batch, repeatable, sent_once};

use self::{
    message::{Answer, Mark},
    neighbour::{Member, Members, Neighbour},
    replica::Names,
    resolver::Resolver,
};
use super::deadline;
use crate::{Cells, caller::Caller, config::Upstream, telemetry};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(20);
/// Calls that were given up whose late answers are dropped without a word.
const MAX_REMEMBERED_RESETS: usize = 10_000;

/// A connection to another service. Cheap to clone; connects when first used, so that services start in any order.
///
/// A call is made within its deadline, and within what is left to whom it is made for ([`Caller::inner_until`]). It is sent again if
/// it is marked so: [`repeatable`], [`sent_once`].
#[derive(Clone)]
pub struct Channel {
    neighbour: Arc<Neighbour>,
    deadline: Option<Duration>,
    _resolver: Option<Arc<AbortOnDropHandle<()>>>,
}

/// Connects to `upstream` for a tool: see [`connect_from`].
///
/// # Errors
///
/// When the URL cannot be an endpoint.
pub fn connect(upstream: &Upstream) -> Result<Channel, tonic::transport::Error> {
    connect_from("tool", upstream)
}

/// Connects `service`, which metrics name, to `upstream`: to every address of its name, or, under a mesh, to the name itself.
///
/// # Errors
///
/// When the URL cannot be an endpoint.
pub fn connect_from(service: &'static str, upstream: &Upstream) -> Result<Channel, tonic::transport::Error> {
    let whole = endpoint(upstream.url.as_str())?;
    let host = upstream.url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let names = Names { service, neighbour: host.clone() };
    let silence = upstream.silence();
    let (members, known) = watch::channel(Members::new());
    let resolver = if upstream.balance {
        let port = upstream.url.port_or_known_default().unwrap_or(80);
        let resolver = Resolver { host, port, names: names.clone(), silence, members };
        Some(Arc::new(AbortOnDropHandle::new(tokio::spawn(resolver.run()))))
    } else {
        members.send_replace(HashMap::from([(None, Arc::new(Member::new(names.clone(), whole, silence)))]));
        None
    };
    let neighbour = Arc::new(Neighbour::new(names, known, upstream.together));
    Ok(Channel { neighbour, deadline: Some(upstream.timeout()), _resolver: resolver })
}

/// Connects `service` to each cell of `upstream`, as [`connect_from`] does to one.
///
/// # Errors
///
/// When a URL cannot be an endpoint.
pub fn connect_cells_from(
    service: &'static str,
    upstream: &Upstream,
) -> Result<Cells<Channel>, tonic::transport::Error> {
    let first = connect_from(service, upstream)?;
    let others = upstream.others().map(|other| connect_from(service, &other));
    Ok(Cells::with(first, others.collect::<Result<Vec<_>, _>>()?))
}

impl Channel {
    /// The same connection without a deadline, for calls that stream until they are dropped.
    #[must_use]
    pub fn for_streams(&self) -> Self {
        Self { deadline: None, ..self.clone() }
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("neighbour", &self.neighbour.names)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
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

impl Service<http::Request<Body>> for Channel {
    type Response = http::Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Self::Response, Status>>;

    /// Always ready: waiting for an address counts against the call's deadline.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let neighbour = Arc::clone(&self.neighbour);
        let span = outgoing::span(&neighbour.names, request.uri().path());
        span.in_scope(|| telemetry::inject(request.headers_mut()));
        let Some(deadline) = self.deadline else {
            return Box::pin(outgoing::watched(span, async move { neighbour.stream(request).await }));
        };
        let own = deadline::announced(request.headers()).map_or(deadline, |asked| asked.min(deadline));
        let until = Instant::now() + own;
        let until = Caller::present().inner_until().map_or(until, |waited| waited.min(until));
        Box::pin(outgoing::watched(span, async move {
            match request.extensions().get::<Mark>().copied() {
                Some(mark) => neighbour.unary(request, mark, until).await.map(Answer::into_response),
                None => neighbour.plain(request, until).await,
            }
        }))
    }
}

/// A transport whose failures are told apart as those of calls are.
struct Plain(Transport);

impl Service<http::Request<Body>> for Plain {
    type Response = http::Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let transport = self.0.clone();
        Box::pin(async move { transport.oneshot(request).await.map_err(|error| lost::status(&error.into())) })
    }
}
