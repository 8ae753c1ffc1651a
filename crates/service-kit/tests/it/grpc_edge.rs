//! A gRPC port among strangers.

use std::time::Duration;

use loljoa_proto::ops::v1::{HelloRequest, ops_service_client::OpsServiceClient};
use loljoa_service_kit::{
    config::{GrpcServer, Upstream},
    grpc::{Channel, client},
    metrics,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time,
};
use tonic::{Code, Status, body::Body};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};
use tower::ServiceExt;

use crate::{serve_ops, serve_ops_with};

/// Long enough for a slow machine; nothing waits for it unless something is broken.
const PATIENCE: Duration = Duration::from_secs(20);

fn connect(address: std::net::SocketAddr) -> Channel {
    client::connect(&Upstream::at(format!("http://{address}").parse().unwrap())).unwrap()
}

#[tokio::test]
async fn who_does_not_speak_is_closed_and_holds_nobody_up() {
    let config = GrpcServer { opening_timeout_ms: 400, max_connections: 200, ..GrpcServer::default() };
    let (address, _server) = serve_ops_with(config, false).await;
    let mut silent = Vec::new();
    for number in 0..200 {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let said: &[u8] = [b"".as_slice(), b"PRI * H", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"][number % 3];
        socket.write_all(said).await.unwrap();
        silent.push(socket);
    }
    // All places are taken.
    let mut client = OpsServiceClient::new(connect(address));
    let hello = time::timeout(PATIENCE, client.hello(HelloRequest {})).await.expect("there is room in time");
    assert_eq!(hello.unwrap().into_inner().service, "test");
    for mut socket in silent {
        let mut read = Vec::new();
        let _ = time::timeout(PATIENCE, socket.read_to_end(&mut read)).await.expect("it is closed in time");
    }
}

#[tokio::test]
async fn calls_count_by_methods_that_exist() {
    let recorder = metrics::install();
    let (address, _server) = serve_ops(16, false).await;
    let channel = connect(address);
    for path in ["/made.up.Service/Method", "/loljoa.ops.v1.OpsService/Made"] {
        let request = http::Request::post(path).header("content-type", "application/grpc");
        let answer = channel.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.headers()["grpc-status"], (Code::Unimplemented as i32).to_string());
    }
    OpsServiceClient::new(channel).hello(HelloRequest {}).await.unwrap();
    let metrics = recorder.text();
    assert!(metrics.contains("route=\"other\",status=\"unimplemented\""), "{metrics}");
    assert!(metrics.contains("route=\"/loljoa.ops.v1.OpsService/Hello\",status=\"ok\""), "{metrics}");
    assert!(!metrics.contains("made.up") && !metrics.contains("Made"), "{metrics}");
}

async fn health_of(address: std::net::SocketAddr, service: &str) -> Result<i32, Status> {
    let request = HealthCheckRequest { service: service.to_owned() };
    Ok(HealthClient::new(connect(address)).check(request).await?.into_inner().status)
}

#[tokio::test]
async fn health_is_told_of_each_service_by_name() {
    let (address, server) = serve_ops(16, false).await;
    let name = "loljoa.ops.v1.OpsService";
    let turns = async |wanted: i32| {
        let asking = async { while health_of(address, name).await.ok() != Some(wanted) {} };
        time::timeout(PATIENCE, asking).await.expect("health follows readiness");
    };
    turns(1).await;
    server.health.start_draining();
    turns(2).await;
    assert_eq!(health_of(address, "made.up.Service").await.unwrap_err().code(), Code::NotFound);
}

async fn describe(address: std::net::SocketAddr, what: MessageRequest) -> Result<MessageResponse, Status> {
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(what) };
    let mut client = ServerReflectionClient::new(connect(address));
    let mut answers = client.server_reflection_info(futures::stream::iter([request])).await?.into_inner();
    Ok(answers.message().await?.unwrap().message_response.unwrap())
}

#[tokio::test]
async fn contracts_are_described_only_where_that_is_asked_for() {
    let (address, _server) = serve_ops(16, false).await;
    let services = || MessageRequest::ListServices(String::new());
    assert_eq!(describe(address, services()).await.unwrap_err().code(), Code::Unimplemented);

    let config = GrpcServer { reflection: true, ..GrpcServer::default() };
    let (address, _server) = serve_ops_with(config, false).await;
    let MessageResponse::ListServicesResponse(list) = describe(address, services()).await.unwrap() else {
        panic!("services are listed")
    };
    let mut names: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
    names.sort();
    let expected =
        ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "loljoa.ops.v1.OpsService"];
    assert_eq!(names, expected);
    for symbol in ["google.rpc.ErrorInfo", "grpc.health.v1.Health", "loljoa.ops.v1.HelloRequest"] {
        let described = describe(address, MessageRequest::FileContainingSymbol(symbol.to_owned())).await;
        assert!(
            matches!(described, Ok(MessageResponse::FileDescriptorResponse(_))),
            "{symbol}: {described:?}"
        );
    }
}
