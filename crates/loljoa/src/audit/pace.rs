use std::time::{Duration, Instant};

/// How long one look should take, so that its snapshot and its rows are no burden.
const AIM: Duration = Duration::from_millis(250);
const FIRST: i64 = 500;

/// How much is read at once: as much as a short look allows, whatever the machine and the data are like.
pub(super) struct Pace {
    size: i64,
    most: i64,
    is_fixed: bool,
    began: Instant,
}

impl Pace {
    /// At most `most` at once.
    pub(super) fn up_to(most: i64) -> Self {
        Self { size: FIRST.min(most), most, is_fixed: false, began: Instant::now() }
    }

    /// Always as much.
    pub(super) fn fixed(size: i64) -> Self {
        Self { size, most: size, is_fixed: true, began: Instant::now() }
    }

    /// Begins a look, and tells how much to read.
    pub(super) fn begin(&mut self) -> i64 {
        self.began = Instant::now();
        self.size
    }

    /// Ends a look.
    pub(super) fn end(&mut self) {
        if !self.is_fixed {
            self.size = next(self.size, self.began.elapsed()).clamp(1, self.most);
        }
    }
}

fn next(size: i64, took: Duration) -> i64 {
    match took {
        took if took > 2 * AIM => size / 2,
        took if took < AIM / 2 => size * 2,
        _ => size,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_look_makes_the_next_smaller_and_a_short_one_larger() {
        assert_eq!(next(100, Duration::from_secs(1)), 50);
        assert_eq!(next(100, AIM), 100);
        assert_eq!(next(100, Duration::from_millis(10)), 200);
    }
}
