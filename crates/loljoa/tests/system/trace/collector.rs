use std::{
    future::pending,
    net::SocketAddr,
    sync::{Arc, Mutex},
    thread,
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::{KeyValue, any_value::Value},
    trace::v1,
};
use tokio::{net::TcpSocket, runtime::Runtime};
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};
use url::Url;

/// What a collector does with spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Takes,
    Refuses,
    /// Says nothing.
    IsSilent,
}

/// A collector that keeps what it is sent, on threads of its own: dropped, it is gone at once, as if it had been killed.
pub(super) struct Collector {
    manner: Manner,
    kept: Arc<Mutex<Vec<Span>>>,
    address: SocketAddr,
    runtime: Option<Runtime>,
}

/// A span, and the resource that sent it.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) resource: Vec<KeyValue>,
    pub(super) own: v1::Span,
}

struct Keeps(Manner, Arc<Mutex<Vec<Span>>>);

impl Collector {
    /// One at any free port.
    pub(super) fn listen(manner: Manner) -> Self {
        Self::listen_at(SocketAddr::from(([127, 0, 0, 1], 0)), manner)
    }

    pub(super) fn listen_at(address: SocketAddr, manner: Manner) -> Self {
        let kept = Arc::default();
        let service = TraceServiceServer::new(Keeps(manner, Arc::clone(&kept)));
        let runtime = Runtime::new().unwrap();
        let handle = runtime.handle().clone();
        // A runtime may not be entered from within another.
        let start = move || {
            handle.block_on(async {
                let socket = TcpSocket::new_v4().unwrap();
                socket.set_reuseaddr(true).unwrap();
                socket.bind(address).unwrap();
                let listener = socket.listen(64).unwrap();
                let address = listener.local_addr().unwrap();
                let server = Server::builder().add_service(service);
                tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
                address
            })
        };
        let address = thread::spawn(start).join().unwrap();
        Self { manner, kept, address, runtime: Some(runtime) }
    }

    pub(super) fn url(&self) -> Url {
        format!("http://{}", self.address).parse().unwrap()
    }

    /// Kills it, and gives its address.
    pub(super) fn kill(self) -> SocketAddr {
        assert_eq!(self.manner, Manner::Takes);
        self.address
    }

    /// The spans of a trace, by its id in hexadecimal digits.
    pub(super) fn trace(&self, id: &str) -> Vec<Span> {
        let id = bytes(id);
        self.kept.lock().unwrap().iter().filter(|span| span.own.trace_id == id).cloned().collect()
    }

    /// All spans.
    pub(super) fn spans(&self) -> Vec<Span> {
        self.kept.lock().unwrap().clone()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Span {
    /// The service that sent it.
    pub(super) fn service(&self) -> String {
        self.resource("service.name")
    }

    /// An attribute of the resource, as text.
    pub(super) fn resource(&self, key: &str) -> String {
        text(&self.resource, key)
    }

    /// An attribute, as text; empty where there is none.
    pub(super) fn attribute(&self, key: &str) -> String {
        text(&self.own.attributes, key)
    }

    /// An event's attribute, as text.
    pub(super) fn event(&self, name: &str, key: &str) -> String {
        let event = self.own.events.iter().find(|event| event.name == name);
        text(&event.unwrap_or_else(|| panic!("no {name}: {self:#?}")).attributes, key)
    }
}

#[tonic::async_trait]
impl TraceService for Keeps {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        match self.0 {
            Manner::Takes => {}
            Manner::Refuses => return Err(Status::permission_denied("not here")),
            Manner::IsSilent => pending().await,
        }
        let spans = request.into_inner().resource_spans.into_iter().flat_map(|sent| {
            let resource = sent.resource.unwrap_or_default().attributes;
            let spans = sent.scope_spans.into_iter().flat_map(|scope| scope.spans);
            spans.map(move |own| Span { resource: resource.clone(), own })
        });
        self.1.lock().unwrap().extend(spans);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn text(attributes: &[KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|attribute| attribute.value.clone()?.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        Some(other) => format!("{other:?}"),
        None => String::new(),
    }
}

/// The bytes that hexadecimal digits stand for.
pub(super) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.chars().map(|digit| digit.to_digit(16).unwrap()).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

/// The hexadecimal digits that bytes are written as.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
