//! How many event streams are open.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use loljoa_service_kit::{Error, metrics::refused};
use metrics::gauge;

use crate::{SERVICE, config};

/// Counts the open streams of one replica.
pub(crate) struct Streams {
    max: usize,
    max_per_address: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// An open stream; dropping it makes room.
pub(crate) struct Open {
    streams: Arc<Streams>,
    address: IpAddr,
}

impl Streams {
    pub(crate) fn new(config: &config::Streams) -> Self {
        Self { max: config.max, max_per_address: config.max_per_address, open: Mutex::default() }
    }

    /// Room for one more stream of `address`.
    pub(crate) fn open(self: &Arc<Self>, address: IpAddr) -> Result<Open, Error> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.get(&address).copied().unwrap_or_default();
        if own >= self.max_per_address || open.values().sum::<usize>() >= self.max {
            refused(SERVICE, "streams");
            let message = "too many streams are open: watch several matches on one";
            return Err(Error::exhausted("too_many_streams", message, Duration::from_secs(5)));
        }
        open.insert(address, own + 1);
        gauge!("loljoa_streams_open", "service" => "gateway").increment(1);
        Ok(Open { streams: Arc::clone(self), address })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock().unwrap_or_else(PoisonError::into_inner);
        let left = open.get(&self.address).map_or(0, |own| own.saturating_sub(1));
        if left == 0 {
            open.remove(&self.address);
        } else {
            open.insert(self.address, left);
        }
        gauge!("loljoa_streams_open", "service" => "gateway").decrement(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_stream_makes_room_for_another() {
        let config = config::Streams { max: 2, max_per_address: 1, ..config::Streams::default() };
        let streams = Arc::new(Streams::new(&config));
        let [one, two, three] = ["1.1.1.1", "2.2.2.2", "3.3.3.3"].map(|address| address.parse().unwrap());
        let first = streams.open(one).unwrap();
        assert_eq!(streams.open(one).err().unwrap().reason, "too_many_streams");
        let _second = streams.open(two).unwrap();
        assert!(streams.open(three).is_err(), "two is the most over all addresses");
        drop(first);
        assert!(streams.open(three).is_ok());
    }
}
