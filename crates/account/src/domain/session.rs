//! Sessions and the use of their refresh tokens.

use chrono::{DateTime, TimeDelta, Utc};
use loljoa_service_kit::AccountId;
use uuid::Uuid;

/// A used token sent again within this time gets a sibling: the answer may have been lost, or two tabs have refreshed.
pub(crate) const SIBLING_WINDOW: TimeDelta = TimeDelta::seconds(30);

/// A session: all refresh tokens that descend from one sign-up or log-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: Uuid,
    pub(crate) account: AccountId,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) revoked: bool,
}

/// What has become of a refresh token before it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Past {
    Unused,
    UsedAt(DateTime<Utc>),
    /// It was used so long ago that it is stored no more.
    LongUsed,
}

/// What to do with a refresh token that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// The first use: mark it used and give a new one.
    Rotate,
    /// Sent again within the window: give another new one.
    Sibling,
    /// Sent again too late: somebody else has it. The whole session ends.
    Stolen,
    /// The session is over.
    Ended,
}

/// Decides about a token of `session`.
pub(crate) fn decide(session: &Session, past: Past, now: DateTime<Utc>) -> Use {
    if session.revoked || session.expires_at <= now {
        return Use::Ended;
    }
    match past {
        Past::Unused => Use::Rotate,
        Past::UsedAt(used_at) if now - used_at <= SIBLING_WINDOW => Use::Sibling,
        Past::UsedAt(_) | Past::LongUsed => Use::Stolen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_used_once_with_thirty_seconds_of_grace() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let expires_at = now + TimeDelta::days(1);
        let session = Session { id: Uuid::nil(), account: AccountId::fresh(), expires_at, revoked: false };
        let used = |seconds| Past::UsedAt(now - TimeDelta::seconds(seconds));
        assert_eq!(decide(&session, Past::Unused, now), Use::Rotate);
        assert_eq!(decide(&session, used(30), now), Use::Sibling);
        assert_eq!(decide(&session, used(31), now), Use::Stolen);
        assert_eq!(decide(&session, Past::LongUsed, now), Use::Stolen);
        assert_eq!(decide(&Session { revoked: true, ..session }, Past::Unused, now), Use::Ended);
        assert_eq!(decide(&session, Past::Unused, expires_at), Use::Ended);
    }
}
