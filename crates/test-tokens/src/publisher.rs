//! Account, as far as it publishes keys.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use loljoa_proto::account::v1::{GetJwksRequest, GetJwksResponse};
use loljoa_service_kit::config::Upstream;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{
    Request, Response, Status,
    body::Body,
    server::{Grpc, NamedService},
    transport::{Server, server::TcpIncoming},
};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

/// Publishes a key set on a free port, until it is dropped.
#[derive(Clone)]
pub struct Publisher {
    address: SocketAddr,
    shelf: Shelf,
    _stop: Arc<DropGuard>,
}

#[derive(Clone)]
struct Shelf {
    key_set: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl Publisher {
    /// Publishes `key_set`.
    ///
    /// # Panics
    ///
    /// When there is no free port.
    pub async fn start(key_set: String) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shelf = Shelf { key_set: Arc::new(Mutex::new(key_set)), asked: Arc::default() };
        let incoming = TcpIncoming::from(listener);
        let served = Server::builder().add_service(shelf.clone()).serve_with_incoming(incoming);
        let stop = CancellationToken::new();
        tokio::spawn(stop.clone().run_until_cancelled_owned(served));
        Self { address, shelf, _stop: Arc::new(stop.drop_guard()) }
    }

    /// Where it is to be asked.
    ///
    /// # Panics
    ///
    /// Never.
    #[must_use]
    pub fn upstream(&self) -> Upstream {
        Upstream::at(format!("http://{}", self.address).parse().unwrap())
    }

    /// Publishes other keys.
    ///
    /// # Panics
    ///
    /// When another test has panicked meanwhile.
    pub fn publish(&self, key_set: String) {
        *self.shelf.key_set.lock().unwrap() = key_set;
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.shelf.asked.load(Ordering::SeqCst)
    }
}

impl NamedService for Shelf {
    const NAME: &'static str = "loljoa.account.v1.AccountService";
}

impl Service<http::Request<Body>> for Shelf {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let jwks_json = self.key_set.lock().unwrap().clone();
        let answer = service_fn(move |_: Request<GetJwksRequest>| {
            let jwks_json = jwks_json.clone();
            async move { Ok::<_, Status>(Response::new(GetJwksResponse { jwks_json })) }
        });
        let codec = ProstCodec::<GetJwksResponse, GetJwksRequest>::default();
        Box::pin(async move { Ok(Grpc::new(codec).unary(answer, request).await) })
    }
}
