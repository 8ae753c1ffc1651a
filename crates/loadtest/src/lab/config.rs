//! What each service is told: as in production, at addresses of this machine.
//!
//! Three things differ. Limits for each client address, account and minute are so high that nobody reaches them, because all
//! users share one address; they are counted still. Tokens outlive the measurement. And a service stops without waiting for
//! load balancers to look elsewhere.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::secrets::Secrets;

/// The admin's name.
pub(super) const ADMIN: &str = "admin";
/// As the chart has it: one trace in a hundred.
const SAMPLED: f64 = 0.01;
const NEVER_REACHED: u32 = 1_000_000;

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

    pub(super) fn league_schedule(&self, at: At, database: &str, account: &str) -> Value {
        json!({
            "runtime": self.runtime(at),
            "grpc": { "listen": at.service },
            "database": { "url": database },
            "account": { "url": account },
            "source": { "kind": "import" },
        })
    }

    pub(super) fn betting(&self, at: At, database: &str, account: &str, league: SocketAddr) -> Value {
        json!({
            "runtime": self.runtime(at),
            "grpc": { "listen": at.service },
            "database": { "url": database },
            "account": { "url": account },
            "league_schedule": upstream(league),
        })
    }

    pub(super) fn gateway(&self, at: At, account: &str, league: SocketAddr, betting: &str) -> Value {
        let rate = json!({ "per_second": NEVER_REACHED, "burst": NEVER_REACHED });
        let slow_rate = json!({ "per_minute": NEVER_REACHED, "burst": NEVER_REACHED });
        json!({
            "runtime": self.runtime(at),
            "http": { "listen": at.service, "max_connections_per_address": 0 },
            "limits": {
                "max_in_flight_per_address": 0,
                "per_address": rate,
                "per_account": rate,
                "sign_up": slow_rate,
                "log_in": slow_rate,
            },
            "upstreams": {
                "account": { "url": account },
                "league_schedule": upstream(league),
                "betting": { "url": betting },
            },
        })
    }
}

fn upstream(address: SocketAddr) -> Value {
    json!({ "url": format!("http://{address}") })
}
