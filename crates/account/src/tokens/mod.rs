//! Access tokens (ES256) and the keys that sign them.

mod keyring;
mod material;
mod sealing;
mod stamp;

use chrono::{DateTime, Utc};
use loljoa_service_kit::{AccountId, ids};
use serde::Serialize;

use crate::domain::{profile::Profile, session::access_session};
pub(crate) use keyring::Keyring;
pub(crate) use sealing::Sealer;
pub(crate) use stamp::Stamp;

/// Who issues the tokens.
pub const ISSUER: &str = "loljoa";
/// Whom they are for.
pub const AUDIENCE: &str = "loljoa-web";

/// What an access token says.
#[derive(Debug, Serialize)]
struct Claims<'a> {
    iss: &'static str,
    aud: &'static str,
    sub: AccountId,
    /// The session, as [`access_session`] names it.
    sid: uuid::Uuid,
    username: &'a str,
    role: &'static str,
    iat: i64,
    exp: i64,
    jti: uuid::Uuid,
}

impl<'a> Claims<'a> {
    fn new(profile: &'a Profile, session: uuid::Uuid, now: DateTime<Utc>, lives_seconds: i64) -> Self {
        let iat = now.timestamp();
        Self {
            iss: ISSUER,
            aud: AUDIENCE,
            sub: profile.account,
            sid: access_session(session),
            username: &profile.username,
            role: profile.role.name(),
            iat,
            exp: iat + lives_seconds,
            jti: ids::fresh(),
        }
    }
}
