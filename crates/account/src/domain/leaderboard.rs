//! Places on the leaderboard.

use loljoa_service_kit::{AccountId, Points};
use serde::{Deserialize, Serialize};

use super::profile::{Profile, Ranked};

/// Where a page of the leaderboard ends: it is ordered by profit, best first, then by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) profit: Points,
    pub(crate) account: AccountId,
}

/// How many accounts stand before the first one of a page.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Before {
    /// Those of a greater profit.
    pub(crate) better: i64,
    /// Those of the same profit that are listed earlier.
    pub(crate) equal: i64,
}

/// Gives each account of a page its rank: 1 + the number of accounts with a greater profit. A page leaves nobody out
/// between its first and its last.
pub(crate) fn rank(page: Vec<Profile>, before: Before) -> Vec<Ranked> {
    let mut rank = before.better + 1;
    let places = before.better + before.equal + 1..;
    let mut last = page.first().map(|profile| profile.profit);
    let mut ranked = Vec::with_capacity(page.len());
    for (place, profile) in places.zip(page) {
        if last != Some(profile.profit) {
            rank = place;
            last = Some(profile.profit);
        }
        ranked.push(Ranked { profile, rank });
    }
    ranked
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::profile::Role;

    fn ranks(profits: &[i64], before: Before) -> Vec<i64> {
        let profile = |profit: &i64| Profile {
            account: AccountId::fresh(),
            username: String::new(),
            role: Role::User,
            points: Points::ZERO,
            staked: Points::ZERO,
            profit: Points(*profit),
            created_at: DateTime::UNIX_EPOCH,
        };
        rank(profits.iter().map(profile).collect(), before).into_iter().map(|ranked| ranked.rank).collect()
    }

    #[test]
    fn equal_profits_share_a_rank() {
        assert_eq!(ranks(&[9, 5, 5, 5, 1], Before::default()), [1, 2, 2, 2, 5]);
    }

    #[test]
    fn a_page_that_starts_within_a_tie_goes_on_counting() {
        assert_eq!(ranks(&[5, 1], Before { better: 1, equal: 2 }), [2, 5]);
        assert!(ranks(&[], Before::default()).is_empty());
    }
}
