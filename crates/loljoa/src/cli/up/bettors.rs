use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Arguments;
use crate::{
    data_dir::Secrets,
    demo,
    system::{Service, System},
};

/// The demo bettors' task.
pub(super) struct Bettors {
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Bettors {
    /// Lets them bet, unless nobody wants them.
    pub(super) fn start(
        arguments: &Arguments,
        system: &System,
        secrets: &Secrets,
    ) -> anyhow::Result<Option<Self>> {
        if arguments.no_demo || arguments.bettors == 0 {
            return Ok(None);
        }
        let options = demo::Options {
            http: reqwest::Client::new(),
            url: format!("http://{}", system.addresses()[&Service::Gateway].reachable()).parse()?,
            bettors: arguments.bettors,
            password: secrets.demo.clone(),
            placed: Arc::default(),
        };
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(demo::run(options, shutdown.clone()));
        Ok(Some(Self { shutdown, task }))
    }

    /// Sends them home.
    pub(super) async fn stop(self) {
        self.shutdown.cancel();
        let _ = self.task.await;
    }
}
