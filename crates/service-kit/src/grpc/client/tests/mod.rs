//! Calls over real sockets, to real servers and to such as hang.

mod freezer;
mod hangs;
mod lost;
mod repeats;
mod scripted;
mod together;

use std::{collections::HashSet, net::SocketAddr};

use loljoa_proto::ops::v1::{HelloRequest, ops_service_client::OpsServiceClient};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{config::GrpcServer, grpc::server, health::Health};

/// Far beyond what anything here takes, so that it tells a hang from work.
const LONG: Duration = Duration::from_mins(1);

async fn replica(service: &'static str, stop: CancellationToken) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let health = Health::new(service);
        let routes = tonic::service::Routes::default();
        server::serve(&GrpcServer::default(), listener, health, false, routes, stop).await
    });
    address
}

fn upstream(address: SocketAddr) -> Upstream {
    let url = format!("http://{address}").parse().unwrap();
    Upstream { timeout_ms: 60_000, silence_ms: 1_000, ..Upstream::at(url) }
}

/// A channel to the addresses that the resolver is told.
fn resolved(silence: Duration) -> (Channel, Resolver) {
    let names = Names { service: "test", neighbour: "several".to_owned() };
    let (members, known) = watch::channel(Members::new());
    let resolver = Resolver { host: String::new(), port: 0, names: names.clone(), silence, members };
    let neighbour = Arc::new(Neighbour::new(names, known, true));
    (Channel { neighbour, deadline: Some(LONG), _resolver: None }, resolver)
}

/// Who answers.
async fn hello(channel: &Channel) -> Result<String, Status> {
    let answer = OpsServiceClient::new(channel.clone()).hello(repeatable(HelloRequest {})).await;
    answer.map(|answer| answer.into_inner().service)
}

/// Who answers many calls.
async fn answering(channel: &Channel) -> HashSet<String> {
    let mut seen = HashSet::new();
    for _ in 0..100 {
        seen.insert(hello(channel).await.unwrap());
    }
    seen
}

#[tokio::test]
async fn a_name_of_several_addresses_spreads_calls_over_all_and_forgets_those_that_left() {
    let stop = CancellationToken::new();
    let (one, two) = (replica("one", stop.clone()).await, replica("two", stop.clone()).await);
    let (channel, resolver) = resolved(LONG);

    resolver.apply(&HashSet::from([one, two]));
    assert_eq!(answering(&channel).await, HashSet::from(["one".to_owned(), "two".to_owned()]));

    resolver.apply(&HashSet::new());
    assert_eq!(resolver.members.borrow().len(), 2, "an empty answer of DNS changes nothing");

    resolver.apply(&HashSet::from([two]));
    assert_eq!(answering(&channel).await, HashSet::from(["two".to_owned()]));
    stop.cancel();
}

#[tokio::test]
async fn a_name_is_resolved_and_called() {
    let stop = CancellationToken::new();
    let port = replica("named", stop.clone()).await.port();
    let url = format!("http://localhost:{port}").parse().unwrap();
    let channel = connect(&Upstream::at(url)).unwrap();
    assert_eq!(hello(&channel).await.unwrap(), "named");
    stop.cancel();
}
