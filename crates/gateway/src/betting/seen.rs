//! Which markets matches had a moment ago.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use loljoa_service_kit::MatchId;

use super::markets::Snapshot;

/// How old a look may be that serves again: as old as what a stream tells at worst.
const FRESH: Duration = Duration::from_millis(250);
/// Matches of which that is kept.
const MOST: usize = 2_000;

/// All markets of a match, by lock.
pub(crate) type OfMatch = Arc<[Arc<Snapshot>]>;

/// Looks that still serve.
#[derive(Default)]
pub(crate) struct Seen(Mutex<HashMap<MatchId, Look>>);

struct Look {
    began: Instant,
    markets: OfMatch,
}

impl Seen {
    /// What a match had a moment ago.
    pub(crate) fn of(&self, match_id: MatchId) -> Option<OfMatch> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&match_id).filter(|look| look.began.elapsed() < FRESH).map(|look| Arc::clone(&look.markets))
    }

    /// What a look found that began then. Where there is no room, it serves once.
    pub(crate) fn keep(&self, match_id: MatchId, markets: OfMatch, began: Instant) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST {
            seen.retain(|_, look| look.began.elapsed() < FRESH);
        }
        if seen.len() < MOST {
            seen.insert(match_id, Look { began, markets });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none() -> OfMatch {
        Arc::new([])
    }

    #[test]
    fn a_look_serves_for_a_moment() {
        let (seen, [one, other]) = (Seen::default(), [(); 2].map(|()| MatchId::fresh()));
        let now = Instant::now();
        seen.keep(one, none(), now);
        seen.keep(other, none(), now.checked_sub(FRESH).unwrap());
        assert!(seen.of(one).is_some());
        assert!(seen.of(other).is_none(), "it was read too long ago");
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let seen = Seen::default();
        let old = Instant::now().checked_sub(FRESH).unwrap();
        for _ in 0..MOST {
            seen.keep(MatchId::fresh(), none(), old);
        }
        let one = MatchId::fresh();
        seen.keep(one, none(), Instant::now());
        assert!(seen.of(one).is_some(), "what serves no more makes room");
        assert_eq!(seen.0.lock().unwrap().len(), 1);
    }
}
