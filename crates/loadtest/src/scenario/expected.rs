//! What should come of a request, and what its answer means therefore.

use http::StatusCode;
use serde::Deserialize;

use crate::engine::{Answer, Meaning, Reply};

/// What should come of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// A bet that stands.
    Bet,
    /// A bet that stands and was sent before. Where both copies came at once, neither was there before the other.
    BetAgain,
    /// A refusal: it cannot succeed.
    Refusal,
    /// Any success.
    Success,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    code: String,
}

impl Expected {
    /// Judges an answer.
    #[must_use]
    pub fn judge(self, reply: &Reply) -> Answer {
        let meaning = self.meaning(reply.status, reply.headers.contains_key("idempotent-replayed"));
        let reason = if reply.status.is_success() { String::new() } else { reason(&reply.body) };
        Answer { status: reply.status.as_u16(), meaning, reason }
    }

    fn meaning(self, status: StatusCode, is_replay: bool) -> Meaning {
        // "Come again" is no failure: whoever is asked for too much may say so.
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            return Meaning::Refused;
        }
        match self {
            Self::Bet if status == StatusCode::CREATED && is_replay => Meaning::Replayed,
            Self::Bet if status == StatusCode::CREATED => Meaning::Accepted,
            Self::BetAgain if status == StatusCode::CREATED => Meaning::Replayed,
            Self::Refusal if status.is_client_error() => Meaning::Refused,
            Self::Success if status.is_success() => Meaning::Fine,
            Self::Bet | Self::BetAgain | Self::Refusal | Self::Success => Meaning::Failed,
        }
    }
}

fn reason(body: &[u8]) -> String {
    serde_json::from_slice(body).map(|problem: Problem| problem.code).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_means_depends_on_what_should_have_come() {
        for (expected, status, is_replay, meaning) in [
            (Expected::Bet, 201, false, Meaning::Accepted),
            (Expected::Bet, 201, true, Meaning::Replayed),
            (Expected::Bet, 409, false, Meaning::Failed),
            (Expected::Bet, 503, false, Meaning::Refused),
            (Expected::Bet, 500, false, Meaning::Failed),
            (Expected::BetAgain, 201, false, Meaning::Replayed),
            (Expected::BetAgain, 409, false, Meaning::Failed),
            (Expected::Refusal, 409, false, Meaning::Refused),
            (Expected::Refusal, 201, false, Meaning::Failed),
            (Expected::Success, 200, false, Meaning::Fine),
            (Expected::Success, 404, false, Meaning::Failed),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(expected.meaning(status, is_replay), meaning, "{expected:?} {status}");
        }
    }
}
