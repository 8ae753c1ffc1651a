use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
};

use anyhow::Context;
use loljoa_private_postgres::free_port;
use loljoa_service_kit::cli::Listeners;

use super::{Mode, Part, Service, ServiceAddresses};

/// The ports of every service, taken before any starts, because each is told where the others are.
pub(super) struct Ports(BTreeMap<Part, (ServiceAddresses, Option<Listeners>)>);

impl Ports {
    /// Takes them: `listen` for the gateway, free ones of the loopback interface for all else. What runs in this process
    /// gets listeners, a child only the numbers.
    pub(super) async fn take(
        listen: SocketAddr,
        all: impl Iterator<Item = Part>,
        mode: &Mode,
    ) -> anyhow::Result<Self> {
        let mut ports = BTreeMap::new();
        for part in all {
            let is_edge = part.service == Service::Gateway;
            let public = if is_edge { listen } else { SocketAddr::from((Ipv4Addr::LOCALHOST, 0)) };
            ports.insert(part, take_for_one(public, mode).await?);
        }
        Ok(Self(ports))
    }

    pub(super) fn addresses(&self) -> BTreeMap<Part, ServiceAddresses> {
        self.0.iter().map(|(part, (addresses, _))| (*part, *addresses)).collect()
    }

    pub(super) fn into_listeners(self) -> impl Iterator<Item = (Part, Option<Listeners>)> {
        self.0.into_iter().map(|(part, (_, listeners))| (part, listeners))
    }
}

async fn take_for_one(
    public: SocketAddr,
    mode: &Mode,
) -> anyhow::Result<(ServiceAddresses, Option<Listeners>)> {
    let internal = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    match mode {
        Mode::InProcess => {
            let listeners = Listeners::bind(public, internal).await?;
            let addresses = ServiceAddresses {
                service: listeners.service.local_addr()?,
                admin: listeners.admin.local_addr()?,
            };
            Ok((addresses, Some(listeners)))
        }
        Mode::Processes { .. } => {
            let addresses =
                ServiceAddresses { service: numbered(public).await?, admin: numbered(internal).await? };
            Ok((addresses, None))
        }
    }
}

/// The ports that a killed service had.
pub(super) async fn bind_again(at: &ServiceAddresses, mode: &Mode) -> anyhow::Result<Option<Listeners>> {
    match mode {
        Mode::InProcess => Ok(Some(Listeners::bind(at.service, at.admin).await?)),
        Mode::Processes { .. } => Ok(None),
    }
}

/// An address that a child can be told: its port is a number, and free.
async fn numbered(address: SocketAddr) -> anyhow::Result<SocketAddr> {
    if address.port() == 0 {
        let port = free_port().context("no port is free")?;
        return Ok(SocketAddr::new(address.ip(), port));
    }
    require_free(address).await?;
    Ok(address)
}

/// Checks that nobody listens on `address`.
///
/// # Errors
///
/// When somebody does; the error names it.
pub(crate) async fn require_free(address: SocketAddr) -> anyhow::Result<()> {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Listeners::bind(address, anywhere).await.map(drop)
}
