//! The four services together on one machine: in this process, or each in a process of its own.
//!
//! `loljoa up` runs them over its private cluster; tests run them over any three databases, at any speed, and can take
//! one down the hard way and start it again.

mod addresses;
mod config;
mod keep;
mod live;
mod options;
mod part;
mod ports;
mod ready;
mod running;
mod service;

use std::{collections::BTreeMap, convert::Infallible, future::pending, time::Duration};

use futures::future::{FutureExt, join_all, select_all};
use tokio::time;

pub use addresses::ServiceAddresses;
pub use options::{ADMIN, Databases, Mode, Options, Replay};
pub use part::Part;
pub(crate) use ports::require_free;
pub use service::{Service, execute};

use config::Configs;
use keep::Kept;
use ports::Ports;
use running::Running;

/// Tells a hang from a machine that is busy with other things.
const READY_TIMEOUT: Duration = Duration::from_mins(2);

/// All four services, running.
pub struct System {
    mode: Mode,
    configs: Configs,
    /// Of the first cells.
    addresses: BTreeMap<Service, ServiceAddresses>,
    parts: BTreeMap<Part, ServiceAddresses>,
    running: BTreeMap<Part, Running>,
}

impl System {
    /// Brings the databases up to date, starts the services and waits until all are ready.
    ///
    /// # Errors
    ///
    /// When a port is taken, a database does not answer, or a service ends instead of becoming ready.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let cells = |databases: Vec<_>| u16::try_from(databases.len()).unwrap_or(u16::MAX);
        let of = Part::all(cells(options.databases.accounts()), cells(options.databases.bettings()));
        let taken = Ports::take(options.listen, of, &options.mode).await?;
        let parts = taken.addresses();
        let configs = Configs::new(&options, &parts);
        Box::pin(service::migrate_all(&configs)).await?;
        let first = parts.iter().filter(|(part, _)| part.cell == 0);
        let addresses = first.map(|(part, at)| (part.service, *at)).collect();
        let mut system = Self { mode: options.mode, configs, addresses, parts, running: BTreeMap::new() };
        for (part, listeners) in taken.into_listeners() {
            let running = Running::start(part.service, &system.mode, system.configs.of(part), listeners)?;
            system.running.insert(part, running);
        }
        system.ready().await?;
        Ok(system)
    }

    /// Where every service listens, those with several cells by their first.
    #[must_use]
    pub const fn addresses(&self) -> &BTreeMap<Service, ServiceAddresses> {
        &self.addresses
    }

    /// The URL of `service`: gRPC, or HTTP for the gateway.
    #[must_use]
    pub fn url(&self, service: Service) -> String {
        format!("http://{}", self.addresses[&service].service)
    }

    /// Where every cell of every service listens.
    #[must_use]
    pub const fn parts(&self) -> &BTreeMap<Part, ServiceAddresses> {
        &self.parts
    }

    /// Waits until a service ends by itself, and tells which and why.
    pub async fn ended(&mut self) -> anyhow::Error {
        if self.running.is_empty() {
            return pending().await;
        }
        let endings = self.running.iter_mut().map(|(service, running)| {
            async move { running.ended().await.context(format!("{service} has stopped")) }.boxed()
        });
        select_all(endings).await.0
    }

    /// Waits until a service ends by itself or does not live any more, and tells which and why.
    pub async fn lost(&mut self) -> anyhow::Error {
        let watched = self.parts.iter().map(|(service, at)| {
            let (service, admin) = (*service, at.admin);
            async move { live::lost(admin).await.context(format!("{service} does not live any more")) }
                .boxed()
        });
        let dead = select_all(watched.collect::<Vec<_>>());
        tokio::select! {
            error = self.ended() => error,
            (error, ..) = dead => error,
        }
    }

    /// Starts every service that ends by itself or does not live any more again, in a process as before, and says so.
    /// For ever; a service in this process is not started again, see [`Self::lost`].
    pub async fn keep(&mut self) -> Infallible {
        let Self { mode, configs, parts, running, .. } = self;
        if running.is_empty() {
            return pending().await;
        }
        let kept = running.iter_mut().map(|(part, running)| {
            let (at, config) = (parts[part], configs.of(*part));
            Kept { part: *part, at, mode, config, running }.keep().boxed()
        });
        select_all(kept).await.0
    }

    /// Stops the services in the order that lets requests under way finish: the edge first, the ledger last. When this
    /// future is dropped, what still runs is ended at once.
    pub async fn stop(mut self) {
        for service in Service::STOP_ORDER {
            let of_service = self.running.iter_mut().filter(|(part, _)| part.service == service);
            join_all(of_service.map(|(_, running)| running.stop())).await;
            self.running.retain(|part, _| part.service != service);
        }
    }

    /// Ends one service as `kill -9` does; within this process, by dropping all its work.
    pub async fn kill(&mut self, service: Service) {
        self.kill_part(Part::first(service)).await;
    }

    /// As [`Self::kill`], one cell of a service.
    pub async fn kill_part(&mut self, part: Part) {
        if let Some(mut running) = self.running.remove(&part) {
            running.kill().await;
        }
    }

    /// The process of a service, if it runs in one of its own.
    #[must_use]
    pub fn process(&self, service: Service) -> Option<u32> {
        self.process_of(Part::first(service))
    }

    /// The process of one cell of a service, if it runs in one of its own.
    #[must_use]
    pub fn process_of(&self, part: Part) -> Option<u32> {
        self.running.get(&part).and_then(Running::process)
    }

    /// Starts a service that was killed, at the addresses it had, and waits until all are ready.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub async fn start_again(&mut self, service: Service) -> anyhow::Result<()> {
        self.start_part_again(Part::first(service)).await
    }

    /// As [`Self::start_again`], one cell of a service.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub async fn start_part_again(&mut self, part: Part) -> anyhow::Result<()> {
        let listeners = ports::bind_again(&self.parts[&part], &self.mode).await?;
        let running = Running::start(part.service, &self.mode, self.configs.of(part), listeners)?;
        self.running.insert(part, running);
        self.ready().await
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        let admin_ports: Vec<_> = self.parts.values().map(|at| at.admin).collect();
        tokio::select! {
            () = ready::all(&admin_ports) => Ok(()),
            error = self.ended() => Err(error),
            () = time::sleep(READY_TIMEOUT) => anyhow::bail!("the services are not ready after {READY_TIMEOUT:?}"),
        }
    }
}
