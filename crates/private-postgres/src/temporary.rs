use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use secrecy::SecretString;
use tempfile::TempDir;

use crate::{Cluster, Error, Lifetime, SUPERUSER, Server};

/// Test binaries run side by side, each with many small databases.
const MAX_CONNECTIONS: u16 = 400;

/// A server whose cluster is removed with it.
#[derive(Debug)]
pub struct TemporaryServer {
    server: Server,
    password: SecretString,
    directory: TempDir,
}

impl TemporaryServer {
    /// Makes a cluster in the system's directory for temporary files, and starts its server.
    ///
    /// # Errors
    ///
    /// As [`Cluster::open`] and [`Cluster::start`].
    pub async fn start(bin: Option<&Path>) -> Result<Self, Error> {
        let place = std::env::temp_dir();
        let directory = tempfile::Builder::new().prefix("loljoa-postgres-").tempdir_in(&place);
        let directory = directory.map_err(Error::file(place))?;
        // The server's user has to pass; the cluster inside is closed to all others.
        let passable = Permissions::from_mode(0o711);
        fs::set_permissions(directory.path(), passable).map_err(Error::file(directory.path()))?;
        let password = SecretString::from(hex::encode(rand::random::<[u8; 16]>()));
        let cluster = directory.path().join("cluster");
        let cluster = Cluster::open(cluster, Lifetime::Temporary, &password, bin).await?;
        let server = cluster.start(MAX_CONNECTIONS, &directory.path().join("postgres.log")).await?;
        Ok(Self { server, password, directory })
    }

    /// The URL of `database` for the superuser.
    #[must_use]
    pub fn url(&self, database: &str) -> SecretString {
        self.server.url(SUPERUSER, &self.password, database)
    }

    /// Where everything is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Stops the server and removes the cluster.
    ///
    /// # Errors
    ///
    /// When the cluster cannot be removed.
    pub async fn stop(self) -> Result<(), Error> {
        self.server.stop().await;
        let path = self.directory.path().to_owned();
        self.directory.close().map_err(Error::file(path))
    }
}
