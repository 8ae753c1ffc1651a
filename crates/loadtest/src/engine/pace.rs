//! When a request is due.

use std::time::Duration;

use super::parts::Span;

/// Whoever finds no free connection for so long does not come.
const PATIENCE: Duration = Duration::from_millis(100);

/// When requests are sent. Times are those since the load began.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// Closed loop: the next as soon as the last is answered.
    Closed,
    /// Open loop: this many a second whatever becomes of them, so that a system that falls behind is seen to.
    Rate(f64),
    /// Users come one after the other, connect, ask regularly for a while, and go.
    Users(Users),
    /// Open loop, one rate after the other. A request that finds no free connection soon is given up, so that what was due in
    /// one step does not come in the next.
    Steps([Step; 5]),
    /// Closed loop: a few from the beginning, and all others at once, later. Whoever is told when to come again does not come
    /// before.
    Storm(Storm),
}

/// A time with one rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// What it is called.
    pub name: &'static str,
    /// Requests a second.
    pub rate: f64,
    /// How long it is.
    pub length: Duration,
}

/// All come at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Storm {
    /// What is before is not told.
    pub from: Duration,
    /// When it breaks loose.
    pub begins: Duration,
    /// When it is over.
    pub until: Duration,
    /// One worker of so many is there from the beginning.
    pub early: usize,
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
            Self::Steps(steps) => of_steps(in_run, steps),
            Self::Storm(storm) => storm.due(in_worker, worker),
        }
    }

    /// Whether a request that is so late is not sent any more.
    pub(super) fn gives_up(&self, late: Duration) -> bool {
        matches!(self, Self::Steps(_)) && late > PATIENCE
    }

    /// Whether whoever is told when to come again heeds it.
    pub(super) const fn heeds_retry_after(&self) -> bool {
        matches!(self, Self::Storm(_))
    }

    /// The parts that are told by themselves.
    pub(super) fn parts(&self) -> Vec<Span> {
        match self {
            Self::Closed | Self::Rate(_) | Self::Users(_) => Vec::new(),
            Self::Steps(steps) => {
                let mut from = Duration::ZERO;
                let span = |step: &Step| {
                    let began = from;
                    from += step.length;
                    Span { name: step.name, from: began, until: from, rate: Some(step.rate) }
                };
                steps.iter().map(span).collect()
            }
            Self::Storm(Storm { from, begins, until, .. }) => vec![
                Span { name: "before", from: *from, until: *begins, rate: None },
                Span { name: "storm", from: *begins, until: *until, rate: None },
            ],
        }
    }

    /// Whether each worker connects when its first request is due, and not before the load begins.
    pub(super) const fn connects_when_due(&self) -> bool {
        matches!(self, Self::Users(_) | Self::Steps(_))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a run has fewer requests than a double counts exactly")]
fn of_rate(in_run: u64, rate: f64) -> Duration {
    Duration::from_secs_f64(in_run as f64 / rate)
}

#[expect(clippy::cast_precision_loss, reason = "a run has fewer requests than a double counts exactly")]
fn of_steps(in_run: u64, steps: &[Step]) -> Due {
    let (mut left, mut from) = (in_run as f64, Duration::ZERO);
    for step in steps {
        let in_step = step.rate * step.length.as_secs_f64();
        if left < in_step {
            return Due::At(from + Duration::from_secs_f64(left / step.rate));
        }
        left -= in_step;
        from += step.length;
    }
    Due::Never
}

impl Storm {
    /// Whether this worker is one of the few.
    pub(crate) const fn is_early(early: usize, worker: usize) -> bool {
        worker.is_multiple_of(early)
    }

    const fn due(&self, in_worker: u64, worker: usize) -> Due {
        if in_worker > 0 || Self::is_early(self.early, worker) { Due::Now } else { Due::At(self.begins) }
    }
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

    #[test]
    fn one_rate_follows_the_other_and_what_comes_too_late_is_given_up() {
        let step = |name, rate, length| Step { name, rate, length: ms(length) };
        let pace = Pace::Steps([
            step("before", 100.0, 1_000),
            step("overload", 1_000.0, 500),
            step("recovery", 100.0, 100),
            step("after", 10.0, 1_000),
            step("end", 10.0, 100),
        ]);
        for (in_run, due) in [
            (99, Due::At(ms(990))),
            (100, Due::At(ms(1_000))),
            (599, Due::At(ms(1_499))),
            (600, Due::At(ms(1_500))),
            (610, Due::At(ms(1_600))),
            (619, Due::At(ms(2_500))),
            (620, Due::At(ms(2_600))),
            (621, Due::Never),
        ] {
            assert_eq!(pace.due(in_run, 0, 0, 64), due, "{in_run}");
        }
        assert!(pace.gives_up(ms(101)) && !pace.gives_up(ms(99)));
        assert!(!Pace::Rate(100.0).gives_up(ms(5_000)), "whatever becomes of them");
        let parts: Vec<_> = pace.parts().iter().map(|part| (part.name, part.from, part.until)).collect();
        assert_eq!(parts[1], ("overload", ms(1_000), ms(1_500)));
        assert_eq!(parts[3], ("after", ms(1_600), ms(2_600)));
    }

    #[test]
    fn in_a_storm_one_of_ten_is_there_before_and_the_rest_come_at_once() {
        let pace = Pace::Storm(Storm { from: ms(500), begins: ms(1_000), until: ms(3_000), early: 10 });
        assert_eq!(pace.due(0, 0, 20, 64), Due::Now);
        assert_eq!(pace.due(0, 0, 21, 64), Due::At(ms(1_000)));
        assert_eq!(pace.due(0, 1, 21, 64), Due::Now);
        assert!(pace.heeds_retry_after() && !Pace::Closed.heeds_retry_after());
        let parts: Vec<_> = pace.parts().iter().map(|part| (part.name, part.from, part.until)).collect();
        assert_eq!(parts, [("before", ms(500), ms(1_000)), ("storm", ms(1_000), ms(3_000))]);
    }
}
