use anyhow::{Context, bail};
use clap::Args;
use loljoa_proto::account::v1::{
    LogInRequest, LogOutRequest, Session, account_service_client::AccountServiceClient,
};
use loljoa_service_kit::{
    config::{Upstream, redacted},
    error::Error,
    grpc::client::{self, Channel},
    identity::Bearer,
};
use secrecy::ExposeSecret;
use tonic::{Status, service::interceptor::InterceptedService};
use url::Url;

use super::DataDirOption;
use crate::{
    console::complain,
    data_dir::RunFile,
    system::{ADMIN, Service},
};

/// What is wrong when another system than the running `loljoa up` is to be told something.
pub(super) const TOKEN_WANTED: &str = "another system wants an admin's access token: --token or LOLJOA_TOKEN";

/// A connection whose calls carry an admin's access token.
pub(super) type AsAdmin = InterceptedService<Channel, Bearer>;

/// Which system is talked to: a running `loljoa up`, or one elsewhere.
#[derive(Args, Clone)]
pub(super) struct Target {
    #[command(flatten)]
    data_dir: DataDirOption,
    /// The service's gRPC address, such as `http://127.0.0.1:50051` [default: that of the running `loljoa up`]
    #[arg(long, value_name = "URL")]
    grpc: Option<Url>,
    /// The access token of an admin, as /api/account/login gives it [default: that of the admin of the running `loljoa up`]
    #[arg(long, env = "LOLJOA_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: Option<String>,
}

impl Target {
    /// Whether a running `loljoa up` is talked to, all of whose services are known.
    pub(super) const fn is_up(&self) -> bool {
        self.grpc.is_none()
    }

    /// The same, with a service at this gRPC address.
    pub(super) fn at(self, grpc: Url) -> Self {
        Self { grpc: Some(grpc), ..self }
    }

    /// The running `loljoa up` of this data directory, or whatever takes this access token.
    pub(super) const fn of(data_dir: DataDirOption, token: Option<String>) -> Self {
        Self { data_dir, grpc: None, token }
    }

    /// Connects to `service`, for what everybody may ask.
    pub(super) fn connect(&self, service: Service) -> anyhow::Result<Channel> {
        match &self.grpc {
            Some(url) => connect(url),
            None => connect(&self.running(service)?),
        }
    }

    /// Does `work` with a connection to `service` as an admin. Who is logged in for this, because no token was given, is logged
    /// out when it is done, whatever came of it: a token is worth nothing without its session.
    pub(super) async fn as_admin<T>(
        &self,
        service: Service,
        work: impl AsyncFnOnce(AsAdmin) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.with_token_of_admin(async |token: &str| work(self.with_token(service, token)?).await).await
    }

    /// As [`Self::as_admin`], with the access token itself.
    pub(super) async fn with_token_of_admin<T>(
        &self,
        work: impl AsyncFnOnce(&str) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        match (&self.token, &self.grpc) {
            (Some(token), _) => work(token).await,
            (None, None) => self.logged_in(work).await,
            (None, Some(_)) => bail!("{TOKEN_WANTED}"),
        }
    }

    async fn logged_in<T>(&self, work: impl AsyncFnOnce(&str) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let mut accounts = AccountServiceClient::new(connect(&self.run_file()?.account_of(ADMIN)?)?);
        let Session { access_token, refresh_token, .. } = self.log_in(&mut accounts).await?;
        let done = work(&access_token).await;
        if let Err(error) = answer(accounts.log_out(LogOutRequest { refresh_token }).await) {
            complain(format_args!("the admin's session for this could not be ended: {error}"));
        }
        done
    }

    fn with_token(&self, service: Service, token: &str) -> anyhow::Result<AsAdmin> {
        let bearer = Bearer::new(token).map_err(|error| anyhow::anyhow!("the access token: {error}"))?;
        Ok(InterceptedService::new(self.connect(service)?, bearer))
    }

    /// Opens a session of the admin of the running `loljoa up`.
    async fn log_in(&self, accounts: &mut AccountServiceClient<Channel>) -> anyhow::Result<Session> {
        let password = self.data_dir.open()?.secrets()?.admin.expose_secret().to_owned();
        let client_address = "127.0.0.1".to_owned();
        let request = LogInRequest { username: ADMIN.to_owned(), password, client_address };
        answer(accounts.log_in(request).await)?.session.context("account opened no session")
    }

    fn running(&self, service: Service) -> anyhow::Result<Url> {
        self.run_file()?.url(service)
    }

    pub(super) fn run_file(&self) -> anyhow::Result<RunFile> {
        RunFile::read(&self.data_dir.open()?.run_file())
    }
}

fn connect(url: &Url) -> anyhow::Result<Channel> {
    client::connect(&Upstream::at(url.clone()))
        .with_context(|| format!("{} cannot be connected to", redacted(url.as_str())))
}

/// What a service answered, or what it complained of in one line.
pub(super) fn answer<T>(result: Result<tonic::Response<T>, Status>) -> anyhow::Result<T> {
    match result {
        Ok(response) => Ok(response.into_inner()),
        Err(status) => bail!("{}", Error::from(status)),
    }
}
