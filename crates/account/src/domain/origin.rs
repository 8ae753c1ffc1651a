//! Whence a password comes, as throttling counts it.

use std::net::IpAddr;

use loljoa_service_kit::origin::limit_key;

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
}
