//! The kit over real sockets.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod config;
mod grpc;
mod grpc_edge;
mod grpc_stall;
mod identity;
mod lifecycle;
mod postgres;
mod process;
mod trace;

/// Starts a gRPC server with nothing but health, reflection and experiments, and tells where it listens.
async fn serve_ops(max_in_flight: usize, experiments: bool) -> (std::net::SocketAddr, TestServer) {
    let config = loljoa_service_kit::config::GrpcServer { max_in_flight, ..Default::default() };
    serve_ops_with(config, experiments).await
}

/// The same with a configuration of one's own.
async fn serve_ops_with(
    config: loljoa_service_kit::config::GrpcServer,
    experiments: bool,
) -> (std::net::SocketAddr, TestServer) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let health = loljoa_service_kit::health::Health::new("test");
    let shutdown = tokio_util::sync::CancellationToken::new();
    let (until, state) = (shutdown.clone(), health.clone());
    let routes = tonic::service::Routes::default();
    tokio::spawn(async move {
        loljoa_service_kit::grpc::server::serve(&config, listener, state, experiments, routes, until).await
    });
    (address, TestServer { health, _stop: shutdown.drop_guard() })
}

/// Stops its server when dropped.
struct TestServer {
    health: loljoa_service_kit::health::Health,
    _stop: tokio_util::sync::DropGuard,
}
