//! Whence a password comes, as throttling counts it.

use std::net::IpAddr;

use loljoa_service_kit::origin::{limit_key, network_key};

/// Failures of all names from an address are kept under this one. No user has it.
pub(crate) const ALL_NAMES: &str = "";

/// What a client's address counts as: an IPv4 address as it is, an IPv6 address as its /64, which one customer has at
/// least. What is no address counts as it is written.
pub(crate) fn of(client_address: &str) -> String {
    match client_address.parse::<IpAddr>().map(limit_key) {
        Ok(IpAddr::V4(address)) => address.to_string(),
        Ok(IpAddr::V6(network)) => format!("{network}/64"),
        Err(_) => client_address.to_owned(),
    }
}

/// The /48 that an IPv6 address counts with as well: whoever has one has 65,536 of what [`of`] gives.
pub(crate) fn network_of(client_address: &str) -> Option<String> {
    let network = client_address.parse().ok().and_then(network_key)?;
    Some(format!("{network}/48"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_of_one_customer_count_as_one() {
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(of("2001:db8:1:2::1"), "2001:db8:1:2::/64");
        assert_eq!(of("2001:db8:1:3::1"), "2001:db8:1:3::/64");
        assert_eq!(of("::ffff:203.0.113.7"), "203.0.113.7");
        assert_eq!(of("203.0.113.7"), "203.0.113.7");
        assert_eq!(of(""), "");
    }

    #[test]
    fn a_site_has_a_network_and_no_other_has() {
        assert_eq!(network_of("2001:db8:1:2:3:4:5:6").as_deref(), Some("2001:db8:1::/48"));
        assert_eq!(network_of("2001:db8:1:3::1").as_deref(), Some("2001:db8:1::/48"));
        assert_eq!([network_of("203.0.113.7"), network_of("")], [None, None]);
    }
}
