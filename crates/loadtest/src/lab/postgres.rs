//! The PostgreSQL of the lab: made for it, as durable as the one of `loljoa up`, gone afterwards.

use std::{
    fs::{self, File, Permissions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use loljoa_private_postgres::{Cluster, Lifetime, SUPERUSER, Server};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use tempfile::TempDir;

/// Account and league-schedule have 19 each, eight replicas of betting 19 each, of a baseline 20 each.
const MAX_CONNECTIONS: u16 = 300;
/// For funding, looking and auditing.
const OURS: u32 = 2;

const SETTINGS: &str = "postgresql.conf";
/// Counts what functions ask for as well.
const COUNTING: &str = "\nshared_preload_libraries = 'pg_stat_statements'\npg_stat_statements.track = all\n";

/// A server that runs.
pub(super) struct Postgres {
    server: Server,
    password: SecretString,
    cluster: PathBuf,
    pool: PgPool,
    directory: TempDir,
}

impl Postgres {
    /// In a directory within `place`, whose disk it measures as well.
    pub(super) async fn start(
        place: &Path,
        password: &SecretString,
        counts_statements: bool,
    ) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("loljoa-bench-").tempdir_in(place)?;
        // The server's user has to pass; the cluster inside is closed to all others.
        fs::set_permissions(directory.path(), Permissions::from_mode(0o711))?;
        let cluster = directory.path().join("cluster");
        let opened = Cluster::open(cluster.clone(), Lifetime::Lasting, password, None).await?;
        if counts_statements {
            let settings = cluster.join(SETTINGS);
            let mut settings = File::options().append(true).open(settings)?;
            settings.write_all(COUNTING.as_bytes())?;
        }
        let server = opened.start(MAX_CONNECTIONS, &directory.path().join("postgres.log")).await?;
        let url = server.url(SUPERUSER, password, "postgres");
        let pool = PgPoolOptions::new().max_connections(OURS).connect(url.expose_secret()).await?;
        Ok(Self { server, password: password.clone(), cluster, pool, directory })
    }

    /// Where everything of the lab is.
    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The superuser's way to the server.
    pub(super) const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The URL of a database, for the superuser.
    pub(super) fn url(&self, database: &str) -> String {
        self.server.url(SUPERUSER, &self.password, database).expose_secret().to_owned()
    }

    /// Makes a database that is not there yet.
    pub(super) async fn make(&self, database: &str) -> anyhow::Result<()> {
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {database}"))).execute(&self.pool).await?;
        Ok(())
    }

    /// The process that all others of the server are children of.
    pub(super) fn postmaster(&self) -> anyhow::Result<u32> {
        let file = self.cluster.join("postmaster.pid");
        let content = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let first = content.lines().next().unwrap_or_default();
        first.trim().parse().with_context(|| format!("{} has no number", file.display()))
    }

    /// Writes out what is dirty, so that no checkpoint is left over from what was before.
    pub(super) async fn checkpoint(&self) -> anyhow::Result<()> {
        sqlx::query("CHECKPOINT").execute(&self.pool).await?;
        Ok(())
    }

    pub(super) async fn version(&self) -> anyhow::Result<String> {
        Ok(sqlx::query_scalar("SHOW server_version").fetch_one(&self.pool).await?)
    }

    pub(super) async fn stop(self) {
        self.pool.close().await;
        self.server.stop().await;
    }
}
