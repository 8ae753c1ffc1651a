use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde::{Deserialize, Serialize};

/// Where one service listens.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ServiceAddresses {
    /// Its own protocol: gRPC, or HTTP for the gateway.
    pub service: SocketAddr,
    /// `/livez`, `/readyz`, `/metrics`, `/log-level`.
    pub admin: SocketAddr,
}

impl ServiceAddresses {
    /// Where a program on this machine finds the service, which may listen on all addresses.
    #[must_use]
    pub fn reachable(&self) -> SocketAddr {
        let ip = match self.service.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        SocketAddr::new(ip, self.service.port())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_on_all_addresses_is_found_on_the_loopback() {
        for (listens, reached) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("192.0.2.7:8080", "192.0.2.7:8080"),
        ] {
            let service = listens.parse().unwrap();
            let at = ServiceAddresses { service, admin: service };
            assert_eq!(at.reachable().to_string(), reached);
        }
    }
}
