//! What admins do, written down in the commit that does it and never changed (docs/adr/0023).
//!
//! A service whose calls only admins may make has the table `admin_actions` in its database, made by a migration of its own,
//! and serves `AdminLogService` over it.

mod serve;
mod store;

use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

pub use self::serve::{AdminLog, service};
use crate::{AccountId, IncidentId, MarketId, MatchId, identity::Identity};

/// What an admin has done. An action that changes nothing is none.
#[derive(Clone, Debug)]
pub struct Action<'a> {
    /// Who.
    pub admin: &'a Identity,
    /// What, such as `settle_market`.
    pub name: &'static str,
    /// On what.
    pub subject: Option<Subject>,
    /// What stood before: a small object; `Null` where there was nothing.
    pub before: Value,
    /// What stands since.
    pub after: Value,
    /// The admin's own words.
    pub why: Option<&'a str>,
}

impl Action<'_> {
    /// Writes it down, in the caller's transaction.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub async fn write(&self, connection: &mut PgConnection) -> sqlx::Result<()> {
        store::insert(connection, self).await
    }
}

/// What an action is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    kind: &'static str,
    id: Uuid,
}

impl From<MarketId> for Subject {
    fn from(market: MarketId) -> Self {
        Self { kind: "market", id: market.0 }
    }
}

impl From<MatchId> for Subject {
    fn from(match_id: MatchId) -> Self {
        Self { kind: "match", id: match_id.0 }
    }
}

impl From<IncidentId> for Subject {
    fn from(incident: IncidentId) -> Self {
        Self { kind: "incident", id: incident.0 }
    }
}

impl From<AccountId> for Subject {
    fn from(account: AccountId) -> Self {
        Self { kind: "account", id: account.0 }
    }
}
