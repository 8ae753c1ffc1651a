//! A service that answers as it is told, and counts what it is asked.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use loljoa_proto::ops::v1::{
    BlockRequest, BlockResponse, HelloRequest, HelloResponse, TurnOffRequest, TurnOffResponse,
    ops_service_server::{OpsService, OpsServiceServer},
};
use tokio::{net::TcpListener, time};
use tokio_util::task::AbortOnDropHandle;
use tonic::{
    Request, Response, Status, async_trait,
    transport::server::{Server, TcpIncoming},
};

use crate::grpc::deadline;

pub(super) struct Scripted {
    pub(super) address: SocketAddr,
    asked: Arc<Asked>,
    _task: AbortOnDropHandle<()>,
}

#[derive(Default)]
struct Asked {
    calls: AtomicUsize,
    patience: Mutex<Option<Duration>>,
}

impl Scripted {
    /// A service that says `answer` after `pause`.
    pub(super) async fn saying(
        answer: impl Fn() -> Result<(), Status> + Send + Sync + 'static,
        pause: Duration,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::<Asked>::default());
        let service =
            OpsServiceServer::new(Script { answer: Box::new(answer), pause, asked: Arc::clone(&asked) });
        let task = tokio::spawn(async move {
            Server::builder()
                .add_service(service)
                .serve_with_incoming(TcpIncoming::from(listener))
                .await
                .unwrap();
        });
        Self { address, asked, _task: AbortOnDropHandle::new(task) }
    }

    /// How often it was called.
    pub(super) fn calls(&self) -> usize {
        self.asked.calls.load(Ordering::SeqCst)
    }

    /// How long the last caller said that it waits.
    pub(super) fn patience(&self) -> Option<Duration> {
        *self.asked.patience.lock().unwrap()
    }
}

struct Script {
    answer: Box<dyn Fn() -> Result<(), Status> + Send + Sync>,
    pause: Duration,
    asked: Arc<Asked>,
}

#[async_trait]
impl OpsService for Script {
    async fn hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloResponse>, Status> {
        self.asked.calls.fetch_add(1, Ordering::SeqCst);
        *self.asked.patience.lock().unwrap() = deadline::announced(request.metadata().as_ref());
        time::sleep(self.pause).await;
        (self.answer)().map(|()| Response::new(HelloResponse::default()))
    }

    async fn block(&self, _: Request<BlockRequest>) -> Result<Response<BlockResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn turn_off(&self, _: Request<TurnOffRequest>) -> Result<Response<TurnOffResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }
}
