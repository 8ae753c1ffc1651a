//! Sessions and the use of their refresh tokens.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use loljoa_service_kit::{AccountId, ids};
use uuid::Uuid;

/// A used token sent again within this time gets a sibling: the answer may have been lost, or two tabs have refreshed.
pub(crate) const SIBLING_WINDOW: TimeDelta = TimeDelta::seconds(30);

/// How long used tokens are stored: for as long as they may get siblings, and a while more because replicas' clocks differ.
/// Reuse at any later time is found without them, since a token tells its session.
pub(crate) const KEEP_USED: TimeDelta = TimeDelta::seconds(60);

/// Tokens that a session is given within [`SIBLING_WINDOW`]. A browser that wakes up with many tabs stays below.
pub(crate) const MOST_IN_WINDOW: i64 = 20;

/// Tokens of a session that are not used yet. Each lost answer leaves one behind.
pub(crate) const MOST_UNUSED: i64 = 20;

/// How old an unused token has to be before it makes room for another. Whoever still comes with it has had
/// [`MOST_UNUSED`] younger ones, and is taken for a thief.
pub(crate) const ORPHANED_AFTER: TimeDelta = TimeDelta::hours(1);

/// A session: all refresh tokens that descend from one sign-up or log-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: Uuid,
    pub(crate) account: AccountId,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) revoked: bool,
}

/// A session as its access tokens name it, in the claim `sid`. Whoever sees one cannot tell the session's own id, which is
/// half of every refresh token.
pub(crate) fn access_session(session: Uuid) -> Uuid {
    ids::derived(&[b"access session", session.as_bytes()])
}

/// What has become of a refresh token before it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Past {
    Unused,
    UsedAt(DateTime<Utc>),
    /// It was used so long ago that it is stored no more.
    LongUsed,
}

/// The tokens that a session has been given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Given {
    /// Within [`SIBLING_WINDOW`].
    pub(crate) recently: i64,
    /// When the first of these was given.
    pub(crate) since: Option<DateTime<Utc>>,
    /// Not used yet.
    pub(crate) unused: i64,
}

impl Given {
    /// How long to wait until there is room for one more, if there is none: a token that is used makes room itself.
    ///
    /// Without this, whoever has one good token could make any number of others.
    pub(crate) fn wait(&self, usage: Use, now: DateTime<Utc>) -> Option<Duration> {
        let crowded = usage == Use::Sibling && self.unused >= MOST_UNUSED;
        if self.recently < MOST_IN_WINDOW && !crowded {
            return None;
        }
        let until = self.since.unwrap_or(now) + SIBLING_WINDOW;
        Some((until - now).to_std().unwrap_or_default().max(Duration::from_secs(1)))
    }
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

    #[test]
    fn there_is_room_again_when_the_first_of_many_has_left_the_window() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let given = |recently, unused| Given { recently, since: Some(now - TimeDelta::seconds(12)), unused };
        let wait = |given: Given, usage| given.wait(usage, now).map(|wait| wait.as_secs());
        assert_eq!(wait(given(19, 19), Use::Sibling), None);
        assert_eq!(wait(given(20, 1), Use::Rotate), Some(18));
        assert_eq!(wait(given(20, 1), Use::Sibling), Some(18));
        assert_eq!(wait(given(1, 20), Use::Sibling), Some(18));
        assert_eq!(wait(given(1, 20), Use::Rotate), None, "it makes room itself");
        assert_eq!(wait(Given { unused: 20, ..Given::default() }, Use::Sibling), Some(30));
    }
}
