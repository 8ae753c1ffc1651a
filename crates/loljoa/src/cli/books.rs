use std::time::Duration;

use anyhow::Context;
use clap::Args;
use loljoa_private_postgres::{Cluster, Lifetime, Server};
use loljoa_service_kit::{config::Database, postgres};
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgPool;

use super::{DataDirOption, PgBinOption};
use crate::{
    audit::{Books, Options},
    data_dir::{DataDir, Lock, RunFile},
    databases::{self, Cells},
    progress::Progress,
};

const MAX_CONNECTIONS: u16 = 20;
/// A crashed bet is given back after half a minute; until then its stake stands alone.
const GRACE: Duration = Duration::from_mins(1);

/// Whose books are looked at, and how.
#[derive(Args)]
pub(super) struct BooksOption {
    #[command(flatten)]
    data_dir: DataDirOption,
    #[command(flatten)]
    postgres: PgBinOption,
    /// account's database, instead of that of a data directory; once for each of its cells, in their order
    #[arg(
        long,
        env = "LOLJOA_ACCOUNT_DATABASE",
        value_name = "URL",
        requires = "betting_database",
        hide_env_values = true
    )]
    account_database: Vec<SecretString>,
    /// betting's database, instead of that of a data directory; once for each of its cells, in their order
    #[arg(
        long,
        env = "LOLJOA_BETTING_DATABASE",
        value_name = "URL",
        requires = "account_database",
        hide_env_values = true
    )]
    betting_database: Vec<SecretString>,
    /// How long a bet and the ledger may differ; 0 when nothing is under way [default: 60, and 0 where nothing runs]
    #[arg(long, value_name = "SECONDS")]
    grace: Option<u64>,
    /// Plain lines instead of a bar
    #[arg(long)]
    no_progress: bool,
}

/// Books that are open. Where nothing runs, the database does so until they are closed.
pub(super) struct OpenBooks {
    pub(super) books: Books,
    is_at_rest: bool,
    started: Option<Started>,
}

struct Started {
    server: Server,
    lock: Lock,
}

impl BooksOption {
    pub(super) async fn open(&self) -> anyhow::Result<OpenBooks> {
        if !self.account_database.is_empty() {
            let [account, betting] =
                [&self.account_database, &self.betting_database].map(|of| of.iter().collect::<Vec<_>>());
            return OpenBooks::at(&account, &betting, None);
        }
        let data = self.data_dir.open()?;
        match data.try_lock()? {
            Some(lock) => self.open_at_rest(&data, lock).await,
            None => open_running(&data),
        }
    }

    /// Starts the database for as long as it takes.
    async fn open_at_rest(&self, data: &DataDir, lock: Lock) -> anyhow::Result<OpenBooks> {
        anyhow::ensure!(
            data.cluster().exists(),
            "there is nothing to audit in {} yet",
            data.path().display()
        );
        let pg_bin = self.postgres.pg_bin.as_deref();
        let secrets = data.secrets()?;
        let cluster = Cluster::open(data.cluster(), Lifetime::Lasting, &secrets.postgres, pg_bin).await?;
        let server = cluster.start(MAX_CONNECTIONS, &data.postgres_log()).await?;
        let databases =
            databases::at_port(server.port(), &secrets, Cells::of_server(&server, &secrets).await?);
        OpenBooks::at(&databases.accounts(), &databases.bettings(), Some(Started { server, lock }))
    }

    pub(super) fn options(&self, open: &OpenBooks) -> Options {
        let usual = if open.is_at_rest { Duration::ZERO } else { GRACE };
        Options { grace: self.grace.map_or(usual, Duration::from_secs), page: None }
    }

    pub(super) fn progress(&self, what: &'static str) -> Progress {
        Progress::of(what, self.no_progress)
    }
}

fn open_running(data: &DataDir) -> anyhow::Result<OpenBooks> {
    let RunFile { postgres_port, cells, .. } = RunFile::read(&data.run_file())?;
    let databases = databases::at_port(postgres_port, &data.secrets()?, cells);
    OpenBooks::at(&databases.accounts(), &databases.bettings(), None)
}

impl OpenBooks {
    fn at(
        account: &[&SecretString],
        betting: &[&SecretString],
        started: Option<Started>,
    ) -> anyhow::Result<Self> {
        let pools =
            |urls: &[&SecretString]| urls.iter().map(|url| pool(url)).collect::<anyhow::Result<Vec<_>>>();
        let (mut account, mut betting) = (pools(account)?, pools(betting)?);
        let (own, others) = ((account.remove(0), betting.remove(0)), (account, betting));
        let books =
            Books { account: own.0, betting: own.1, further_account: others.0, further_betting: others.1 };
        Ok(Self { books, is_at_rest: started.is_some(), started })
    }

    pub(super) async fn close(self) {
        for pool in self.books.accounts().chain(self.books.bettings()) {
            pool.close().await;
        }
        if let Some(Started { server, lock }) = self.started {
            server.stop().await;
            drop(lock);
        }
    }
}

fn pool(url: &SecretString) -> anyhow::Result<PgPool> {
    let config = Database { max_connections: 2, ..Database::at(url.expose_secret()) };
    postgres::pool(&config, "audit").context("this is no URL of a PostgreSQL database")
}
