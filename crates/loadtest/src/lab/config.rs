//! What each service is told: as in production, at addresses of this machine.
//!
//! Four things differ. Limits for each client address, account and minute are so high that nobody reaches them, because all
//! users share one address; they are counted still. Tokens outlive the measurement. A service stops without waiting for
//! load balancers to look elsewhere. And a gateway has room for as many connections and event streams as the lab opens.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::secrets::Secrets;

/// The admin's name.
pub(super) const ADMIN: &str = "admin";
/// As the chart has it: one trace in a hundred.
const SAMPLED: f64 = 0.01;
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
}

impl Common {
    fn runtime(&self, at: At) -> Value {
        let collector = format!("http://{}", self.collector);
        json!({
            "admin_listen": at.admin,
            "telemetry": { "otlp_endpoint": collector, "sample_ratio": SAMPLED },
            "drain": { "delay_ms": 0 },
        })
    }

    pub(super) fn account(&self, at: At, database: &str, secrets: &Secrets, cores: usize) -> Value {
        json!({
            "runtime": self.runtime(at),
            "grpc": { "listen": at.service },
            "database": { "url": database },
            "tokens": { "sealing_key": secrets.sealing_key, "access_seconds": 4 * 3_600 },
            "bootstrap_admin": { "username": ADMIN, "password": secrets.admin },
            "passwords": { "concurrency": cores },
        })
    }

    pub(super) fn league_schedule(&self, at: At, database: &str, account: SocketAddr) -> Value {
        json!({
            "runtime": self.runtime(at),
            "grpc": { "listen": at.service },
            "database": { "url": database },
            "account": upstream(account),
            "source": { "kind": "import" },
        })
    }

    pub(super) fn betting(&self, at: At, database: &str, account: SocketAddr, league: SocketAddr) -> Value {
        json!({
            "runtime": self.runtime(at),
            "grpc": { "listen": at.service },
            "database": { "url": database },
            "account": upstream(account),
            "league_schedule": upstream(league),
        })
    }

    pub(super) fn gateway(&self, at: At, account: SocketAddr, league: SocketAddr, betting: &str) -> Value {
        let rate = json!({ "per_second": NEVER_REACHED, "burst": NEVER_REACHED });
        let slow_rate = json!({ "per_minute": NEVER_REACHED, "burst": NEVER_REACHED });
        json!({
            "runtime": self.runtime(at),
            "http": { "listen": at.service, "max_connections": ROOM, "max_connections_per_address": 0 },
            "streams": { "max": ROOM, "kept_for_users": 0, "max_per_address": ROOM },
            "limits": {
                "max_in_flight_per_address": 0,
                "per_address": rate,
                "per_account": rate,
                "sign_up": slow_rate,
                "log_in": slow_rate,
            },
            "upstreams": {
                "account": upstream(account),
                "league_schedule": upstream(league),
                "betting": { "url": betting },
            },
        })
    }
}

fn upstream(address: SocketAddr) -> Value {
    json!({ "url": format!("http://{address}") })
}
