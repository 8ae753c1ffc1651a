//! Places on the leaderboard.

use loljoa_service_kit::{AccountId, Points};
use serde::{Deserialize, Serialize};

use super::profile::{Profile, Ranked};

/// Where a list by profit, best first, then by id, goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) profit: Points,
    pub(crate) account: AccountId,
}

/// Where a page of the leaderboard ends. It carries what has been counted, so that nobody counts it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) position: Position,
    /// The rank of the account there.
    rank: i64,
    /// How many stand before and there.
    counted: i64,
}

/// Gives each account of a page its rank: 1 + the number of accounts with a greater profit. A page leaves nobody out
/// between its first and its last.
///
/// `before` is where the page before ended; without one, `better` accounts have a greater profit than the first.
pub(crate) fn rank(page: Vec<Profile>, before: Option<Place>, better: i64) -> (Vec<Ranked>, Option<Place>) {
    let mut last = before;
    let mut ranked = Vec::with_capacity(page.len());
    for profile in page {
        let counted = last.map_or(better, |last| last.counted).saturating_add(1);
        let tie = last.filter(|last| last.position.profit == profile.profit);
        let rank = tie.map_or(counted, |tie| tie.rank);
        let position = Position { profit: profile.profit, account: profile.account };
        last = Some(Place { position, rank, counted });
        ranked.push(Ranked { profile, rank });
    }
    (ranked, last)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::profile::Role;

    fn ranks(profits: &[i64], before: Option<Place>, better: i64) -> (Vec<i64>, Option<Place>) {
        let profile = |profit: &i64| Profile {
            account: AccountId::fresh(),
            username: String::new(),
            role: Role::User,
            points: Points::ZERO,
            staked: Points::ZERO,
            profit: Points(*profit),
            created_at: DateTime::UNIX_EPOCH,
        };
        let (ranked, last) = rank(profits.iter().map(profile).collect(), before, better);
        (ranked.into_iter().map(|ranked| ranked.rank).collect(), last)
    }

    #[test]
    fn equal_profits_share_a_rank() {
        assert_eq!(ranks(&[9, 5, 5, 5, 1], None, 0).0, [1, 2, 2, 2, 5]);
        assert_eq!(ranks(&[5, 1], None, 40).0, [41, 42]);
    }

    #[test]
    fn a_page_that_starts_within_a_tie_goes_on_counting() {
        let (first, place) = ranks(&[9, 5, 5], None, 0);
        assert_eq!(first, [1, 2, 2]);
        assert_eq!(ranks(&[5, 5, 1], place, 0).0, [2, 2, 6]);
        assert_eq!(ranks(&[1], place, 0).0, [4]);
        assert_eq!(ranks(&[], place, 0), (Vec::new(), place));
    }
}
