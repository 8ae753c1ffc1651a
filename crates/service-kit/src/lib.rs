//! What every LOL.JOA service shares: ids and points, errors, configuration, telemetry, the admin port, gRPC on both
//! sides, PostgreSQL, and the way a service starts and stops.
//!
//! A service is a library with `serve(config, listeners, shutdown)`; this crate supplies everything around its own
//! logic, so that the four services behave alike.

pub mod admin;
pub mod admin_log;
mod allocator;
pub mod caller;
pub mod cells;
pub mod cli;
pub mod clock;
pub mod config;
pub mod correction;
pub mod edge;
pub mod error;
mod follow;
pub mod gather;
pub mod grpc;
pub mod health;
pub mod identity;
pub mod ids;
pub mod lifecycle;
pub mod metrics;
pub mod origin;
pub mod page;
pub mod patient;
pub mod points;
pub mod postgres;
pub mod probe;
pub mod share;
pub mod telemetry;

pub use caller::Caller;
pub use cells::{Cell, Cells, Slot};
pub use clock::Clock;
pub use correction::Correction;
pub use error::{Error, ErrorCode};
pub use ids::{
    AccountId, BetId, IdempotencyKey, IncidentId, MarketId, MatchId, OutcomeId, QuestionId, TeamId,
    TournamentId, TransferId,
};
pub use points::Points;
pub use share::Share;
