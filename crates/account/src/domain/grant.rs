//! The points that the house gives.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use loljoa_service_kit::{AccountId, Points, TransferId, ids};

use super::transfer::{Kind, Transfer};

/// What a new account gets.
pub(crate) const SIGNUP: Points = Points(1_000);
/// What an account gets once a Korean day.
pub(crate) const DAILY: Points = Points(500);

const KOREA_SECONDS_EAST: i32 = 9 * 3_600;

/// The grant of a new account.
pub(crate) fn signup(account: AccountId) -> Transfer {
    let id = ids::derived(&[account.0.as_bytes(), b"signup"]);
    grant(TransferId(id), Kind::SignupGrant, account, SIGNUP)
}

/// The grant of the Korean day that `now` falls on.
pub(crate) fn daily(account: AccountId, now: DateTime<Utc>) -> Transfer {
    let day = korean_day(now).to_string();
    let id = ids::derived(&[account.0.as_bytes(), b"daily", day.as_bytes()]);
    grant(TransferId(id), Kind::DailyGrant, account, DAILY)
}

fn grant(id: TransferId, kind: Kind, account: AccountId, points: Points) -> Transfer {
    let fingerprint = id.0.as_bytes().to_vec();
    Transfer { id, kind, account, market: None, bet: None, points, fingerprint, closes: None }
}

/// Korea is nine hours ahead of UTC all year.
fn korean_day(now: DateTime<Utc>) -> NaiveDate {
    let korea = FixedOffset::east_opt(KOREA_SECONDS_EAST).expect("nine hours are less than a day");
    now.with_timezone(&korea).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> DateTime<Utc> {
        time.parse().unwrap()
    }

    #[test]
    fn the_day_turns_at_korean_midnight() {
        let account = AccountId::fresh();
        let evening = daily(account, at("2022-03-16T14:59:59Z"));
        let midnight = daily(account, at("2022-03-16T15:00:00Z"));
        assert_ne!(evening.id, midnight.id);
        assert_eq!(midnight.id, daily(account, at("2022-03-17T14:59:59Z")).id);
    }

    #[test]
    fn every_account_has_grants_of_its_own() {
        let now = at("2022-03-16T12:00:00Z");
        let (one, two) = (AccountId::fresh(), AccountId::fresh());
        assert_ne!(daily(one, now).id, daily(two, now).id);
        assert_ne!(signup(one).id, daily(one, now).id);
        assert_eq!(signup(one), signup(one));
    }
}
