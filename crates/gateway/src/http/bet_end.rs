//! How requests for bets end, and after how long.

use std::time::Duration;

use axum::response::Response;
use metrics::{Histogram, histogram};

use super::problem::Code;

/// How a request for a bet ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The bet stands, also when it stood before.
    Accepted,
    /// It may not be: too late, too few points, not logged in, more than one client may ask.
    Refused,
    /// It might have been: something was away, took too long or had no room.
    Failed,
}

impl End {
    pub(super) fn of(response: &Response) -> Self {
        let status = response.status();
        if status.is_success() {
            return Self::Accepted;
        }
        let code = response.extensions().get::<Code>().map(|Code(code)| code.as_str());
        let had_no_room = matches!(code, Some("queue_full" | "overloaded"));
        if status.is_server_error() || had_no_room { Self::Failed } else { Self::Refused }
    }

    /// Counts a bet that ended so.
    pub(super) fn record(self, took: Duration) {
        self.bets().record(took);
    }

    /// All that ended so.
    fn bets(self) -> Histogram {
        match self {
            Self::Accepted => {
                histogram!("loljoa_bet_duration_seconds", "service" => "gateway", "end" => "accepted")
            }
            Self::Refused => {
                histogram!("loljoa_bet_duration_seconds", "service" => "gateway", "end" => "refused")
            }
            Self::Failed => {
                histogram!("loljoa_bet_duration_seconds", "service" => "gateway", "end" => "failed")
            }
        }
    }
}

/// Begins to count each end at 0: who reads a count that begins with its first bet does not see that it has grown.
pub(crate) fn begin() {
    for end in [End::Accepted, End::Refused, End::Failed] {
        let _ = end.bets();
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use http::StatusCode;
    use loljoa_service_kit::{Error, ErrorCode};

    use super::*;
    use crate::{http::problem::Problem, limits};

    fn end(error: Error) -> End {
        End::of(&Problem::from(error).into_response())
    }

    #[test]
    fn what_may_not_be_is_refused_and_what_could_not_be_has_failed() {
        let second = Duration::from_secs(1);
        assert_eq!(End::of(&StatusCode::CREATED.into_response()), End::Accepted);
        assert_eq!(end(Error::new(ErrorCode::Conflict, "market_locked", "too late")), End::Refused);
        assert_eq!(end(Error::exhausted("rate_limited", "too many", second)), End::Refused);
        assert_eq!(end(Error::exhausted("queue_full", "too many bets", second)), End::Failed);
        assert_eq!(end(Error::exhausted("overloaded", "too many calls", second)), End::Failed);
        assert_eq!(end(limits::overloaded()), End::Failed);
        assert_eq!(End::of(&Problem::timeout().into_response()), End::Failed);
        assert_eq!(end(Error::internal("lost")), End::Failed);
    }
}
