//! The event streams of one replica: how many are open, and how long a reader is waited for.

mod reader;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use loljoa_service_kit::{
    Error,
    edge::{Place, Places},
    metrics::refused,
};
use metrics::gauge;

use crate::{SERVICE, config};

pub(crate) use reader::{count_slow_reader, tell};

/// Counts the open streams of one replica.
pub(crate) struct Streams {
    by_address: Arc<Places>,
    open: Mutex<Number>,
    config: config::Streams,
}

/// How many streams are open.
#[derive(Default)]
struct Number {
    all: usize,
    anonymous: usize,
}

/// An open stream; dropping it makes room.
pub(crate) struct Open {
    streams: Arc<Streams>,
    is_user: bool,
    _place: Place,
}

impl Streams {
    pub(crate) fn new(config: &config::Streams) -> Self {
        Self {
            by_address: Places::new(Some(config.max_per_address)),
            open: Mutex::default(),
            config: config.clone(),
        }
    }

    /// How long a reader may leave an event.
    pub(crate) const fn patience(&self) -> Duration {
        self.config.patience()
    }

    /// How often a quiet stream says that it is alive.
    pub(crate) const fn keep_alive(&self) -> Duration {
        Duration::from_millis(self.config.keep_alive_ms)
    }

    /// When an anonymous stream that begins now has to end: not all at once.
    pub(crate) fn age(&self) -> Duration {
        Duration::from_millis(self.config.max_age_ms).mul_f64(rand::random_range(0.8..=1.2))
    }

    /// Room for one more stream of `address`, of somebody who is logged in or not.
    pub(crate) fn open(self: &Arc<Self>, address: IpAddr, is_user: bool) -> Result<Open, Error> {
        let place = self.by_address.take(address).ok_or_else(full)?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let for_anonymous = self.config.max.saturating_sub(self.config.kept_for_users);
        if open.all >= self.config.max || !is_user && open.anonymous >= for_anonymous {
            return Err(full());
        }
        open.all += 1;
        open.anonymous += usize::from(!is_user);
        gauge!("loljoa_streams_open", "service" => "gateway").increment(1);
        Ok(Open { streams: Arc::clone(self), is_user, _place: place })
    }
}

fn full() -> Error {
    refused(SERVICE, "streams");
    let message = "too many streams are open: watch several matches on one";
    Error::exhausted("too_many_streams", message, Duration::from_secs(5))
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(1);
        open.anonymous = open.anonymous.saturating_sub(usize::from(!self.is_user));
        gauge!("loljoa_streams_open", "service" => "gateway").decrement(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_stream_makes_room_for_another() {
        let config =
            config::Streams { max: 2, kept_for_users: 0, max_per_address: 1, ..config::Streams::default() };
        let streams = Arc::new(Streams::new(&config));
        let [one, two, three] = ["1.1.1.1", "2.2.2.2", "3.3.3.3"].map(|address| address.parse().unwrap());
        let first = streams.open(one, false).unwrap();
        assert_eq!(streams.open(one, false).err().unwrap().reason, "too_many_streams");
        let _second = streams.open(two, false).unwrap();
        assert!(streams.open(three, true).is_err(), "two is the most over all addresses");
        drop(first);
        assert!(streams.open(three, false).is_ok());
    }

    #[test]
    fn strangers_leave_room_for_those_who_are_logged_in() {
        let config = config::Streams { max: 2, kept_for_users: 1, ..config::Streams::default() };
        let streams = Arc::new(Streams::new(&config));
        let address = "1.1.1.1".parse().unwrap();
        let _stranger = streams.open(address, false).unwrap();
        assert!(streams.open(address, false).is_err());
        assert!(streams.open(address, true).is_ok());
    }
}
