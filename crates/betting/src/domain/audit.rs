//! Whether bets and ledger agree. The two databases share no snapshot: the bets are read first, the ledger after, and what
//! is younger than a grace period is left alone.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use loljoa_service_kit::{AccountId, BetId, MarketId, OutcomeId, Points};

use super::{
    BetState, OwedKind,
    payout::{Division, Winner},
};

/// Two things that should be equal and are not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// What was compared, such as `market_pool`.
    pub check: String,
    /// Of which market, outcome or bet.
    pub subject: String,
    /// What follows from the bets.
    pub expected: String,
    /// What is stored instead.
    pub found: String,
}

/// What the books say of a bet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BookedBet {
    /// Its id.
    pub(crate) bet_id: BetId,
    /// The server's own sequence.
    pub(crate) seq: i64,
    /// Whose.
    pub(crate) account_id: AccountId,
    /// On which question.
    pub(crate) market_id: MarketId,
    /// On which answer.
    pub(crate) outcome_id: Option<OutcomeId>,
    /// How much.
    pub(crate) stake: Points,
    /// Where it stands.
    pub(crate) state: BetState,
    /// What the account gets back.
    pub(crate) returned: Points,
}

impl BookedBet {
    /// The transfer that closes this bet; none while it is open, or lost.
    #[must_use]
    pub(crate) fn closing(&self) -> Option<(OwedKind, Points)> {
        self.state.closing().map(|kind| (kind, self.returned))
    }
}

/// A transfer of the ledger that concerns a bet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The bet.
    pub bet_id: BetId,
    /// Whose.
    pub account_id: AccountId,
    /// Of which market's pool.
    pub market_id: MarketId,
    /// How much.
    pub points: Points,
    /// When the ledger wrote it.
    pub created_at: DateTime<Utc>,
}

/// All bets at one instant, and what is still owed for them.
#[derive(Clone, Debug)]
pub struct Books {
    /// When they were read.
    pub read_at: DateTime<Utc>,
    /// Every bet.
    pub(crate) bets: Vec<BookedBet>,
    /// What is owed and not acknowledged, by bet and whether it is a correction.
    pub(crate) owed: HashSet<(BetId, bool)>,
    /// The outcome that each corrected market was corrected to, its pool, and up to which bet that has been owed.
    pub(crate) corrected: HashMap<MarketId, (OutcomeId, Points, i64)>,
}

type Expected = HashMap<(BetId, bool), (OwedKind, Points)>;

impl Books {
    /// Compares the books with stakes and closings of the ledger that were read after them. Facts younger than `grace`
    /// before the reading of the books are not held against them.
    #[must_use]
    pub fn compare(
        &self,
        stakes: impl IntoIterator<Item = Fact>,
        closings: impl IntoIterator<Item = (OwedKind, Fact)>,
        grace: TimeDelta,
    ) -> Vec<Difference> {
        let bets: HashMap<_, _> = self.bets.iter().map(|bet| (bet.bet_id, bet)).collect();
        let settled_before = self.read_at - grace;
        let mut differences = compare_stakes(&bets, stakes, settled_before);
        differences.extend(self.compare_closings(&bets, closings, settled_before));
        differences.sort();
        differences
    }

    fn compare_closings(
        &self,
        bets: &HashMap<BetId, &BookedBet>,
        closings: impl IntoIterator<Item = (OwedKind, Fact)>,
        settled_before: DateTime<Utc>,
    ) -> Vec<Difference> {
        let expected = self.expected();
        let mut seen = HashSet::new();
        let mut differences = Vec::new();
        for (kind, fact) in closings {
            let key = (fact.bet_id, kind == OwedKind::Correction);
            seen.insert(key);
            let booked = expected.get(&key).copied();
            let owner = bets.get(&fact.bet_id).map(|bet| (bet.account_id, bet.market_id));
            let agrees =
                booked == Some((kind, fact.points)) && owner == Some((fact.account_id, fact.market_id));
            if !agrees && (booked.is_some() || fact.created_at < settled_before) {
                differences.push(difference("closing", fact.bet_id, &booked, &(kind, fact.points)));
            }
        }
        let missing = expected.iter().filter(|(key, _)| !seen.contains(key) && !self.owed.contains(key));
        differences.extend(missing.map(|(key, closing)| difference("closing", key.0, closing, &"nothing")));
        differences
    }

    /// Every closing and correction that the ledger has or is owed.
    fn expected(&self) -> Expected {
        let mut expected: Expected =
            self.bets.iter().filter_map(|bet| Some(((bet.bet_id, false), bet.closing()?))).collect();
        for (market, (outcome, pool, cursor)) in &self.corrected {
            let paid: Vec<_> = self
                .bets
                .iter()
                .filter(|bet| bet.market_id == *market && bet.outcome_id == Some(*outcome))
                .filter(|bet| matches!(bet.state, BetState::Lost | BetState::Void))
                .map(|bet| (bet, Winner { seq: bet.seq, stake: bet.stake }))
                .collect();
            let winners: Vec<_> = paid.iter().map(|(_, winner)| *winner).collect();
            if let Some(division) = Division::of(*pool, &winners) {
                let owed = paid.into_iter().filter(|(bet, _)| bet.seq <= *cursor).map(|(bet, winner)| {
                    let given_back = bet.state == BetState::Void;
                    let points = if given_back { division.profit(winner) } else { division.payout(winner) };
                    ((bet.bet_id, true), (OwedKind::Correction, points))
                });
                expected.extend(owed.filter(|(_, (_, points))| *points > Points::ZERO));
            }
        }
        expected
    }
}

fn compare_stakes(
    bets: &HashMap<BetId, &BookedBet>,
    stakes: impl IntoIterator<Item = Fact>,
    settled_before: DateTime<Utc>,
) -> Vec<Difference> {
    let mut seen = HashSet::new();
    let mut differences = Vec::new();
    for fact in stakes {
        seen.insert(fact.bet_id);
        let found = (fact.account_id, fact.market_id, fact.points);
        let booked = bets.get(&fact.bet_id).map(|bet| (bet.account_id, bet.market_id, bet.stake));
        if booked != Some(found) && (booked.is_some() || fact.created_at < settled_before) {
            differences.push(difference("stake", fact.bet_id, &booked, &found));
        }
    }
    let missing = bets.values().filter(|bet| !seen.contains(&bet.bet_id));
    differences.extend(missing.map(|bet| difference("stake", bet.bet_id, &bet.stake, &"nothing")));
    differences
}

fn difference(
    check: &str,
    bet: BetId,
    expected: &dyn std::fmt::Debug,
    found: &dyn std::fmt::Debug,
) -> Difference {
    Difference {
        check: check.to_owned(),
        subject: bet.to_string(),
        expected: format!("{expected:?}"),
        found: format!("{found:?}"),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2022-02-12T12:00:00Z".parse().unwrap()
    }

    fn bet(n: u128, state: BetState, returned: i64) -> BookedBet {
        BookedBet {
            bet_id: BetId(Uuid::from_u128(n)),
            seq: i64::try_from(n).unwrap(),
            account_id: AccountId(Uuid::from_u128(1)),
            market_id: MarketId(Uuid::from_u128(2)),
            outcome_id: Some(OutcomeId(Uuid::from_u128(3))),
            stake: Points(100),
            state,
            returned: Points(returned),
        }
    }

    fn books(bets: Vec<BookedBet>) -> Books {
        Books { read_at: now(), bets, owed: HashSet::new(), corrected: HashMap::new() }
    }

    fn fact(bet: &BookedBet, points: i64) -> Fact {
        Fact {
            bet_id: bet.bet_id,
            account_id: bet.account_id,
            market_id: bet.market_id,
            points: Points(points),
            created_at: now() - TimeDelta::hours(1),
        }
    }

    #[test]
    fn books_that_agree_have_no_difference() {
        let (open, won) = (bet(10, BetState::Accepted, 0), bet(11, BetState::Won, 150));
        let books = books(vec![open.clone(), won.clone()]);
        let stakes = [fact(&open, 100), fact(&won, 100)];
        let closings = [(OwedKind::Payout, fact(&won, 150))];
        assert_eq!(books.compare(stakes, closings, TimeDelta::minutes(1)), []);
    }

    #[test]
    fn every_kind_of_difference_is_found() {
        let (unpaid, odd) = (bet(10, BetState::Won, 150), bet(11, BetState::Cancelled, 100));
        let (free, stray) = (bet(12, BetState::Accepted, 0), bet(13, BetState::Accepted, 0));
        let books = books(vec![unpaid.clone(), odd.clone(), free]);
        let stakes = [fact(&unpaid, 100), fact(&odd, 99), fact(&stray, 100)];
        let closings = [(OwedKind::Payout, fact(&odd, 100))];
        let found = books.compare(stakes, closings, TimeDelta::minutes(1));
        let found: Vec<_> = found.iter().map(|d| (d.check.as_str(), &d.subject[34..])).collect();
        let expected =
            [("closing", "0a"), ("closing", "0b"), ("stake", "0b"), ("stake", "0c"), ("stake", "0d")];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_owed_still_or_is_too_young_is_no_difference() {
        let (won, young) = (bet(10, BetState::Won, 150), bet(11, BetState::Accepted, 0));
        let mut books = books(vec![won.clone()]);
        books.owed.insert((won.bet_id, false));
        let young = Fact { created_at: now() - TimeDelta::seconds(5), ..fact(&young, 100) };
        assert_eq!(books.compare([fact(&won, 100), young], [], TimeDelta::minutes(1)), []);
    }
}
