//! What should come of a request, and what its answer means therefore.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
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
        let retry_after = retry_after(&reply.headers);
        let is_replay = reply.headers.contains_key("idempotent-replayed");
        let meaning = self.meaning(reply.status, is_replay, retry_after.is_some());
        let reason = if reply.status.is_success() { String::new() } else { reason(&reply.body) };
        Answer { status: reply.status.as_u16(), meaning, reason, retry_after }
    }

    fn meaning(self, status: StatusCode, is_replay: bool, says_when: bool) -> Meaning {
        // "Come again" is no failure, where it says when: whoever is asked for too much may say so.
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            return if says_when { Meaning::Refused } else { Meaning::Failed };
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

/// After how long to come again. Our services say it in seconds.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn reason(body: &[u8]) -> String {
    serde_json::from_slice(body).map(|problem: Problem| problem.code).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_an_answer_means_depends_on_what_should_have_come() {
        for (expected, status, is_replay, meaning) in [
            (Expected::Bet, 201, false, Meaning::Accepted),
            (Expected::Bet, 201, true, Meaning::Replayed),
            (Expected::Bet, 409, false, Meaning::Failed),
            (Expected::Bet, 503, false, Meaning::Refused),
            (Expected::Success, 429, false, Meaning::Refused),
            (Expected::Bet, 500, false, Meaning::Failed),
            (Expected::BetAgain, 201, false, Meaning::Replayed),
            (Expected::BetAgain, 409, false, Meaning::Failed),
            (Expected::Refusal, 409, false, Meaning::Refused),
            (Expected::Refusal, 201, false, Meaning::Failed),
            (Expected::Success, 200, false, Meaning::Fine),
            (Expected::Success, 404, false, Meaning::Failed),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(expected.meaning(status, is_replay, true), meaning, "{expected:?} {status}");
        }
    }

    #[test]
    fn whoever_is_told_to_come_again_is_told_when() {
        let reply = |retry_after: Option<&'static str>| {
            let headers = retry_after.map(|after| (header::RETRY_AFTER, HeaderValue::from_static(after)));
            let status = StatusCode::SERVICE_UNAVAILABLE;
            Reply { status, headers: headers.into_iter().collect(), body: Vec::new(), length: 0 }
        };
        let told = Expected::Bet.judge(&reply(Some("2")));
        assert_eq!((told.meaning, told.retry_after), (Meaning::Refused, Some(Duration::from_secs(2))));
        for silent in [None, Some("soon")] {
            assert_eq!(Expected::Success.judge(&reply(silent)).meaning, Meaning::Failed);
        }
    }
}
