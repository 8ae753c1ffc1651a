//! A part of the time, and what clients saw in it.

use serde::{Deserialize, Serialize};

use crate::{clients::Asked, seen::Seen};

/// From when until when, since the load began. Seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// Its begin.
    pub from: f64,
    /// Its end, which is not in it.
    pub until: f64,
}

impl Span {
    /// What clients saw of the requests that were due in it.
    #[must_use]
    pub fn seen(self, asked: &[Asked]) -> Seen {
        Seen::of(asked.iter().filter(|asked| self.has(asked.due)))
    }

    /// Whether it is in it.
    #[must_use]
    pub fn has(self, at: f64) -> bool {
        (self.from..self.until).contains(&at)
    }
}
