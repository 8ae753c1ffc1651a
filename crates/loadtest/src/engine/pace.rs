//! When a request is due.

use std::time::Duration;

/// When requests are sent. Times are those since the load began.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// Closed loop: the next as soon as the last is answered.
    Closed,
    /// Open loop: this many a second whatever becomes of them, so that a system that falls behind is seen to.
    Rate(f64),
    /// Users come one after the other, connect, ask regularly for a while, and go.
    Users(Users),
}

/// A crowd.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Users {
    /// From the first user's coming to the last's.
    pub ramp: Duration,
    /// Between two requests of one user.
    pub every: Duration,
    /// How long each stays.
    pub stay: Duration,
}

/// A worker's next request: a number of the whole run or of the worker, and when it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Now,
    At(Duration),
    /// There is none.
    Never,
}

impl Pace {
    /// When request `in_run` of the run, which is request `in_worker` of `worker` of `workers`, is due.
    pub(super) fn due(&self, in_run: u64, in_worker: u64, worker: usize, workers: usize) -> Due {
        match self {
            Self::Closed => Due::Now,
            Self::Rate(rate) => Due::At(of_rate(in_run, *rate)),
            Self::Users(users) => users.due(in_worker, worker, workers),
        }
    }

    /// Whether each worker connects when its first request is due, and not before the load begins.
    pub(super) const fn connects_when_due(&self) -> bool {
        matches!(self, Self::Users(_))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a run has fewer requests than a double counts exactly")]
fn of_rate(in_run: u64, rate: f64) -> Duration {
    Duration::from_secs_f64(in_run as f64 / rate)
}

impl Users {
    /// When user `worker` of `workers` comes.
    #[expect(clippy::cast_precision_loss, reason = "users are thousands")]
    fn comes(&self, worker: usize, workers: usize) -> Duration {
        self.ramp.mul_f64(worker as f64 / workers as f64)
    }

    fn due(&self, in_worker: u64, worker: usize, workers: usize) -> Due {
        let turns = u32::try_from(in_worker).unwrap_or(u32::MAX);
        let since = self.every.saturating_mul(turns);
        if since >= self.stay { Due::Never } else { Due::At(self.comes(worker, workers) + since) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn an_open_loop_does_not_wait_for_answers() {
        let pace = Pace::Rate(2_000.0);
        assert_eq!(pace.due(0, 0, 3, 64), Due::At(Duration::ZERO));
        assert_eq!(pace.due(1, 0, 4, 64), Due::At(Duration::from_micros(500)));
        assert_eq!(pace.due(20_000, 7, 5, 64), Due::At(ms(10_000)));
    }

    #[test]
    fn a_closed_loop_asks_again_at_once() {
        assert_eq!(Pace::Closed.due(9, 3, 0, 64), Due::Now);
    }

    #[test]
    fn users_come_one_by_one_and_go_when_their_time_is_over() {
        let pace = Pace::Users(Users { ramp: ms(1_000), every: ms(250), stay: ms(600) });
        assert_eq!(pace.due(0, 0, 0, 1_000), Due::At(Duration::ZERO));
        assert_eq!(pace.due(0, 0, 500, 1_000), Due::At(ms(500)));
        assert_eq!(pace.due(0, 2, 500, 1_000), Due::At(ms(1_000)));
        assert_eq!(pace.due(0, 3, 500, 1_000), Due::Never);
    }
}
