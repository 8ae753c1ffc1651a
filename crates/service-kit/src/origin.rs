//! Whom limits count by, as far as an address can tell.

use std::net::{IpAddr, Ipv6Addr};

/// What limits count by: one IPv4 address, or the /64 that one IPv6 customer has at least.
#[must_use]
pub fn limit_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        address @ IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

/// What a second, larger limit counts by: the /48 of an IPv6 address, since whoever has one of these has 65,536 of what
/// [`limit_key`] gives. None for IPv4.
#[must_use]
pub fn network_key(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => Some(IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 80)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_ipv6_customer_is_one_client() {
        let key = |text: &str| limit_key(text.parse().unwrap());
        assert_eq!(key("2001:db8:1:2:3:4:5:6"), key("2001:db8:1:2::1"));
        assert_ne!(key("2001:db8:1:3::1"), key("2001:db8:1:2::1"));
        assert_eq!(key("::ffff:203.0.113.7"), key("203.0.113.7"));
        assert_ne!(key("203.0.113.8"), key("203.0.113.7"));
    }

    #[test]
    fn one_ipv6_site_is_one_network() {
        let key = |text: &str| network_key(text.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:ffff::1"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:2:2::1"));
        assert_eq!(key("2001:db8:1:2::1").unwrap().to_string(), "2001:db8:1::");
        assert_eq!((key("203.0.113.7"), key("::ffff:203.0.113.7")), (None, None));
    }
}
