//! Leaving a service alone for a while after it did not answer, where its answer can be done without.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tonic::{Code, Status};

/// How long a service is left alone. Without this each request in turn would wait in vain.
const PAUSE: Duration = Duration::from_secs(2);

/// Whether a service is being left alone.
#[derive(Debug, Default)]
pub(crate) struct Rest(Mutex<Option<Instant>>);

impl Rest {
    /// Whether to do without the service's answer for now.
    pub(crate) fn is_on(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| Instant::now() < until)
    }

    /// Begins a pause when `status` says that the service did not answer at all.
    pub(crate) fn after(&self, status: &Status) {
        if matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_service_that_does_not_answer_is_left_alone() {
        let rest = Rest::default();
        rest.after(&Status::not_found("no such account"));
        assert!(!rest.is_on());
        rest.after(&Status::unavailable("away"));
        assert!(rest.is_on());
    }
}
