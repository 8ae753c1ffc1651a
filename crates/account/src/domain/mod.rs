//! The rules of accounts, sessions and the ledger, without any input or output.

pub(crate) mod audit;
pub(crate) mod clearing;
pub(crate) mod feed;
pub(crate) mod grant;
pub(crate) mod leaderboard;
pub(crate) mod origin;
pub(crate) mod password;
pub(crate) mod period;
pub(crate) mod profile;
pub(crate) mod results;
pub(crate) mod rotation;
pub(crate) mod session;
pub(crate) mod skeleton;
pub(crate) mod throttle;
pub(crate) mod tier;
pub(crate) mod transfer;
pub(crate) mod username;
