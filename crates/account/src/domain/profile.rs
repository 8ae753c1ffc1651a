//! An account as others see it.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{AccountId, Points};

use super::tier::Tier;

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Role {
    User,
    Admin,
}

impl Role {
    /// The name that stands in access tokens and in the database.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }
}

/// An account with its points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) account: AccountId,
    pub(crate) username: String,
    pub(crate) role: Role,
    pub(crate) points: Points,
    pub(crate) staked: Points,
    pub(crate) profit: Points,
    pub(crate) created_at: DateTime<Utc>,
}

impl Profile {
    pub(crate) fn tier(&self) -> Tier {
        Tier::of(self.profit)
    }
}

/// A profile with its place among all: 1 is the best profit, equal profits share a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ranked {
    pub(crate) profile: Profile,
    pub(crate) rank: i64,
}
