use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use super::Service;

/// The admin's username.
pub const ADMIN: &str = "admin";

/// Where the services run.
#[derive(Clone, Debug)]
pub enum Mode {
    /// In this process.
    InProcess,
    /// Each in a process of its own.
    Processes {
        /// The `loljoa` binary.
        program: PathBuf,
    },
}

/// The URLs of the three databases, and of those of further cells.
#[derive(Clone, Debug)]
pub struct Databases {
    /// account's.
    pub account: SecretString,
    /// league-schedule's.
    pub league_schedule: SecretString,
    /// betting's.
    pub betting: SecretString,
    /// Those of account's other cells, in their order.
    pub further_account: Vec<SecretString>,
    /// Those of betting's other cells, in their order.
    pub further_betting: Vec<SecretString>,
}

impl Databases {
    /// A database for each service.
    #[must_use]
    pub const fn single(account: SecretString, league_schedule: SecretString, betting: SecretString) -> Self {
        Self { account, league_schedule, betting, further_account: Vec::new(), further_betting: Vec::new() }
    }

    /// Those of all of account's cells.
    #[must_use]
    pub fn accounts(&self) -> Vec<&SecretString> {
        std::iter::once(&self.account).chain(&self.further_account).collect()
    }

    /// Those of all of betting's cells.
    #[must_use]
    pub fn bettings(&self) -> Vec<&SecretString> {
        std::iter::once(&self.betting).chain(&self.further_betting).collect()
    }
}

/// How the bundled season is replayed.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The time between two starts, and how long a match lasts.
    pub interval: Duration,
    /// The week that it starts with, instead of the season's middle.
    pub start_week: Option<u8>,
}

/// What a system is made of.
#[derive(Clone, Debug)]
pub struct Options {
    /// In this process or in four.
    pub mode: Mode,
    /// The three databases.
    pub databases: Databases,
    /// Where the gateway listens.
    pub listen: SocketAddr,
    /// The password of the user [`ADMIN`].
    pub admin_password: SecretString,
    /// 32 bytes in base64 that account seals its token signing keys with.
    pub sealing_key: SecretString,
    /// How the bundled season is replayed; without, it is only imported.
    pub replay: Option<Replay>,
    /// How long before its market's lock a bet can no longer be cancelled.
    pub cancel_window: Duration,
    /// Whether the experiments (block, turn off) may be run.
    pub experiments: bool,
    /// The web app's built files.
    pub web_root: Option<PathBuf>,
    /// An OTLP collector (gRPC).
    pub otlp: Option<Url>,
    /// What the services log, in the syntax of `RUST_LOG`.
    pub log: String,
    /// Laid over the configuration of a service, such as `{"passwords": {"concurrency": 4}}`.
    pub overrides: BTreeMap<Service, Value>,
}

impl Options {
    /// A system in this process over `databases`, without a replay, at any free port.
    #[must_use]
    pub fn new(databases: Databases, admin_password: SecretString, sealing_key: SecretString) -> Self {
        Self {
            mode: Mode::InProcess,
            databases,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            admin_password,
            sealing_key,
            replay: None,
            cancel_window: Duration::from_secs(10),
            experiments: false,
            web_root: None,
            otlp: None,
            log: "warn".to_owned(),
            overrides: BTreeMap::new(),
        }
    }
}
