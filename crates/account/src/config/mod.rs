//! The service's configuration.

use std::net::SocketAddr;

use base64::{Engine, prelude::BASE64_STANDARD};
use loljoa_service_kit::{
    Cell,
    cli::ServiceConfig,
    config::{Check, Database, GrpcServer, Problems, RedactedUrl, Runtime, Upstream},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

mod limits;

pub use limits::{Audit, Ledger, Passwords, Reads, Throttle};

/// The length of [`Tokens::sealing_key`] once decoded.
pub(crate) const SEALING_KEY_BYTES: usize = 32;

/// Everything that the account service is told from outside.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The parts that every service has.
    #[serde(default)]
    pub runtime: Runtime,
    /// The gRPC port.
    #[serde(default)]
    pub grpc: GrpcServer,
    /// The service's own database.
    pub database: Database,
    /// Access tokens and sessions.
    pub tokens: Tokens,
    /// Password hashing.
    #[serde(default)]
    pub passwords: Passwords,
    /// Waiting after failed log-ins.
    #[serde(default)]
    pub throttle: Throttle,
    /// The points ledger.
    #[serde(default)]
    pub ledger: Ledger,
    /// What anybody may look at.
    #[serde(default)]
    pub reads: Reads,
    /// The continuous audit.
    #[serde(default)]
    pub audit: Audit,
    /// An admin to be made at start, if there is none of this name.
    #[serde(default)]
    pub bootstrap_admin: Option<BootstrapAdmin>,
    /// Which of account's cells this is.
    #[serde(default)]
    pub cell: Cell,
    /// Where each cell of account is, in their order, as every caller knows it: for the keys of admins whose account is in another
    /// one. Needed where there is more than one cell.
    #[serde(default)]
    pub cell_urls: Vec<RedactedUrl>,
}

impl Config {
    /// The defaults for a database and a sealing key (see [`Tokens::sealing_key`]).
    #[must_use]
    pub fn new(database: Database, sealing_key: impl Into<String>) -> Self {
        Self {
            runtime: Runtime::default(),
            grpc: GrpcServer::default(),
            database,
            tokens: Tokens::sealed_with(sealing_key),
            passwords: Passwords::default(),
            throttle: Throttle::default(),
            ledger: Ledger::default(),
            reads: Reads::default(),
            audit: Audit::default(),
            bootstrap_admin: None,
            cell: Cell::default(),
            cell_urls: Vec::new(),
        }
    }
}

impl Config {
    /// Account with all of its cells, where it is told them.
    pub(crate) fn cells(&self) -> Option<Upstream> {
        let (first, further) = self.cell_urls.split_first()?;
        let further_cells = further.to_vec();
        Some(Upstream { further_cells, ..Upstream::at((**first).clone()) })
    }
}

impl Check for Config {
    fn check(&self, problems: &mut Problems) {
        self.runtime.check(problems);
        self.grpc.check(problems);
        self.database.check(problems);
        self.tokens.check(problems);
        self.passwords.check(problems);
        self.throttle.check(problems);
        self.ledger.check(problems);
        let (needed, workers) = (self.ledger.connections(), self.database.worker_connections);
        let allowed = format!("must be {needed} or more, so that each of the ledger's workers has one");
        problems.require(workers >= needed, "database.worker_connections", workers, &allowed);
        self.reads.check(problems);
        self.audit.check(problems);
        self.cell.check("cell", problems);
        if let Some(cells) = self.cells() {
            cells.check("cell_urls", problems);
        }
        let (known, of) = (self.cell_urls.len(), usize::from(self.cell.of));
        let allowed = "must name as many cells as cell.of says";
        problems.require(known == of || of <= 1, "cell_urls", known, allowed);
    }
}

impl ServiceConfig for Config {
    fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn listen(&self) -> SocketAddr {
        self.grpc.listen
    }
}

/// Access tokens and sessions.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// Base64 of 32 bytes. Signing keys are sealed with it in the database; all replicas must have the same.
    #[serde(skip_serializing)]
    pub sealing_key: SecretString,
    /// How long an access token lives. Seconds.
    #[serde(default = "Tokens::default_access_seconds")]
    pub access_seconds: u64,
    /// How long a session lives, however often it is refreshed. Seconds.
    #[serde(default = "Tokens::default_session_seconds")]
    pub session_seconds: u64,
    /// How long one key signs. Seconds.
    #[serde(default = "Tokens::default_key_seconds")]
    pub key_seconds: u64,
    /// How long a key is published before it signs; must be longer than anybody caches the key set. Seconds.
    #[serde(default = "Tokens::default_key_published_seconds")]
    pub key_published_seconds: u64,
}

impl Tokens {
    /// The defaults with a sealing key.
    #[must_use]
    pub fn sealed_with(sealing_key: impl Into<String>) -> Self {
        Self {
            sealing_key: SecretString::from(sealing_key.into()),
            access_seconds: Self::default_access_seconds(),
            session_seconds: Self::default_session_seconds(),
            key_seconds: Self::default_key_seconds(),
            key_published_seconds: Self::default_key_published_seconds(),
        }
    }

    /// The sealing key's bytes, if it is one.
    pub(crate) fn sealing_key_bytes(&self) -> Option<[u8; SEALING_KEY_BYTES]> {
        BASE64_STANDARD.decode(self.sealing_key.expose_secret()).ok()?.try_into().ok()
    }

    const fn default_access_seconds() -> u64 {
        15 * 60
    }

    const fn default_session_seconds() -> u64 {
        30 * 24 * 3_600
    }

    const fn default_key_seconds() -> u64 {
        24 * 3_600
    }

    const fn default_key_published_seconds() -> u64 {
        3_600
    }
}

impl Check for Tokens {
    fn check(&self, problems: &mut Problems) {
        let sealing_key = self.sealing_key_bytes().is_some();
        problems.require(sealing_key, "tokens.sealing_key", "(not shown)", "must be 32 bytes in base64");
        let seconds = [
            ("tokens.access_seconds", self.access_seconds, 1, 24 * 3_600),
            ("tokens.session_seconds", self.session_seconds, 60, 366 * 24 * 3_600),
            ("tokens.key_seconds", self.key_seconds, 60, 366 * 24 * 3_600),
            ("tokens.key_published_seconds", self.key_published_seconds, 1, self.key_seconds),
        ];
        for (key, value, least, most) in seconds {
            problems.require(
                (least..=most).contains(&value),
                key,
                value,
                &format!("must be from {least} to {most}"),
            );
        }
    }
}

/// An admin to be made at start.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BootstrapAdmin {
    /// As for every user.
    pub username: String,
    /// As for every user. When it has changed it is applied at the next start, and the admin's sessions end.
    #[serde(skip_serializing)]
    pub password: SecretString,
}

#[cfg(test)]
mod tests {
    use loljoa_service_kit::config;

    use super::*;

    fn with_sealing_key(key: &str) -> Result<Config, config::Error> {
        config::checked(Config::new(Database::at("postgres://localhost/account"), key))
    }

    #[test]
    fn the_defaults_are_valid() {
        assert!(with_sealing_key(&BASE64_STANDARD.encode([7; 32])).is_ok());
    }

    #[test]
    fn a_short_sealing_key_is_named_and_not_shown() {
        let error = with_sealing_key("c2hvcnQ=").unwrap_err();
        insta::assert_snapshot!(error, @r"
        the configuration is not valid:
          tokens.sealing_key = (not shown): must be 32 bytes in base64
        ");
    }
}
