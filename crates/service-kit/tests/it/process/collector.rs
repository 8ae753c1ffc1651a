use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span,
};
use tokio::net::TcpListener;
use tonic::{
    Request, Response, Status, async_trait,
    transport::{Server, server::TcpIncoming},
};

/// A collector that keeps what it is sent.
#[derive(Clone, Default)]
pub(super) struct Collector(Arc<Mutex<Vec<Received>>>);

/// A span, and who sent it.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) service: String,
    pub(super) span: Span,
}

impl Collector {
    pub(super) async fn listen() -> (Self, String) {
        let collector = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("\"http://{}\"", listener.local_addr().unwrap());
        let server = Server::builder().add_service(TraceServiceServer::new(collector.clone()));
        tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        (collector, url)
    }

    /// The one span of this name.
    pub(super) fn span(&self, name: &str) -> Received {
        self.the_one(|received| received.span.name == name)
    }

    /// The one span of a call of this method, which no contract knows.
    pub(super) fn span_of(&self, method: &str) -> Received {
        self.the_one(|received| received.attribute("rpc.method_original") == method)
    }

    fn the_one(&self, fits: impl Fn(&Received) -> bool) -> Received {
        let received = self.0.lock().unwrap();
        let mut fitting = received.iter().filter(|received| fits(received));
        let span = fitting.next().unwrap_or_else(|| panic!("it is not among {received:#?}")).clone();
        assert!(fitting.next().is_none(), "{received:#?}");
        span
    }
}

impl Received {
    /// An attribute, as text.
    pub(super) fn attribute(&self, key: &str) -> String {
        text(&self.span.attributes, key)
    }
}

fn text(attributes: &[KeyValue], key: &str) -> String {
    let value = attributes.iter().find(|attribute| attribute.key == key);
    match value.and_then(|attribute| attribute.value.clone()?.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    }
}

#[async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let spans = request.into_inner().resource_spans.into_iter().flat_map(|resource| {
            let service = text(&resource.resource.unwrap_or_default().attributes, "service.name");
            let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            spans.map(move |span| Received { service: service.clone(), span })
        });
        self.0.lock().unwrap().extend(spans);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}
