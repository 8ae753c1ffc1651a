//! The account service over real sockets and a real database.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod audit;
mod bootstrap;
mod feed;
mod grants;
mod harness;
mod leaderboard;
mod ledger;
mod log_in;
mod model;
mod passwords;
mod periods;
mod races;
mod reads;
mod reconcile;
mod results;
mod schema;
mod sessions;
mod sign_up;
mod standing;
mod statement;
mod status;
mod tokens;
mod trust;
