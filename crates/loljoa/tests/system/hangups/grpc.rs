use futures::{StreamExt, stream};
use loljoa::system::Service;
use loljoa_proto::{
    DESCRIPTORS,
    account::v1::{ApplyTransfersRequest, Transfer, TransferKind},
    betting::v1::{PlaceBet, PlaceBetsRequest},
};
use loljoa_service_kit::{AccountId, BetId, IdempotencyKey, ids};
use prost::Message;
use prost_types::{DescriptorProto, FileDescriptorSet, field_descriptor_proto::Type};
use tokio::time;
use tonic::{
    body::Body,
    transport::{Channel, Endpoint},
};
use tower::ServiceExt;

use super::Target;
use crate::support::{App, PASSWORD};

const ROUNDS: usize = 30;
const AT_ONCE: usize = 8;

/// A method that answers one message with one message.
struct Method {
    service: Service,
    path: String,
    input: DescriptorProto,
}

/// Calls every method of every service again and again, and resets the call before or while it is answered.
pub(super) async fn storm(app: &App, target: &Target) {
    let methods = methods();
    assert!(methods.len() > 35, "{}", methods.len());
    let channel = |service| Endpoint::from_shared(app.system.url(service)).unwrap().connect_lazy();
    let [account, league, betting] =
        [Service::Account, Service::LeagueSchedule, Service::Betting].map(channel);
    let channel_of = |service: Service| match service {
        Service::Account => account.clone(),
        Service::LeagueSchedule => league.clone(),
        _ => betting.clone(),
    };
    let calls = (0..ROUNDS).flat_map(|_| &methods);
    stream::iter(calls)
        .for_each_concurrent(AT_ONCE, |method| {
            let call = call(channel_of(method.service), &method.path, message(method, target));
            async {
                target.turn().await;
                drop(time::timeout(target.instant(), call).await);
            }
        })
        .await;
}

async fn call(channel: Channel, path: &str, message: Vec<u8>) {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let frame = [&[0], &length[..], &message].concat();
    let request = http::Request::post(format!("http://localhost{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Body::new(http_body_util::Full::new(frame.into())))
        .unwrap();
    let _ = channel.oneshot(request).await;
}

fn methods() -> Vec<Method> {
    let files = FileDescriptorSet::decode(DESCRIPTORS).unwrap().file;
    let input = |name: &str| {
        let messages = files.iter().flat_map(|file| &file.message_type);
        messages.clone().find(|message| name.ends_with(&format!(".{}", message.name()))).unwrap().clone()
    };
    let mut methods = Vec::new();
    for file in &files {
        let service = match file.package() {
            "loljoa.account.v1" => Service::Account,
            "loljoa.league_schedule.v1" => Service::LeagueSchedule,
            "loljoa.betting.v1" => Service::Betting,
            _ => continue,
        };
        for (owner, method) in
            file.service.iter().flat_map(|owner| owner.method.iter().map(move |m| (owner, m)))
        {
            if !method.server_streaming() && !method.client_streaming() {
                let path = format!("/{}.{}/{}", file.package(), owner.name(), method.name());
                methods.push(Method { service, path, input: input(method.input_type()) });
            }
        }
    }
    methods
}

/// A request that gets as far as the database: by hand where rows would be written that do not belong together, by the names
/// of its fields elsewhere.
fn message(method: &Method, target: &Target) -> Vec<u8> {
    match method.input.name() {
        "ApplyTransfersRequest" => stake(target).encode_to_vec(),
        "PlaceBetsRequest" => bet(target).encode_to_vec(),
        _ => by_names(&method.input, target),
    }
}

/// A stake that never becomes a bet; recovery gives it back.
fn stake(target: &Target) -> ApplyTransfersRequest {
    let bet = BetId::of(AccountId(target.bettor.account_id), IdempotencyKey(target.key()));
    let stake = Transfer {
        transfer_id: bet.stake_transfer().to_string(),
        kind: TransferKind::Stake.into(),
        account_id: target.bettor.account_id.to_string(),
        market_id: target.game.sets.market_id.to_string(),
        bet_id: bet.to_string(),
        points: 100,
        fingerprint: vec![7; 32],
        closes_transfer_id: String::new(),
    };
    ApplyTransfersRequest { transfers: vec![stake] }
}

fn bet(target: &Target) -> PlaceBetsRequest {
    let market = &target.game.sets;
    let bet = PlaceBet {
        account_id: target.bettor.account_id.to_string(),
        idempotency_key: target.key().to_string(),
        market_id: market.market_id.to_string(),
        outcome_id: market.outcomes[0].outcome_id.to_string(),
        stake: 100,
        ..PlaceBet::default()
    };
    PlaceBetsRequest { bets: vec![bet] }
}

fn by_names(input: &DescriptorProto, target: &Target) -> Vec<u8> {
    let mut message = Vec::new();
    for field in input.field.iter().filter(|field| field.r#type() == Type::String) {
        let value = value(field.name(), target);
        prost::encoding::string::encode(u32::try_from(field.number()).unwrap(), &value, &mut message);
    }
    message
}

fn value(field: &str, target: &Target) -> String {
    match field {
        "account_id" | "account_ids" => target.bettor.account_id.to_string(),
        "market_id" | "market_ids" => target.game.score.market_id.to_string(),
        "outcome_id" => target.game.score.outcomes[0].outcome_id.to_string(),
        "match_id" | "match_ids" => target.game.match_id.to_string(),
        "username" => ids::fresh().simple().to_string()[..12].to_owned(),
        "password" => PASSWORD.to_owned(),
        "refresh_token" => format!("{}{}A", ids::fresh().simple(), &ids::fresh().simple().to_string()[..10]),
        "client_address" => "127.0.0.1".to_owned(),
        "cursor" => String::new(),
        field if field.ends_with("_id") || field.ends_with("_ids") || field.ends_with("_key") => {
            ids::fresh().to_string()
        }
        _ => "text".to_owned(),
    }
}
