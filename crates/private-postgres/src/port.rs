use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    sync::{
        LazyLock,
        atomic::{AtomicU16, Ordering},
    },
};

/// Ports below the range that the system hands out to outgoing connections, so that none of those takes the port
/// between this choice and its use.
const RANGE: std::ops::Range<u16> = 20_000..32_000;
const ATTEMPTS: usize = 100;

/// The next port to try. A process starts anywhere and goes on from there, so that it does not choose a port again, or
/// look at it, before whoever was told of it listens there.
static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| AtomicU16::new(rand::random_range(RANGE)));

/// A port of the loopback interface that nobody listens on, for programs that cannot be given a listener.
///
/// # Errors
///
/// When a hundred ports in a row are all taken.
pub fn free_port() -> io::Result<u16> {
    let mut candidates = std::iter::repeat_with(next_port).take(ATTEMPTS);
    candidates
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .ok_or_else(|| io::Error::from(io::ErrorKind::AddrInUse))
}

fn next_port() -> u16 {
    RANGE.start + NEXT.fetch_add(1, Ordering::Relaxed) % (RANGE.end - RANGE.start)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_port_is_chosen_twice() {
        let ports: Vec<_> = (0..500).map(|_| free_port().unwrap()).collect();
        assert!(ports.iter().all(|port| RANGE.contains(port)));
        assert_eq!(ports.iter().collect::<HashSet<_>>().len(), ports.len());
    }
}
