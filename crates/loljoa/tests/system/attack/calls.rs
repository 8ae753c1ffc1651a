//! gRPC calls that are in no contract, or too large for one.

use futures::{StreamExt, stream};
use http_body_util::Full;
use loljoa_service_kit::ids;
use tokio::time;
use tonic::{
    Code, Status,
    body::Body,
    transport::{Channel, Endpoint},
};
use tower::ServiceExt;

use super::foes::{Kind, MADE_UP, Target, Told};

/// Larger than any message may be.
const TOO_LARGE: usize = 5 * 1_024 * 1_024;
/// A method of each service, in the order of [`Target::services`].
const METHODS: [&str; 3] = [
    "/loljoa.account.v1.AccountService/GetAccount",
    "/loljoa.league_schedule.v1.LeagueService/GetMatch",
    "/loljoa.betting.v1.BettingService/GetMarket",
];

/// Calls every service so many times at once, again and again.
pub(super) async fn storm(kind: Kind, target: &Target) {
    let channel =
        |at: &std::net::SocketAddr| Endpoint::from_shared(format!("http://{at}")).unwrap().connect_lazy();
    let channels: Vec<Channel> = target.services.iter().map(channel).collect();
    let name = if kind == Kind::RandomCalls { "random calls" } else { "oversized calls" };
    stream::iter((0..channels.len()).cycle())
        .map(|service| {
            let call = call(kind, channels[service].clone(), service);
            async move {
                target.count(name, call.await);
                time::sleep(target.pause).await;
            }
        })
        .buffer_unordered(target.at_once)
        .for_each(|()| async {})
        .await;
}

async fn call(kind: Kind, channel: Channel, service: usize) -> Told {
    let id = ids::fresh().simple();
    let (path, message) = match kind {
        Kind::OversizedCalls => (METHODS[service].to_owned(), vec![7; TOO_LARGE]),
        _ if rand::random() => (format!("{}{MADE_UP}{id}", METHODS[service]), vec![7; 64]),
        _ => (format!("/{MADE_UP}.{id}/{id}"), vec![7; 64]),
    };
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let frame = [&[0], &length[..], &message].concat();
    let request = http::Request::post(format!("http://localhost{path}"))
        .header("content-type", if rand::random() { "application/grpc" } else { MADE_UP })
        .header("te", "trailers")
        .body(Body::new(Full::new(frame.into())))
        .unwrap();
    match channel.oneshot(request).await {
        Ok(answer) if !answer.status().is_success() => Told::Status(answer.status().as_u16()),
        Ok(answer) => {
            let status = Status::from_header_map(answer.headers());
            Told::Code(status.map_or(Code::Ok, |status| status.code()) as i32)
        }
        Err(_) => Told::Closed,
    }
}
