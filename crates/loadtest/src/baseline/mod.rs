//! The old designs, which the lab measures beside ours: the same contract, behind the same gateway, on the same PostgreSQL.

mod pessimistic;
mod server;
mod single_statement;

use clap::ValueEnum;
use loljoa_service_kit::{Error, ErrorCode};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

pub use server::serve;

/// Their tables.
pub const SCHEMA: &str = include_str!("schema.sql");

/// Connections to the database, as in 2022.
pub const CONNECTIONS: u32 = 20;

/// An old design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Design {
    /// The transaction of 2022: the rows of choice, account and game are locked, then changed one by one
    Pessimistic,
    /// One statement that checks and changes all of it
    SingleStatement,
}

impl Design {
    /// Its name, such as `single-statement`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pessimistic => "pessimistic",
            Self::SingleStatement => "single-statement",
        }
    }
}

/// A bet that is wanted.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    account_id: Uuid,
    key: Uuid,
    game_id: Uuid,
    choice_id: Uuid,
    stake: i64,
}

/// How a bet ended that no error ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placed {
    Now,
    Before,
}

impl Design {
    async fn place(self, pool: &PgPool, wanted: Wanted) -> Result<Placed, Error> {
        let placed = match self {
            Self::Pessimistic => pessimistic::place(pool, wanted).await,
            Self::SingleStatement => single_statement::place(pool, wanted).await,
        };
        match placed {
            Ok(Ok(())) => Ok(Placed::Now),
            Ok(Err(refusal)) => Err(refusal.into()),
            // The same key again: what was done meanwhile is rolled back.
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(Placed::Before),
            Err(error) => Err(Error::unavailable(error.to_string())),
        }
    }
}

/// Why a bet cannot be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    NotThere,
    Closed,
    TooPoor,
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotThere => Self::not_found("market_not_found", "there is no such market"),
            Refused::Closed => Self::conflict("market_locked", "the market takes no bets any more"),
            Refused::TooPoor => {
                Self::new(ErrorCode::Conflict, "insufficient_points", "the account has fewer points")
            }
        }
    }
}
