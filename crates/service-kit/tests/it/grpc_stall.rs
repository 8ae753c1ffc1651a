//! What a stall does to the calls that share a connection.

use std::{net::SocketAddr, time::Duration};

use futures::future::join_all;
use loljoa_proto::ops::v1::{HelloRequest, ops_service_client::OpsServiceClient};
use loljoa_service_kit::{config::Upstream, grpc::client};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    time,
};
use tonic::{Streaming, body::Body, client::GrpcService, transport::Endpoint};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse, health_client::HealthClient};
use tower::BoxError;

use crate::serve_ops;

/// More than the transport takes for a misbehaving peer.
const CALLS: usize = 1_500;
const GIVEN_UP_AFTER: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(20);

/// A way to `server` on which answers wait while it is held.
async fn way_to(server: SocketAddr) -> (SocketAddr, watch::Sender<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let held = watch::Sender::new(false);
    let gate = held.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(server).await.unwrap();
            tokio::spawn(pass(client, server, gate.subscribe()));
        }
    });
    (address, held)
}

async fn pass(client: TcpStream, server: TcpStream, mut held: watch::Receiver<bool>) {
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let there = async { tokio::io::copy(&mut from_client, &mut to_server).await };
    let back = async {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = from_server.read(&mut buffer).await?;
            let _ = held.wait_for(|held| !held).await;
            to_client.write_all(&buffer[..read]).await?;
            if read == 0 {
                return Ok::<_, std::io::Error>(());
            }
        }
    };
    let _ = tokio::join!(there, back);
}

async fn hello<C: Calls>(channel: &C) -> bool {
    let mut client = OpsServiceClient::new(channel.clone());
    matches!(time::timeout(GIVEN_UP_AFTER, client.hello(HelloRequest {})).await, Ok(Ok(_)))
}

/// What calls are made through.
trait Calls: GrpcService<Body, ResponseBody = Body, Error: Into<BoxError>> + Clone {}

impl<C: GrpcService<Body, ResponseBody = Body, Error: Into<BoxError>> + Clone> Calls for C {}

/// A stream of a connection on which calls were given up during a stall, and answered after it.
async fn watch_through_a_stall<C: Calls>(
    channel: C,
    held: &watch::Sender<bool>,
) -> Streaming<HealthCheckResponse> {
    let mut client = HealthClient::new(channel.clone());
    let mut watch = client.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status, 1, "serving");
    held.send_replace(true);
    let given_up = join_all((0..CALLS).map(|_| hello(&channel))).await;
    assert!(given_up.iter().all(|answered| !answered));
    held.send_replace(false);
    let answered = async { while !hello(&channel).await {} };
    time::timeout(PATIENCE, answered).await.expect("calls are answered again");
    watch
}

#[tokio::test]
async fn answers_that_come_after_a_stall_break_nothing_else() {
    let (address, server) = serve_ops(10_000, false).await;
    let (address, held) = way_to(address).await;
    let url = format!("http://{address}");
    let plain = Endpoint::from_shared(url.clone()).unwrap().connect_lazy();
    let mut watch = watch_through_a_stall(plain, &held).await;
    let broken = async { while watch.message().await.is_ok() {} };
    time::timeout(PATIENCE, broken).await.expect("a connection that is not prepared breaks");

    let upstream = Upstream { balance: false, ..Upstream::at(url.parse().unwrap()) };
    let channel = client::connect(&upstream).unwrap().for_streams();
    let mut watch = watch_through_a_stall(channel, &held).await;
    server.health.start_draining();
    let told = async { while watch.message().await.unwrap().unwrap().status != 2 {} };
    time::timeout(PATIENCE, told)
        .await
        .expect("the watch goes on, and tells that nothing is served any more");
}
