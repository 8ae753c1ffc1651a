//! Account, as far as it publishes keys, and which sessions were ended.

use std::{
    convert::Infallible,
    future::ready,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use loljoa_proto::account::v1::{
    GetJwksRequest, GetJwksResponse, ListRevocationsRequest, ListRevocationsResponse,
};
use loljoa_service_kit::config::Upstream;
use prost_types::Timestamp;
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
    revoked: Arc<Mutex<Revoked>>,
}

#[derive(Default)]
struct Revoked {
    key_ids: Vec<String>,
    sessions: Vec<String>,
    is_secret: bool,
    told: usize,
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
        let shelf =
            Shelf { key_set: Arc::new(Mutex::new(key_set)), asked: Arc::default(), revoked: Arc::default() };
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

    /// How often it was asked for the keys.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.shelf.asked.load(Ordering::SeqCst)
    }

    /// Ends a session, as its access tokens name it.
    ///
    /// # Panics
    ///
    /// When another test has panicked meanwhile.
    pub fn end(&self, session: &str) {
        self.shelf.revoked.lock().unwrap().sessions.push(session.to_owned());
    }

    /// Removes a key, although it is still published, as another replica of account does for a while.
    ///
    /// # Panics
    ///
    /// When another test has panicked meanwhile.
    pub fn remove(&self, kid: &str) {
        self.shelf.revoked.lock().unwrap().key_ids.push(kid.to_owned());
    }

    /// From now on it does, or does not, tell what was revoked.
    ///
    /// # Panics
    ///
    /// When another test has panicked meanwhile.
    pub fn keep_secret(&self, is_secret: bool) {
        self.shelf.revoked.lock().unwrap().is_secret = is_secret;
    }

    /// How often it told what was revoked.
    ///
    /// # Panics
    ///
    /// When another test has panicked meanwhile.
    #[must_use]
    pub fn told(&self) -> usize {
        self.shelf.revoked.lock().unwrap().told
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
        let account = self.clone();
        if request.uri().path().ends_with("/ListRevocations") {
            let answer = service_fn(move |asked: Request<ListRevocationsRequest>| {
                ready(account.revocations(asked.into_inner().since))
            });
            let codec = ProstCodec::<ListRevocationsResponse, ListRevocationsRequest>::default();
            return Box::pin(async move { Ok(Grpc::new(codec).unary(answer, request).await) });
        }
        self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = service_fn(move |_: Request<GetJwksRequest>| ready(Ok(account.keys())));
        let codec = ProstCodec::<GetJwksResponse, GetJwksRequest>::default();
        Box::pin(async move { Ok(Grpc::new(codec).unary(answer, request).await) })
    }
}

impl Shelf {
    fn keys(&self) -> Response<GetJwksResponse> {
        Response::new(GetJwksResponse { jwks_json: self.key_set.lock().unwrap().clone() })
    }

    /// One ended session at a time.
    fn revocations(&self, since: Option<Timestamp>) -> Result<Response<ListRevocationsResponse>, Status> {
        let mut revoked = self.revoked.lock().unwrap();
        if revoked.is_secret {
            return Err(Status::unavailable("not now"));
        }
        revoked.told += 1;
        let set: serde_json::Value = serde_json::from_str(&self.key_set.lock().unwrap()).unwrap();
        let kids = set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned());
        let told = since.map_or(0, |since| usize::try_from(since.seconds).unwrap());
        let next: Vec<_> = revoked.sessions.iter().skip(told).take(1).cloned().collect();
        let until = told + next.len();
        Ok(Response::new(ListRevocationsResponse {
            key_ids: kids.filter(|kid| !revoked.key_ids.contains(kid)).collect(),
            access_session_ids: next,
            until: Some(Timestamp { seconds: i64::try_from(until).unwrap(), nanos: 0 }),
            keep_seconds: 900,
            more: until < revoked.sessions.len(),
        }))
    }
}
