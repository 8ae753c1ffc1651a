//! Looking at accounts.

use loljoa_service_kit::{AccountId, Error, Points, postgres};
use sqlx::PgPool;

use super::{Service, unknown_account};
use crate::{
    domain::{
        leaderboard::{self, Place},
        profile::Ranked,
        tier::Tier,
    },
    store::{self, accounts, ranks},
};

/// Which part of the leaderboard is wanted.
#[derive(Debug)]
pub(crate) struct LeaderboardQuery {
    pub(crate) tier: Option<Tier>,
    /// Where the page before ended.
    pub(crate) after: Option<Place>,
    pub(crate) limit: i64,
    /// Who asks.
    pub(crate) own: Option<AccountId>,
}

/// A part of the leaderboard.
#[derive(Debug)]
pub(crate) struct Leaderboard {
    pub(crate) accounts: Vec<Ranked>,
    pub(crate) next: Option<Place>,
    pub(crate) own: Option<Ranked>,
}

impl Service {
    /// An account with its rank, which is some seconds old.
    pub(crate) async fn account(&self, account: AccountId) -> Result<Ranked, Error> {
        ranked(&self.reads, account).await
    }

    /// How many accounts have a greater profit, some seconds ago.
    pub(crate) async fn better_than(&self, profit: Points) -> Result<i64, Error> {
        Ok(ranks::better(&mut *postgres::reading(&self.reads).await?, profit).await?)
    }

    /// Accounts by profit, best first, and the asking account with its place.
    pub(crate) async fn leaderboard(&self, query: LeaderboardQuery) -> Result<Leaderboard, Error> {
        let everyone = (Points(i64::MIN), Points(i64::MAX));
        let range = query.tier.map_or(everyone, |tier| (tier.starts_at(), tier.ends_at()));
        let before = query.after.filter(|place| place.position.profit <= range.1);
        let position = before.map(|place| place.position);
        let mut db = postgres::reading(&self.reads).await?;
        let page = store::leaderboard::page(&mut *db, range, position, query.limit).await?;
        let full = i64::try_from(page.len()).is_ok_and(|length| length == query.limit);
        let better = match page.first() {
            Some(first) if before.is_none() => ranks::better(&mut *db, first.profit).await?,
            _ => 0,
        };
        drop(db);
        let (accounts, last) = leaderboard::rank(page, before, better);
        let own = match query.own {
            Some(account) => Some(self.account(account).await?),
            None => None,
        };
        Ok(Leaderboard { accounts, next: last.filter(|_| full), own })
    }
}

/// An account with its rank, as `pool` sees it.
pub(super) async fn ranked(pool: &PgPool, account: AccountId) -> Result<Ranked, Error> {
    let mut db = postgres::reading(pool).await?;
    let profile = accounts::profile(&mut *db, account).await?.ok_or_else(unknown_account)?;
    let better = ranks::better(&mut *db, profile.profit).await?;
    Ok(Ranked { profile, rank: better + 1 })
}
