//! Keeps the known replicas of a neighbour equal to the addresses of its name.

use std::{collections::HashSet, io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net, sync::watch, time};

use super::{
    endpoint,
    neighbour::{Member, Members},
    replica::Names,
};

const EVERY: Duration = Duration::from_secs(5);

pub(super) struct Resolver {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) names: Names,
    pub(super) silence: Duration,
    pub(super) members: watch::Sender<Members>,
}

impl Resolver {
    /// Resolves the name again and again, until nobody calls the neighbour any more.
    pub(super) async fn run(self) {
        let mut ticks = time::interval(EVERY);
        while !self.members.is_closed() {
            ticks.tick().await;
            match self.resolve().await {
                Ok(found) => self.apply(&found),
                Err(error) => tracing::warn!(
                    event = "neighbour.unresolved",
                    host = self.host, %error, "the name cannot be resolved"
                ),
            }
        }
    }

    async fn resolve(&self) -> io::Result<HashSet<SocketAddr>> {
        Ok(net::lookup_host((self.host.as_str(), self.port)).await?.collect())
    }

    /// An empty answer is taken for a hiccup of DNS: better old addresses than none.
    pub(super) fn apply(&self, found: &HashSet<SocketAddr>) {
        let changes = |members: &Members| {
            members.len() != found.len() || found.iter().any(|address| !members.contains_key(&Some(*address)))
        };
        if found.is_empty() || !changes(&self.members.borrow()) {
            return;
        }
        self.members.send_modify(|members| {
            members.retain(|address, _| address.is_some_and(|address| found.contains(&address)));
            for address in found {
                if let Ok(endpoint) = endpoint(&format!("http://{address}")) {
                    let member = || Arc::new(Member::new(self.names.clone(), endpoint, self.silence));
                    members.entry(Some(*address)).or_insert_with(member);
                }
            }
        });
    }
}
