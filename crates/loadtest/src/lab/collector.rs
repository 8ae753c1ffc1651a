//! Who is sent the spans: counts those of the systems under test, and forgets them all. Account is not counted: it is the lab's, so that its
//! spans come when it likes, and those of a system have all come when it has stopped.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::{AnyValue, any_value::Value},
    trace::v1::ResourceSpans,
};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};

use super::{ACCOUNT, numbered};

/// A collector, which ends as it is dropped.
pub(super) struct Collector {
    at: SocketAddr,
    spans: Arc<AtomicU64>,
    _serving: AbortOnDropHandle<()>,
}

struct Counter(Arc<AtomicU64>);

#[tonic::async_trait]
impl TraceService for Counter {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let counted = request.get_ref().resource_spans.iter().filter(|resource| !is_accounts(resource));
        let scopes = counted.flat_map(|resource| &resource.scope_spans);
        let spans: usize = scopes.map(|scope| scope.spans.len()).sum();
        self.0.fetch_add(spans as u64, Ordering::Relaxed);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn is_accounts(spans: &ResourceSpans) -> bool {
    let account = Some(AnyValue { value: Some(Value::StringValue(ACCOUNT.to_owned())) });
    let mut attributes = spans.resource.iter().flat_map(|resource| &resource.attributes);
    attributes.any(|attribute| attribute.key == "service.name" && attribute.value == account)
}

impl Collector {
    pub(super) async fn listen() -> anyhow::Result<Self> {
        let at = numbered()?;
        let listener = TcpListener::bind(at).await?;
        let spans = Arc::default();
        let server = Server::builder().add_service(TraceServiceServer::new(Counter(Arc::clone(&spans))));
        let serving = tokio::spawn(async move {
            // It fails only if its socket does, and then a run tells that no spans arrive.
            let _ = server.serve_with_incoming(TcpIncoming::from(listener)).await;
        });
        Ok(Self { at, spans, _serving: AbortOnDropHandle::new(serving) })
    }

    pub(super) const fn at(&self) -> SocketAddr {
        self.at
    }

    pub(super) fn spans(&self) -> u64 {
        self.spans.load(Ordering::Relaxed)
    }
}
