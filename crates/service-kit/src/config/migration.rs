use serde::Deserialize;

use super::{Check, Database, Problems, Runtime};

/// What bringing a database up to date is told: a part of what the service is told, whose other parts may be there or not.
#[derive(Clone, Debug, Deserialize)]
pub struct Migration {
    /// Logs and traces.
    #[serde(default)]
    pub runtime: Runtime,
    /// The service's own database.
    pub database: Database,
}

impl Check for Migration {
    fn check(&self, problems: &mut Problems) {
        self.runtime.check(problems);
        self.database.check(problems);
    }
}
