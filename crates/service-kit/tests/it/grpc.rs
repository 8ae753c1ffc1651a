//! Calls between services.

use std::time::Duration;

use loljoa_proto::ops::v1::{
    BlockRequest, HelloRequest, TurnOffRequest, ops_service_client::OpsServiceClient,
};
use loljoa_service_kit::{Error, ErrorCode, config::Upstream, grpc::client};
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::serve_ops;

fn upstream(address: std::net::SocketAddr) -> Upstream {
    Upstream::at(format!("http://{address}").parse().unwrap())
}

#[tokio::test]
async fn a_service_says_who_it_is_and_reports_its_health() {
    let (address, _server) = serve_ops(16, false).await;
    let channel = client::connect(&upstream(address)).unwrap();
    let hello = OpsServiceClient::new(channel.clone()).hello(HelloRequest {}).await.unwrap().into_inner();
    assert_eq!((hello.service.as_str(), hello.ready, hello.live), ("test", true, true));
    let health = HealthClient::new(channel).check(HealthCheckRequest::default()).await.unwrap();
    assert_eq!(health.into_inner().status, 1, "serving");
}

#[tokio::test]
async fn without_a_mesh_or_under_one_calls_arrive() {
    let (address, _server) = serve_ops(16, false).await;
    let meshed = Upstream { balance: false, ..upstream(address) };
    let mut client = OpsServiceClient::new(client::connect(&meshed).unwrap());
    assert_eq!(client.hello(HelloRequest {}).await.unwrap().into_inner().service, "test");
}

#[tokio::test]
async fn too_many_calls_at_once_are_told_to_come_again() {
    let (address, _server) = serve_ops(0, false).await;
    let mut client = OpsServiceClient::new(client::connect(&upstream(address)).unwrap());
    let error = Error::from(client.hello(HelloRequest {}).await.unwrap_err());
    assert_eq!((error.code, error.reason.as_str()), (ErrorCode::Exhausted, "overloaded"));
    assert_eq!(error.retry_after, Some(Duration::from_secs(1)));
}

#[tokio::test]
async fn a_callee_that_never_answers_meets_the_deadline() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = Upstream { timeout_ms: 50, ..upstream(listener.local_addr().unwrap()) };
    let mut client = OpsServiceClient::new(client::connect(&silent).unwrap());
    let status = client.hello(HelloRequest {}).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_callee_that_is_not_there_is_unavailable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = upstream(listener.local_addr().unwrap());
    drop(listener);
    let mut client = OpsServiceClient::new(client::connect(&gone).unwrap());
    let error = Error::from(client.hello(HelloRequest {}).await.unwrap_err());
    assert_eq!((error.code, error.retry_after), (ErrorCode::Unavailable, Some(Duration::from_secs(1))));
}

#[tokio::test]
async fn experiments_are_refused_unless_enabled() {
    let (address, server) = serve_ops(16, false).await;
    let mut client = OpsServiceClient::new(client::connect(&upstream(address)).unwrap());
    let status = client.turn_off(TurnOffRequest {}).await.unwrap_err();
    assert_eq!(Error::from(status).reason, "experiments_disabled");
    assert!(server.health.is_live());
}

#[tokio::test]
async fn an_experiment_blocks_and_turns_off_one_replica() {
    let (address, server) = serve_ops(16, true).await;
    let mut client = OpsServiceClient::new(client::connect(&upstream(address)).unwrap());
    let status = client.block(BlockRequest { seconds: 301 }).await.unwrap_err();
    assert_eq!(Error::from(status).violations[0].field, "seconds");
    assert!(server.health.is_ready());

    let blocked = client.block(BlockRequest { seconds: 0 }).await.unwrap().into_inner();
    assert_eq!(blocked.seconds, 15);
    assert!(!server.health.is_ready() && server.health.is_live());

    client.turn_off(TurnOffRequest {}).await.unwrap();
    assert!(!server.health.is_live());
}
