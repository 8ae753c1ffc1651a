//! Serving gRPC: health, reflection, deadlines, a bound on calls under way, traces and RED metrics.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use loljoa_proto::ops::v1::ops_service_server::OpsServiceServer;
use tokio::{net::TcpListener, sync::Semaphore, time};
use tokio_util::sync::CancellationToken;
use tonic::{Status, body::Body, service::Routes, transport::server::Server};
use tonic_health::ServingStatus;
use tonic_reflection::server::v1::{ServerReflection, ServerReflectionServer};
use tower::{Layer, Service};
use tracing::info_span;

use super::{
    Ops, contracts, detached,
    incoming::incoming,
    outcome::{self, Outcome, code},
};
use crate::{
    config::GrpcServer,
    health::Health,
    identity::caller,
    metrics,
    telemetry::{self, Trace},
};

/// Streams of one connection at once. The default of 200 would cap how many calls a caller can have waiting.
const MAX_STREAMS: u32 = 10_000;
/// Calls that callers may have given up before they were looked at. The default of 20 ends the connection, and every call
/// on it, when a caller gives up a burst of calls after a stall.
const MAX_PENDING_RESETS: usize = 10_000;
const HEALTH_EVERY: Duration = Duration::from_millis(500);

/// Serves `routes` with health, reflection and the experiments beside them, until `shutdown`; then lets calls that are
/// under way finish.
///
/// # Errors
///
/// When the transport fails.
pub async fn serve(
    config: &GrpcServer,
    listener: TcpListener,
    health: Health,
    experiments: bool,
    routes: Routes,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let (reporter, health_service) = tonic_health::server::health_reporter();
    let report = tokio::spawn(report_health(reporter, health.clone()));
    let reflection = config.reflection.then(|| reflection(health.service())).transpose()?;
    let (service, timeout) = (health.service(), Duration::from_millis(config.timeout_ms));
    let mut routes =
        routes.add_service(health_service).add_service(OpsServiceServer::new(Ops::new(health, experiments)));
    if let Some(reflection) = reflection {
        routes = routes.add_service(reflection);
    }
    let result = Server::builder()
        .max_concurrent_streams(MAX_STREAMS)
        .http2_max_pending_accept_reset_streams(Some(MAX_PENDING_RESETS))
        .http2_max_local_error_reset_streams(Some(MAX_PENDING_RESETS))
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .timeout(timeout)
        .layer(Edge { service, timeout, slots: Arc::new(Semaphore::new(config.max_in_flight)) })
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming(service, listener, config), shutdown.cancelled_owned())
        .await;
    report.abort();
    Ok(result?)
}

/// Describes what is served to whoever asks.
fn reflection(
    service: &str,
) -> Result<ServerReflectionServer<impl ServerReflection + use<>>, tonic_reflection::server::Error> {
    let mut builder = tonic_reflection::server::Builder::configure().include_reflection_service(false);
    for set in contracts::sets() {
        builder = builder.register_encoded_file_descriptor_set(set);
    }
    for name in contracts::services(service) {
        builder = builder.with_service_name(name);
    }
    builder.build_v1()
}

/// Lets `grpc.health.v1` follow the replica's readiness, for the whole and under each service's name.
async fn report_health(reporter: tonic_health::server::HealthReporter, health: Health) {
    let mut ticks = time::interval(HEALTH_EVERY);
    loop {
        ticks.tick().await;
        let status = if health.is_ready() { ServingStatus::Serving } else { ServingStatus::NotServing };
        for name in [""].into_iter().chain(contracts::services(health.service())) {
            reporter.set_service_status(name, status).await;
        }
    }
}

/// Wraps every call: its span, its metrics, and the bound on how many are under way.
#[derive(Clone)]
struct Edge {
    service: &'static str,
    timeout: Duration,
    slots: Arc<Semaphore>,
}

impl<S> Layer<S> for Edge {
    type Service = EdgeService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        EdgeService { inner, edge: self.clone() }
    }
}

#[derive(Clone)]
struct EdgeService<S> {
    inner: S,
    edge: Edge,
}

pub(super) type Answer = http::Response<Body>;

impl<S> Service<http::Request<Body>> for EdgeService<S>
where
    S: Service<http::Request<Body>, Response = Answer, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Answer;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Answer, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        let Edge { service, timeout, slots } = self.edge.clone();
        let Ok(slot) = slots.try_acquire_owned() else {
            metrics::refused(service, "calls");
            let full =
                crate::Error::exhausted("overloaded", "too many calls at once", Duration::from_secs(1));
            return Box::pin(async move { Ok(Status::from(full).into_http()) });
        };
        let route = contracts::method(request.uri().path());
        let trace = Trace::of(request.headers());
        let span = trace.span(|| {
            let name = contracts::bare(route);
            info_span!(
                "grpc",
                otel.name = name,
                otel.kind = "server",
                rpc.system.name = "grpc",
                rpc.method = name,
                service,
                rpc.response.status_code = tracing::field::Empty,
                otel.status_code = tracing::field::Empty,
                otel.status_description = tracing::field::Empty,
                "error.type" = tracing::field::Empty,
                caller = tracing::field::Empty,
                trace_id = tracing::field::Empty
            )
        });
        if route == contracts::OTHER {
            telemetry::describe(&span, &[("rpc.method_original", &request.uri().path())]);
        }
        if let Some(caller) = caller::of(request.headers()) {
            span.record("caller", caller);
        }
        let outcome = Outcome::of(&span);
        let answer = async move {
            let started = Instant::now();
            let response = if detached::applies_to(route) {
                detached::call(inner, request, slot, timeout).await
            } else {
                let response = inner.call(request).await?;
                drop(slot);
                response
            };
            metrics::record_request(
                service,
                "grpc",
                route,
                outcome::name(code(&response)),
                started.elapsed(),
            );
            outcome.answered(&response);
            Ok(response)
        };
        Box::pin(trace.scope(span, answer))
    }
}
