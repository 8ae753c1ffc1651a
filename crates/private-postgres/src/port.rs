use std::{
    io,
    net::{Ipv4Addr, TcpListener},
};

/// Ports below the range that the system hands out to outgoing connections, so that none of those takes the port
/// between this choice and its use.
const RANGE: std::ops::Range<u16> = 20_000..32_000;
const ATTEMPTS: usize = 100;

/// A port of the loopback interface that nobody listens on, for programs that cannot be given a listener.
///
/// # Errors
///
/// When a hundred ports at random are all taken.
pub fn free_port() -> io::Result<u16> {
    let mut candidates = std::iter::repeat_with(|| rand::random_range(RANGE)).take(ATTEMPTS);
    candidates
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .ok_or_else(|| io::Error::from(io::ErrorKind::AddrInUse))
}
