//! What was done when.

use std::{
    fmt::Display,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use loljoa_loadtest::{console::complain, report::Mark};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// Something that was done, or that was seen to happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Since the load began. Seconds.
    pub at: f64,
    /// What.
    pub what: String,
}

/// Gathers events, and says each at once. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Timeline {
    began: Instant,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Timeline {
    /// One that begins now.
    #[must_use]
    pub fn begin() -> Self {
        Self { began: Instant::now(), events: Arc::default() }
    }

    /// Since it began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// The same in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.elapsed().as_secs_f64()
    }

    /// Notes what happens now.
    pub fn note(&self, what: impl Display) {
        let event = Event { at: self.seconds(), what: what.to_string() };
        complain(format_args!("  {:5.1} s  {}", event.at, event.what));
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }

    /// All events so far, in their order.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner).clone();
        events.sort_by(|one, other| one.at.total_cmp(&other.at));
        events
    }
}

/// Where events stand in a plot, by the numbers that they have in their list.
#[must_use]
pub fn marks(events: &[Event]) -> Vec<Mark> {
    let mark = |(number, event): (u32, &Event)| Mark { at: event.at, label: number.to_string() };
    (1..).zip(events).map(mark).collect()
}
