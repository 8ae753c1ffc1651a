//! Times that a match can start at.

use chrono::{DateTime, Datelike, Utc};

/// Whether `time` lies between 2000 and 2100, so that no arithmetic on it can overflow and every store can hold it.
#[must_use]
pub fn is_plausible(time: DateTime<Utc>) -> bool {
    (2000..2100).contains(&time.year())
}
