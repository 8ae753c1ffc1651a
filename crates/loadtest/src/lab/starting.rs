//! How a service is started.

use loljoa_service_kit::config::environment;
use tokio::process::Command;

use super::{
    Options,
    config::At,
    postgres::Postgres,
    process::{Process, Ready},
    replicas::{self, Addresses},
};

/// What is needed to start a process.
pub(super) struct Starting<'a> {
    pub(super) options: &'a Options,
    pub(super) postgres: &'a Postgres,
}

impl Starting<'_> {
    pub(super) async fn service(
        &self,
        name: &'static str,
        config: &serde_json::Value,
        at: At,
    ) -> anyhow::Result<Process> {
        self.caller(name, config, at, &[]).await
    }

    /// Starts a service that has these neighbours.
    pub(super) async fn caller(
        &self,
        name: &'static str,
        config: &serde_json::Value,
        at: At,
        neighbours: &[&Addresses],
    ) -> anyhow::Result<Process> {
        let command = replicas::caller(&self.options.program, neighbours, self.postgres.directory())?;
        let mut process = self.begin(name, config, command).await?;
        process.ready(Ready::Says(at.admin)).await?;
        Ok(process)
    }

    /// Brings the service's database up to date and starts it by `command`, which runs `loljoa`.
    pub(super) async fn begin(
        &self,
        name: &'static str,
        config: &serde_json::Value,
        mut command: Command,
    ) -> anyhow::Result<Process> {
        let environment = environment(config);
        if config.get("database").is_some() {
            let mut migrate = Command::new(&self.options.program);
            migrate.args(["migrate", name]).env_clear().envs(environment.clone());
            let output = migrate.output().await?;
            let complaint = String::from_utf8_lossy(&output.stderr);
            anyhow::ensure!(output.status.success(), "{name} cannot be migrated: {complaint}");
        }
        command.args(["serve", name, "--until-stdin-closes"]);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).envs(environment);
        Process::start(name, command, self.postgres.directory())
    }
}
