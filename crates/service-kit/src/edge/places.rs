//! How much of something each address holds.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// Counts by address, up to a number each.
#[derive(Debug)]
pub struct Places {
    most: usize,
    held: Mutex<HashMap<IpAddr, usize>>,
}

/// One of an address's places; dropping it makes room.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    address: IpAddr,
}

impl Places {
    /// At most so many for each address; none is no limit.
    #[must_use]
    pub fn new(most: Option<usize>) -> Arc<Self> {
        Arc::new(Self { most: most.unwrap_or(usize::MAX), held: Mutex::default() })
    }

    /// One more for `address`, unless it has all that it may.
    #[must_use]
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let own = held.entry(address).or_default();
        if *own >= self.most {
            return None;
        }
        *own += 1;
        Some(Place { places: Arc::clone(self), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.places.held.lock().unwrap_or_else(PoisonError::into_inner);
        let left = held.get(&self.address).map_or(0, |own| own.saturating_sub(1));
        if left == 0 {
            held.remove(&self.address);
        } else {
            held.insert(self.address, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_what_it_may_and_nothing_is_kept_of_one_that_left() {
        let places = Places::new(Some(2));
        let [one, other] = ["1.1.1.1", "2.2.2.2"].map(|address| address.parse().unwrap());
        let first = places.take(one).unwrap();
        let _second = places.take(one).unwrap();
        assert!(places.take(one).is_none());
        let third = places.take(other).unwrap();
        drop((first, third));
        assert!(places.take(one).is_some());
        assert_eq!(places.held.lock().unwrap().len(), 1);
    }

    #[test]
    fn without_a_limit_there_is_always_room() {
        let places = Places::new(None);
        let address = "1.1.1.1".parse().unwrap();
        let all: Vec<_> = (0..10_000).map_while(|_| places.take(address)).collect();
        assert_eq!(all.len(), 10_000);
    }
}
