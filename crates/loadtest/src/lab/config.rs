//! What each service is told: as in production, at addresses of this machine.
//!
//! Four things differ. Limits for each client address, account and minute are so high that nobody reaches them, because all
//! users share one address; they are counted still. Tokens outlive the measurement. A service stops without waiting for
//! load balancers to look elsewhere. And a gateway has room for as many connections and event streams as the lab opens.
//!
//! In front of ours a gateway gathers bets as it does by itself. An old design decides each bet alone, so waiting for others would
//! only slow it down: in front of one, up to sixteen calls are under way, each begins with whatever waits, and they are spread over
//! its replicas. So old designs are served at their best.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::secrets::Secrets;
use crate::results::Against;

/// The admin's name.
pub(super) const ADMIN: &str = "admin";
/// As the chart has it: one trace in a hundred.
pub(super) const SAMPLED: f64 = 0.01;
const NEVER_REACHED: u32 = 1_000_000;
/// Connections and event streams of one gateway: what its limit of open files has room for.
const ROOM: usize = 16_000;

/// Where a service listens.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    pub(super) service: SocketAddr,
    pub(super) admin: SocketAddr,
}

/// What all services are told.
#[derive(Debug)]
pub(super) struct Common {
    /// Where spans go.
    pub(super) collector: SocketAddr,
    /// Which share of all traces is kept; where there is none, nobody is told of a span.
    pub(super) traced: Option<f64>,
    /// Whether a replica can be told to refuse traffic, or to break.
    pub(super) experiments: bool,
}

impl Common {
    fn runtime(&self, at: At) -> Value {
        let collector = format!("http://{}", self.collector);
        let telemetry = self.traced.map_or_else(
            || json!({ "sample_ratio": 0.0 }),
            |share| json!({ "otlp_endpoint": collector, "sample_ratio": share }),
        );
        json!({
            "admin_listen": at.admin,
            "telemetry": telemetry,
            "drain": { "delay_ms": 0 },
            "experiments": self.experiments,
        })
    }

    /// It computes so many hashes at once, or as many as it does by itself.
    pub(super) fn account(&self, at: At, database: &str, secrets: &Secrets, hashes: Option<usize>) -> Value {
        let passwords = hashes.map_or_else(|| json!({}), |count| json!({ "concurrency": count }));
        json!({
            "runtime": self.runtime(at),
            "grpc": { "listen": at.service },
            "database": { "url": database },
            "tokens": { "sealing_key": secrets.sealing_key, "access_seconds": 4 * 3_600 },
            "bootstrap_admin": { "username": ADMIN, "password": secrets.admin },
            "passwords": passwords,
            "throttle": { "free_failures": 1_000, "address_free_failures": NEVER_REACHED },
        })
    }

    pub(super) fn league_schedule(&self, at: At, database: &str, account: &[String]) -> Value {
        json!({
            "runtime": self.runtime(at),
            "grpc": { "listen": at.service },
            "database": { "url": database },
            "account": cells(account),
            "source": { "kind": "import" },
        })
    }

    pub(super) fn betting(&self, at: At, database: &str, account: &[String], league: SocketAddr) -> Value {
        json!({
            "runtime": self.runtime(at),
            "grpc": { "listen": at.service },
            "database": { "url": database },
            "account": cells(account),
            "league_schedule": upstream(league),
        })
    }

    /// A gateway in front of this system.
    pub(super) fn gateway(
        &self,
        against: Against,
        at: At,
        account: &[String],
        league: SocketAddr,
        betting: &[String],
    ) -> Value {
        let rate = json!({ "per_second": NEVER_REACHED, "burst": NEVER_REACHED });
        let slow_rate = json!({ "per_minute": NEVER_REACHED, "burst": NEVER_REACHED });
        json!({
            "runtime": self.runtime(at),
            "http": { "listen": at.service, "max_connections": ROOM, "max_connections_per_address": 0 },
            "streams": { "max": ROOM, "kept_for_users": 0, "max_per_address": ROOM },
            "bets": bets(against),
            "limits": {
                "max_in_flight_per_address": 0,
                "per_address": rate,
                "per_account": rate,
                "sign_up": slow_rate,
                "log_in": slow_rate,
            },
            "upstreams": {
                "account": cells(account),
                "league_schedule": upstream(league),
                "betting": together(cells(betting), against),
            },
        })
    }
}

/// How a gateway gathers bets for this system.
fn bets(against: Against) -> Value {
    match against.design() {
        None => json!({}),
        Some(_) => json!({ "workers": 16, "gather": { "further_from": 1 } }),
    }
}

/// A service at these addresses, one for each of its cells.
fn cells(urls: &[String]) -> Value {
    match urls.split_first() {
        Some((first, further)) if !further.is_empty() => json!({ "url": first, "further_cells": further }),
        first => json!({ "url": first.map(|(first, _)| first) }),
    }
}

/// Batches meet in front of ours; in front of an old design calls are spread, as they were then.
fn together(mut upstream: Value, against: Against) -> Value {
    upstream["together"] = against.design().is_none().into();
    upstream
}

/// A configuration for one of so many cells.
pub(super) fn in_cell(mut config: Value, index: usize, of: usize) -> Value {
    if of > 1 {
        config["cell"] = json!({ "index": index, "of": of });
    }
    config
}

fn upstream(address: SocketAddr) -> Value {
    json!({ "url": format!("http://{address}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_design_is_not_slowed_by_waiting_for_more_bets() {
        assert_eq!(bets(Against::Ours), json!({}), "as a gateway has it by itself");
        for old in [Against::Pessimistic, Against::SingleStatement] {
            let bets = bets(old);
            assert_eq!(
                (&bets["workers"], &bets["gather"]["further_from"]),
                (&json!(16), &json!(1)),
                "{old:?}"
            );
        }
    }
}
