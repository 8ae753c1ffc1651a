//! The one place that reads the system's clock.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// Tells the time; cheap to clone. Tests use one that stands still until told to move.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    fixed: Option<Arc<Mutex<DateTime<Utc>>>>,
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at `now`.
    #[must_use]
    pub fn fixed(now: DateTime<Utc>) -> Self {
        Self { fixed: Some(Arc::new(Mutex::new(now))) }
    }

    /// The present time in UTC.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that supplies the time")]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.fixed {
            Some(time) => *time.lock().unwrap_or_else(PoisonError::into_inner),
            None => Utc::now(),
        }
    }

    /// Moves a fixed clock; the system's clock stays what it is.
    pub fn advance(&self, by: TimeDelta) {
        if let Some(time) = &self.fixed {
            *time.lock().unwrap_or_else(PoisonError::into_inner) += by;
        }
    }
}
