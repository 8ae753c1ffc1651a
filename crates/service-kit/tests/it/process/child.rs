use std::{
    env,
    future::{pending, ready},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use axum::{Router, routing::post};
use loljoa_service_kit::{
    AccountId, admin,
    cli::{Command, Files, Listeners, ServiceConfig, execute},
    config::{Check, GrpcServer, Problems, Runtime},
    grpc::server,
    health::Health,
    identity::{Admins, Identity, Role},
    ids,
    lifecycle::Parts,
};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use tonic::{Status, body::Body, service::Routes};

/// What the process is to be: `service`, or `stuck`, which never ends.
pub(super) const ROLE: &str = "LOLJOA_TEST_ROLE";
/// The file of its configuration.
pub(super) const FILE: &str = "LOLJOA_TEST_FILE";
/// Whom to ask whether it is ready, instead of being anything.
pub(super) const ADMIN: &str = "LOLJOA_TEST_ADMIN";

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct Config {
    runtime: Runtime,
    grpc: GrpcServer,
}

impl Check for Config {
    fn check(&self, problems: &mut Problems) {
        self.runtime.check(problems);
        self.grpc.check(problems);
    }
}

impl ServiceConfig for Config {
    fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn listen(&self) -> std::net::SocketAddr {
        self.grpc.listen
    }
}

/// Not a story: what the processes of the stories do.
#[tokio::test(flavor = "multi_thread")]
async fn role() {
    if let Ok(admin) = env::var(ADMIN) {
        let code = execute("test", Command::Ready { admin: admin.parse().unwrap() }, serve, None).await;
        std::process::exit(i32::from(code != ExitCode::SUCCESS));
    }
    if env::var_os(ROLE).is_some() {
        let files = Files { config: env::var_os(FILE).map(PathBuf::from).into_iter().collect() };
        execute("test", Command::Serve(files), serve, None).await;
    }
}

async fn serve(config: Config, listeners: Listeners, shutdown: CancellationToken) -> anyhow::Result<()> {
    let health = Health::new("test");
    let mut parts = Parts::new(health.clone(), shutdown);
    let closing = parts.closing();
    let admins: Option<Arc<dyn Admins>> = Some(Arc::new(Anybody));
    parts.spawn_last("admin port", admin::serve(listeners.admin, health.clone(), admins, parts.ending()));
    let state = health.clone();
    let methods = Router::new()
        .route("/loljoa.test/Panic", post(panic_now))
        .route("/loljoa.test/Fail", post(fail))
        .route("/loljoa.test/Look", post(look))
        .route("/loljoa.test/Drain", post(move || ready(drain_now(&health))));
    let (grpc, drain) = (config.grpc, config.runtime.drain);
    parts.spawn("gRPC port", async move {
        server::serve(&grpc, listeners.service, state, false, Routes::from(methods), closing).await
    });
    parts.run(&drain, async {}).await?;
    if env::var(ROLE).is_ok_and(|role| role == "stuck") {
        return pending().await;
    }
    Ok(())
}

fn drain_now(health: &Health) -> http::Response<Body> {
    health.start_draining();
    Status::not_found("it drains").into_http()
}

/// Whoever has a token is the admin of that name.
struct Anybody;

#[tonic::async_trait]
impl Admins for Anybody {
    async fn admin_of(&self, token: &str) -> Result<Identity, loljoa_service_kit::Error> {
        Ok(Identity {
            account_id: AccountId(ids::fresh()),
            session: None,
            username: token.into(),
            role: Role::Admin,
            expires_at: chrono::DateTime::UNIX_EPOCH,
        })
    }
}

async fn panic_now() -> http::Response<Body> {
    panic!("all is lost")
}

async fn fail() -> http::Response<Body> {
    Status::unavailable("come again").into_http()
}

async fn look() -> http::Response<Body> {
    tracing::debug!("somebody looked");
    Status::not_found("there is nothing to see").into_http()
}
