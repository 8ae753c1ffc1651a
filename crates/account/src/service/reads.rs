//! Looking at accounts.

use loljoa_service_kit::{AccountId, Error, Points};

use super::{Service, unknown_account};
use crate::{
    domain::{
        leaderboard::{self, Before, Position},
        profile::{Profile, Ranked},
        tier::Tier,
    },
    store::{self, accounts},
};

/// Which part of the leaderboard is wanted.
#[derive(Debug)]
pub(crate) struct LeaderboardQuery {
    pub(crate) tier: Option<Tier>,
    pub(crate) after: Option<Position>,
    pub(crate) limit: i64,
    /// Who asks.
    pub(crate) own: Option<AccountId>,
}

/// A part of the leaderboard.
#[derive(Debug)]
pub(crate) struct Leaderboard {
    pub(crate) accounts: Vec<Ranked>,
    pub(crate) next: Option<Position>,
    pub(crate) own: Option<Ranked>,
}

impl Service {
    /// An account with its rank.
    pub(crate) async fn account(&self, account: AccountId) -> Result<Ranked, Error> {
        let profile = accounts::profile(&self.pool, account).await?.ok_or_else(unknown_account)?;
        let before = store::leaderboard::before(&self.pool, position(&profile)).await?;
        Ok(Ranked { profile, rank: before.better + 1 })
    }

    /// Accounts by profit, best first, and the asking account with its place.
    pub(crate) async fn leaderboard(&self, query: LeaderboardQuery) -> Result<Leaderboard, Error> {
        let everyone = (Points(i64::MIN), Points(i64::MAX));
        let range = query.tier.map_or(everyone, |tier| (tier.starts_at(), tier.ends_at()));
        let page = store::leaderboard::page(&self.pool, range, query.after, query.limit).await?;
        let full = i64::try_from(page.len()).is_ok_and(|length| length == query.limit);
        let next = page.last().filter(|_| full).map(position);
        let before = match page.first() {
            Some(first) => store::leaderboard::before(&self.pool, position(first)).await?,
            None => Before::default(),
        };
        let own = match query.own {
            Some(account) => Some(self.account(account).await?),
            None => None,
        };
        Ok(Leaderboard { accounts: leaderboard::rank(page, before), next, own })
    }
}

fn position(profile: &Profile) -> Position {
    Position { profit: profile.profit, account: profile.account }
}
