//! Requests' bodies, which have to come in time.
//!
//! A body has a time in all, and after a short start a pace. While it is waited for, the time for the answer stands still: the
//! client is late then, not the answer.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body as Inner, extract::Request};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{self, Instant, Sleep};

use crate::config::Http;

/// What a body may take whatever its pace.
const START: Duration = Duration::from_secs(2);

/// How fast bodies have to come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    whole: Duration,
    bytes_per_second: u32,
}

impl Pace {
    pub(crate) const fn new(config: &Http) -> Self {
        Self { whole: Duration::from_millis(config.body_timeout_ms), bytes_per_second: config.min_body_rate }
    }

    /// The most that a body may take.
    pub(crate) const fn whole(self) -> Duration {
        self.whole
    }

    /// How long after its beginning a body of which so much has come is late, if nothing more comes.
    fn late_after(&self, bytes: u64) -> Duration {
        match self.bytes_per_second {
            0 => self.whole,
            rate => {
                let earned = Duration::from_millis(bytes.saturating_mul(1_000) / u64::from(rate));
                self.whole.min(START.saturating_add(earned))
            }
        }
    }
}

/// How the reading of a request's body goes. Left with the request.
#[derive(Clone, Debug)]
pub(crate) struct Reading(Arc<Mutex<Progress>>);

#[derive(Debug)]
struct Progress {
    waits: bool,
    late: bool,
    /// When the client had last done its part.
    since: Instant,
}

impl Reading {
    /// Has the body of `request` come at this `pace`.
    pub(crate) fn begin(pace: Pace, request: Request) -> (Self, Request) {
        let progress = Progress { waits: false, late: false, since: Instant::now() };
        let reading = Self(Arc::new(Mutex::new(progress)));
        if request.body().is_end_stream() {
            return (reading, request);
        }
        let mut request = request.map(|inner| Inner::new(Paced::new(inner, pace, reading.clone())));
        request.extensions_mut().insert(reading.clone());
        (reading, request)
    }

    /// Whether the body did not come in time.
    pub(crate) fn was_late(&self) -> bool {
        self.progress().late
    }

    /// Waits until the client has done its part and `time` has passed since.
    pub(crate) async fn answer_due(&self, time: Duration) {
        loop {
            let (waits, due) = {
                let progress = self.progress();
                (progress.waits, progress.since + time)
            };
            if waits {
                time::sleep(time).await;
            } else if due <= Instant::now() {
                return;
            } else {
                time::sleep_until(due).await;
            }
        }
    }

    fn waits(&self, waits: bool) {
        let mut progress = self.progress();
        (progress.waits, progress.since) = (waits, Instant::now());
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A body that has to come at a pace.
struct Paced {
    inner: Inner,
    pace: Pace,
    reading: Reading,
    received: u64,
    begun: Option<Instant>,
    late: Option<Pin<Box<Sleep>>>,
}

#[derive(Debug, thiserror::Error)]
#[error("the body came too slowly")]
struct TooSlow;

impl Paced {
    const fn new(inner: Inner, pace: Pace, reading: Reading) -> Self {
        Self { inner, pace, reading, received: 0, begun: None, late: None }
    }

    /// Whether it is too late for what has not come yet.
    fn is_late(&mut self, begun: Instant, context: &mut Context<'_>) -> bool {
        let due = begun + self.pace.late_after(self.received);
        let late = self.late.get_or_insert_with(|| Box::pin(time::sleep_until(due)));
        if late.deadline() != due {
            late.as_mut().reset(due);
        }
        late.as_mut().poll(context).is_ready()
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let begun = *self.begun.get_or_insert_with(Instant::now);
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &frame {
            self.received += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        self.reading.waits(frame.is_pending());
        if frame.is_pending() && self.is_late(begun, context) {
            self.reading.waits(false);
            self.reading.progress().late = true;
            return Poll::Ready(Some(Err(axum::Error::new(TooSlow))));
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Paced {
    /// Nobody waits for the rest.
    fn drop(&mut self) {
        self.reading.waits(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_earned_by_sending_and_has_an_end() {
        let pace = Pace { whole: Duration::from_secs(30), bytes_per_second: 1_000 };
        assert_eq!(pace.late_after(0), START);
        assert_eq!(pace.late_after(10_500), START + Duration::from_millis(10_500));
        assert_eq!(pace.late_after(u64::MAX), pace.whole);
        assert_eq!(Pace { bytes_per_second: 0, ..pace }.late_after(0), pace.whole);
    }
}
