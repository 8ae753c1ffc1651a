//! Who may call what only admins may, and who calls at all.

use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use loljoa_proto::ops::v1::{HelloRequest, ops_service_client::OpsServiceClient};
use loljoa_service_kit::{
    Clock, ErrorCode, admin_log,
    config::{GrpcServer, Tokens, Upstream},
    grpc::{Channel, client, server},
    health::Health,
    identity::{Keys, PublishedAdmins, Revocations},
};
use loljoa_test_tokens::{Publisher, Signer, claims, refusal};
use serde_json::json;
use sqlx::PgPool;
use tokio::time;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Request, service::Routes};
use tracing::{field, span};
use tracing_subscriber::{Layer, layer::Context, prelude::*};

const CALL: &str = "/loljoa.admin.v1.AdminLogService/ListAdminActions";
const HOUR_MS: u64 = 3_600_000;

/// A service for admins whose keys come from `account`, and whose database is away. What is revoked is asked for when it is
/// needed alone.
async fn serve(account: &Upstream, refresh_pause_ms: u64) -> (Channel, DropGuard) {
    serve_with(account, Tokens { refresh_pause_ms, revocations_stale_ms: HOUR_MS, ..Tokens::default() }).await
}

async fn serve_with(account: &Upstream, config: Tokens) -> (Channel, DropGuard) {
    let account = client::connect(account).unwrap();
    let keys = Arc::new(Keys::new(account.clone(), config.refresh_pause()));
    let revocations = Arc::new(Revocations::new(account, &keys));
    let admins = Arc::new(PublishedAdmins::new(&config, keys, revocations, Clock::system()));
    let database = PgPool::connect_lazy("postgres://127.0.0.1:1/none").unwrap();
    database.close().await;
    let routes = Routes::new(admin_log::service(database, admins));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = at(listener.local_addr().unwrap());
    let (shutdown, health) = (CancellationToken::new(), Health::new("test"));
    let until = shutdown.clone();
    tokio::spawn(async move {
        server::serve(&GrpcServer::default(), listener, health, false, routes, until).await
    });
    (client::connect(&upstream).unwrap(), shutdown.drop_guard())
}

fn at(address: SocketAddr) -> Upstream {
    Upstream { balance: false, ..Upstream::at(format!("http://{address}").parse().unwrap()) }
}

/// Why a call with this token is refused; the database is away once it is let in.
async fn reason(channel: &Channel, token: &str) -> String {
    refusal(channel, CALL, Some(token)).await.unwrap().1
}

async fn is_let_in(channel: &Channel, token: &str) -> bool {
    let (code, reason) = refusal(channel, CALL, Some(token)).await.unwrap();
    !matches!(code, ErrorCode::Unauthenticated | ErrorCode::Forbidden) && reason != "revocations_unknown"
}

#[tokio::test]
async fn only_the_token_of_an_admin_opens_the_gate() {
    let signer = Signer::new("known");
    let publisher = Publisher::start(signer.key_set()).await;
    let (channel, _server) = serve(&publisher.upstream(), 1).await;
    assert!(is_let_in(&channel, &signer.token("admin")).await);
    assert_eq!(refusal(&channel, CALL, None).await.unwrap().1, "token_missing");
    for (what, token, expected) in signer.no_admins() {
        assert_eq!(reason(&channel, &token).await, expected, "a token {what}");
    }
}

#[tokio::test]
async fn a_flood_of_unknown_keys_asks_account_once() {
    let signer = Signer::new("known");
    let publisher = Publisher::start(signer.key_set()).await;
    let (channel, _server) = serve(&publisher.upstream(), HOUR_MS).await;
    for n in 0..50 {
        let stranger = Signer::new(&format!("unknown-{n}"));
        assert_eq!(reason(&channel, &stranger.token("admin")).await, "token_invalid");
    }
    assert!(is_let_in(&channel, &signer.token("admin")).await);
    assert_eq!(publisher.asked(), 1);
}

#[tokio::test]
async fn a_new_key_is_found_and_the_end_of_a_key_is_the_end_of_its_tokens() {
    let (first, second) = (Signer::new("first"), Signer::new("second"));
    let publisher = Publisher::start(first.key_set()).await;
    let (channel, _server) = serve(&publisher.upstream(), 0).await;
    let old = first.token("admin");
    assert!(is_let_in(&channel, &old).await);
    publisher.publish(json!({ "keys": [first.jwk(), second.jwk()] }).to_string());
    assert!(is_let_in(&channel, &second.token("admin")).await);
    assert!(is_let_in(&channel, &old).await);
    publisher.publish(second.key_set());
    assert_eq!(reason(&channel, &Signer::new("third").token("admin")).await, "token_invalid");
    assert_eq!(reason(&channel, &old).await, "token_invalid");
}

#[tokio::test]
async fn while_account_is_away_nobody_is_let_in_and_nobody_is_called_a_forger() {
    let nowhere = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let (channel, _server) = serve(&at(nowhere), 1).await;
    let (code, _) = refusal(&channel, CALL, Some(&Signer::new("known").token("admin"))).await.unwrap();
    assert_eq!(code, ErrorCode::Unavailable);
}

#[tokio::test]
async fn before_there_is_a_key_nobody_is_called_a_forger_and_the_first_one_is_found_soon() {
    let publisher = Publisher::start(json!({ "keys": [] }).to_string()).await;
    let account = client::connect(&publisher.upstream()).unwrap();
    let keys = Keys::new(account, Duration::from_millis(HOUR_MS));
    assert_eq!(keys.document().await.unwrap_err().code, ErrorCode::Unavailable);
    publisher.publish(Signer::new("first").key_set());
    let found = async {
        while keys.document().await.is_err() {
            time::sleep(Duration::from_millis(10)).await;
        }
    };
    time::timeout(Duration::from_mins(1), found).await.expect("it is asked for again, and not an hour later");
}

#[tokio::test]
async fn keys_that_are_published_no_more_are_none() {
    let publisher = Publisher::start(Signer::new("first").key_set()).await;
    let account = client::connect(&publisher.upstream()).unwrap();
    let keys = Arc::new(Keys::new(account, Duration::ZERO));
    keys.document().await.unwrap();
    publisher.publish(json!({ "keys": [] }).to_string());
    let shutdown = CancellationToken::new();
    let _end = shutdown.clone().drop_guard();
    tokio::spawn(Arc::clone(&keys).keep_fresh(Duration::from_millis(1), shutdown));
    let gone = async {
        while !keys.ids().is_empty() {
            time::sleep(Duration::from_millis(10)).await;
        }
    };
    time::timeout(Duration::from_mins(1), gone)
        .await
        .expect("an empty set takes the place of the one before");
}

/// A service that asks for every call what was revoked.
async fn asking() -> (Signer, Publisher, Channel, DropGuard) {
    let signer = Signer::new("known");
    let publisher = Publisher::start(signer.key_set()).await;
    let config = Tokens { refresh_pause_ms: 0, revocations_stale_ms: 0, ..Tokens::default() };
    let (channel, server) = serve_with(&publisher.upstream(), config).await;
    (signer, publisher, channel, server)
}

#[tokio::test]
async fn the_end_of_a_session_is_the_end_of_its_tokens_and_of_no_others() {
    let (signer, publisher, channel, _server) = asking().await;
    let (here, there) = (claims("admin"), claims("admin"));
    let [here_token, there_token] = [&here, &there].map(|claims| signer.sign(claims));
    assert!(is_let_in(&channel, &here_token).await && is_let_in(&channel, &there_token).await);
    for _ in 0..3 {
        publisher.end(claims("admin")["sid"].as_str().unwrap());
    }
    publisher.end(there["sid"].as_str().unwrap());
    assert_eq!(reason(&channel, &there_token).await, "session_over");
    assert!(is_let_in(&channel, &here_token).await);
}

#[tokio::test]
async fn a_removed_key_lets_nobody_in_although_it_is_still_published() {
    let (signer, publisher, channel, _server) = asking().await;
    let token = signer.token("admin");
    assert!(is_let_in(&channel, &token).await);
    publisher.remove("known");
    for _ in 0..2 {
        assert_eq!(reason(&channel, &token).await, "token_invalid");
    }
}

#[tokio::test]
async fn while_it_cannot_be_told_whether_a_session_goes_on_no_admin_is_let_in() {
    let (signer, publisher, channel, _server) = asking().await;
    let (patient, _other) = serve(&publisher.upstream(), 0).await;
    let token = signer.token("admin");
    assert!(is_let_in(&channel, &token).await && is_let_in(&patient, &token).await);
    publisher.keep_secret(true);
    let refused = refusal(&channel, CALL, Some(&token)).await.unwrap();
    assert_eq!(refused, (ErrorCode::Unavailable, "revocations_unknown".to_owned()));
    assert!(is_let_in(&patient, &token).await, "an hour is not over");
    publisher.keep_secret(false);
    assert!(is_let_in(&channel, &token).await);
}

#[tokio::test]
async fn account_is_asked_for_admins_alone_and_no_oftener_than_need_be() {
    let signer = Signer::new("known");
    let publisher = Publisher::start(signer.key_set()).await;
    let (channel, _server) = serve(&publisher.upstream(), HOUR_MS).await;
    for (_, token, expected) in signer.no_admins() {
        if expected != "session_over" {
            reason(&channel, &token).await;
        }
    }
    assert_eq!(publisher.told(), 0);
    for _ in 0..3 {
        assert!(is_let_in(&channel, &signer.token("admin")).await);
    }
    assert_eq!(publisher.told(), 1);
}

/// Notes what is recorded as a span's `caller`.
#[derive(Clone, Default)]
struct Callers(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> Layer<S> for Callers {
    fn on_record(&self, _: &span::Id, values: &span::Record<'_>, _: Context<'_, S>) {
        values.record(&mut Caller(self));
    }
}

struct Caller<'a>(&'a Callers);

impl field::Visit for Caller<'_> {
    fn record_str(&mut self, field: &field::Field, value: &str) {
        if field.name() == "caller" {
            self.0.0.lock().unwrap().push(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &field::Field, _: &dyn fmt::Debug) {}
}

#[tokio::test]
async fn who_calls_stands_on_the_calls_span_and_opens_no_gate() {
    let callers = Callers::default();
    // Not for the log crate as well, which another story sets up.
    let subscriber = tracing_subscriber::registry().with(callers.clone());
    let _subscriber = tracing::subscriber::set_default(subscriber);
    let publisher = Publisher::start(Signer::new("known").key_set()).await;
    let (channel, _server) = serve(&publisher.upstream(), 1).await;
    let gateway = "spiffe://cluster.local/ns/loljoa/sa/loljoa-gateway";
    let call = |certificate: String| {
        let mut request = Request::new(HelloRequest {});
        request.metadata_mut().insert("x-forwarded-client-cert", certificate.parse().unwrap());
        let mut client = OpsServiceClient::new(channel.clone());
        async move { client.hello(request).await.unwrap() }
    };
    call("Hash=0a".to_owned()).await;
    // Another test may have made the first call of all at the very moment when this one began to listen.
    tracing::callsite::rebuild_interest_cache();
    call(format!("By=spiffe://x/y;Hash=0a;URI={gateway}")).await;
    call(format!("URI=spiffe://{}", "x".repeat(4_000))).await;
    let seen = callers.0.lock().unwrap().clone();
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert_eq!((seen[0].as_str(), seen[1].len()), (gateway, 200));

    let mut request = Request::new(loljoa_proto::admin::v1::ListAdminActionsRequest::default());
    let certificate = format!("URI={gateway}").parse().unwrap();
    request.metadata_mut().insert("x-forwarded-client-cert", certificate);
    let mut log =
        loljoa_proto::admin::v1::admin_log_service_client::AdminLogServiceClient::new(channel.clone());
    let refused = loljoa_service_kit::Error::from(log.list_admin_actions(request).await.unwrap_err());
    assert_eq!(refused.reason, "token_missing");
}
