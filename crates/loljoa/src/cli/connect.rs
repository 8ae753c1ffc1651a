use anyhow::{Context, bail};
use clap::Args;
use loljoa_service_kit::{
    config::Upstream,
    error::Error,
    grpc::client::{self, Channel},
};
use tonic::Status;
use url::Url;

use super::DataDirOption;
use crate::{data_dir::RunFile, system::Service};

/// Which system is talked to: a running `loljoa up`, or one elsewhere.
#[derive(Args)]
pub(super) struct Target {
    #[command(flatten)]
    data_dir: DataDirOption,
    /// The service's gRPC address, such as `http://127.0.0.1:50051` [default: that of the running `loljoa up`]
    #[arg(long, value_name = "URL")]
    grpc: Option<Url>,
}

impl Target {
    /// Connects to `service`.
    pub(super) fn connect(&self, service: Service) -> anyhow::Result<Channel> {
        let url = match &self.grpc {
            Some(url) => url.clone(),
            None => RunFile::read(&self.data_dir.open()?.run_file())?.url(service)?,
        };
        client::connect(&Upstream::at(url.clone())).with_context(|| format!("{url} cannot be connected to"))
    }
}

/// What a service answered, or what it complained of in one line.
pub(super) fn answer<T>(result: Result<tonic::Response<T>, Status>) -> anyhow::Result<T> {
    match result {
        Ok(response) => Ok(response.into_inner()),
        Err(status) => bail!("{}", Error::from(status)),
    }
}
