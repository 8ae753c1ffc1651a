use std::{convert::Infallible, path::Path};

use loljoa_private_postgres::{Cluster, Error, Lifetime, Server};
use tokio::time::{self, Instant};

use crate::{
    backoff::Backoff,
    console::complain,
    data_dir::{DataDir, Secrets},
    databases::{self, Cells},
    system::Databases,
};

/// Three services have pools of 18 in all, and a few connections beside them. With several cells so many for each.
const MAX_CONNECTIONS: u16 = 100;

/// The private PostgreSQL, running.
pub(super) struct Database {
    cluster: Cluster,
    server: Server,
}

impl Database {
    /// Starts it, making what is not there yet, and gives the databases that the services have in it.
    pub(super) async fn start(
        data: &DataDir,
        secrets: &Secrets,
        cells: Cells,
        pg_bin: Option<&Path>,
    ) -> anyhow::Result<(Self, Databases)> {
        let cluster = Cluster::open(data.cluster(), Lifetime::Lasting, &secrets.postgres, pg_bin).await?;
        let server =
            cluster.start(MAX_CONNECTIONS * cells.account.max(cells.betting), &data.postgres_log()).await?;
        let databases = databases::prepare(&server, secrets, cells).await?;
        Ok((Self { cluster, server }, databases))
    }

    /// The port of the loopback interface that it listens on.
    pub(super) const fn port(&self) -> u16 {
        self.server.port()
    }

    /// Waits until it ends by itself, and tells why.
    pub(super) async fn ended(&mut self) -> Error {
        self.server.ended().await
    }

    /// Starts it again, at the same port, whenever it ends by itself, and says so. For ever.
    pub(super) async fn keep(&mut self) -> Infallible {
        let mut backoff = Backoff::new();
        let mut started = Instant::now();
        let mut why = self.server.ended().await;
        loop {
            let pause = backoff.after(started.elapsed());
            complain(format_args!("{why}; it is started again in {pause:?}"));
            time::sleep(pause).await;
            started = Instant::now();
            why = match self.cluster.start_again(&self.server).await {
                Ok(server) => {
                    self.server = server;
                    complain("PostgreSQL is up again");
                    self.server.ended().await
                }
                Err(error) => error,
            };
        }
    }

    /// Stops it; its sessions are ended.
    pub(super) async fn stop(self) {
        self.server.stop().await;
    }
}
