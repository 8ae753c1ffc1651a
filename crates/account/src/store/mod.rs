//! SQL, one file for each aggregate. The caller owns the transaction.

pub(crate) mod accounts;
pub(crate) mod audit_bets;
pub(crate) mod audit_covers;
pub(crate) mod audit_full;
pub(crate) mod audit_pools;
pub(crate) mod audit_step;
pub(crate) mod cells;
pub(crate) mod checks;
pub(crate) mod clearings;
mod columns;
pub(crate) mod feed;
pub(crate) mod leaderboard;
pub(crate) mod login_failures;
pub(crate) mod periods;
pub(crate) mod pools;
pub(crate) mod ranks;
pub(crate) mod reconcile;
pub(crate) mod results;
pub(crate) mod sessions;
pub(crate) mod signing_keys;
pub(crate) mod skeletons;
pub(crate) mod standing;
pub(crate) mod statement;
pub(crate) mod transfers;
