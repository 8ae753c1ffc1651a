//! What a new revision of a match means for its markets.

use std::{cmp::Ordering, fmt};

use chrono::{DateTime, Utc};
use loljoa_service_kit::{Cell, MatchId};

use super::{
    Market, MarketState, MatchNews, MatchState, Outcome, VoidReason,
    change::Change,
    matches::{KnownMatch, Sides},
    template,
};

/// Where the locks of a match's markets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// They stay.
    Keep,
    /// The start has moved later, or what had begun has not after all: there, and what was locked opens again.
    Later(DateTime<Utc>),
    /// The start has moved earlier: there, unless the lock is earlier.
    Earlier(DateTime<Utc>),
    /// The match has begun: there, unless the lock is earlier.
    Begun(DateTime<Utc>),
}

impl Lock {
    /// The new lock of `market`, at `now` by the database's clock. A start that is to come and lies before the market was opened is
    /// a slip: it would take every bet back. So nothing is bet from now on, and what was bet goes back once the match has begun.
    #[must_use]
    pub(crate) fn of(self, market: &Market, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Keep => market.lock_at,
            Self::Later(start) | Self::Earlier(start) if start <= market.opened_at => market.lock_at.min(now),
            Self::Later(start) => start,
            Self::Earlier(start) | Self::Begun(start) => market.lock_at.min(start),
        }
    }
}

/// What came of a match, or of a whole stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// This score, sides in the order in which the markets speak of them.
    Score([u8; 2]),
    /// The team of this code.
    Team(String),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Score([one, two]) => write!(f, "{one}–{two}"),
            Self::Team(code) => f.write_str(code),
        }
    }
}

/// How a match's markets end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Not yet.
    Wait,
    /// By this answer.
    Settle(Answer),
    /// With every stake given back.
    Void(VoidReason),
}

/// What a revision asks for, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// What is asked.
    pub(crate) change: Change,
    /// Where locks of what is still asked go.
    pub(crate) lock: Lock,
    /// How the markets end.
    pub(crate) fate: Fate,
}

impl Plan {
    /// The same for a match of a cell: what is opened has ids that tell their slot, where there are several.
    #[must_use]
    pub(crate) fn in_cell(mut self, cell: Cell, match_id: MatchId) -> Self {
        let open = std::mem::take(&mut self.change.open);
        self.change.open = open.into_iter().map(|draft| draft.in_cell(cell, match_id)).collect();
        self
    }
}

/// Decides what `news` means for these `markets` of its match, at `now` by the database's clock.
#[must_use]
pub(crate) fn plan(
    known: Option<&KnownMatch>,
    news: &MatchNews,
    sides: Option<&Sides>,
    markets: &[Market],
    now: DateTime<Utc>,
) -> Plan {
    Plan {
        change: Change::of(news, sides, markets, now),
        lock: lock(known, news.state, news.starts_at, now),
        fate: fate(news, sides.map(|sides| sides.wins)),
    }
}

/// Where locks go when what is known comes to be in `state`, with its start at `starts_at`.
pub(super) fn lock(
    known: Option<&KnownMatch>,
    state: MatchState,
    starts_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Lock {
    let had_begun =
        known.is_some_and(|known| matches!(known.state, MatchState::InProgress | MatchState::Completed));
    match state {
        // Whatever it had begun with is no part of it any more.
        MatchState::Scheduled if had_begun => Lock::Later(starts_at),
        MatchState::Scheduled => match known.map(|known| starts_at.cmp(&known.starts_at)) {
            Some(Ordering::Greater) => Lock::Later(starts_at),
            Some(Ordering::Less) => Lock::Earlier(starts_at),
            Some(Ordering::Equal) | None => Lock::Keep,
        },
        MatchState::InProgress | MatchState::Completed => Lock::Begun(starts_at.min(now)),
        MatchState::Forfeited | MatchState::Cancelled => Lock::Keep,
    }
}

fn fate(news: &MatchNews, wins: Option<[u8; 2]>) -> Fate {
    match (news.state, wins) {
        (MatchState::Forfeited, _) => Fate::Void(VoidReason::Forfeit),
        (MatchState::Cancelled, _) => Fate::Void(VoidReason::Cancelled),
        (MatchState::Completed, Some(wins))
            if !news.needs_review && template::is_final_score(news.best_of, wins) =>
        {
            Fate::Settle(Answer::Score(wins))
        }
        _ => Fate::Wait,
    }
}

/// What asking a market to end in some way comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It can end so, and now does.
    Begin,
    /// It ends so already.
    Already,
    /// It ended, or is ending, in another way.
    Contradiction,
    /// It still takes bets.
    StillOpen,
}

/// Settling `market` on `outcome`.
#[must_use]
pub(crate) fn settle_step(market: &Market, outcome: &Outcome) -> Step {
    let asked_before = match market.state {
        MarketState::Open => return Step::StillOpen,
        MarketState::Locked if market.decided_outcome_id.is_none() => return Step::Begin,
        MarketState::Locked => market.decided_outcome_id == Some(outcome.outcome_id),
        MarketState::Settling | MarketState::Settled => market.settled_outcome_id == Some(outcome.outcome_id),
        MarketState::Voiding | MarketState::Void => is_void_for_want_of(market, outcome),
    };
    if asked_before { Step::Already } else { Step::Contradiction }
}

/// Whether the market is void because nobody had a stake on this outcome. Which one was asked for was not always written
/// down: of a market that is older, every outcome without a stake could have been it.
fn is_void_for_want_of(market: &Market, outcome: &Outcome) -> bool {
    let was_asked_for =
        market.decided_outcome_id.map_or(outcome.top.is_none(), |asked| asked == outcome.outcome_id);
    market.void_reason == Some(VoidReason::NoWinningStake) && was_asked_for
}

/// Voiding `market`.
#[must_use]
pub(crate) const fn void_step(market: &Market) -> Step {
    match market.state {
        MarketState::Locked if market.is_decided() => Step::Contradiction,
        MarketState::Open | MarketState::Locked => Step::Begin,
        MarketState::Voiding | MarketState::Void => Step::Already,
        MarketState::Settling | MarketState::Settled => Step::Contradiction,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::samples::{self, known, market, noon, team};

    fn news(state: MatchState, wins: [u8; 2]) -> MatchNews {
        MatchNews { state, wins, ..samples::news() }
    }

    fn planned(news: &MatchNews, now: DateTime<Utc>) -> Plan {
        let known = known();
        plan(Some(&known), news, Sides::of(Some(&known), news).as_ref(), &[], now)
    }

    #[test]
    fn a_match_that_starts_early_locks_at_once() {
        let early = noon() - TimeDelta::minutes(5);
        let plan = planned(&news(MatchState::InProgress, [0, 0]), early);
        assert_eq!(plan.lock.of(&market(MarketState::Open), early), early);
    }

    #[test]
    fn an_unchanged_start_leaves_an_admins_lock_alone() {
        let plan = planned(&news(MatchState::Scheduled, [0, 0]), noon() - TimeDelta::hours(1));
        assert_eq!(plan.lock, Lock::Keep);
    }

    /// The lock of a market whose lock is three hours before noon, once a match in `state` starts so many hours after noon.
    fn lock_once(state: MatchState, hours: i64) -> DateTime<Utc> {
        let locked = Market { lock_at: noon() - TimeDelta::hours(3), ..market(MarketState::Locked) };
        let news = MatchNews { starts_at: noon() + TimeDelta::hours(hours), ..news(state, [0, 0]) };
        let now = noon() - TimeDelta::hours(2);
        planned(&news, now).lock.of(&locked, now)
    }

    #[test]
    fn an_earlier_start_opens_no_lock_and_a_later_one_does() {
        assert_eq!(lock_once(MatchState::Scheduled, -1), noon() - TimeDelta::hours(3));
        assert_eq!(lock_once(MatchState::Scheduled, 1), noon() + TimeDelta::hours(1));
    }

    #[test]
    fn a_start_before_a_market_was_opened_takes_no_bet_back_until_the_match_has_begun() {
        // Opened ten hours before noon.
        assert_eq!(lock_once(MatchState::Scheduled, -4), noon() - TimeDelta::hours(4));
        assert_eq!(lock_once(MatchState::Scheduled, -11), noon() - TimeDelta::hours(3));
        assert_eq!(lock_once(MatchState::InProgress, -11), noon() - TimeDelta::hours(11));
    }

    #[test]
    fn a_result_settles_only_if_it_can_be() {
        let fate = |news: &MatchNews| planned(news, noon()).fate;
        assert_eq!(fate(&news(MatchState::Completed, [2, 1])), Fate::Settle(Answer::Score([2, 1])));
        assert_eq!(fate(&news(MatchState::Completed, [1, 1])), Fate::Wait);
        assert_eq!(
            fate(&MatchNews { needs_review: true, ..news(MatchState::Completed, [2, 1]) }),
            Fate::Wait
        );
        assert_eq!(fate(&news(MatchState::Forfeited, [0, 0])), Fate::Void(VoidReason::Forfeit));
    }

    #[test]
    fn sides_that_swap_keep_the_markets_order() {
        let swapped = MatchNews { teams: Some([team(2), team(1)]), ..news(MatchState::Completed, [2, 0]) };
        assert_eq!(planned(&swapped, noon()).fate, Fate::Settle(Answer::Score([0, 2])));
    }

    #[test]
    fn a_decided_market_takes_its_outcome_again_and_nothing_else() {
        let mut market = market(MarketState::Locked);
        let [one, two] = [0, 1].map(|n| market.outcomes[n].clone());
        assert_eq!(settle_step(&market, &one), Step::Begin);
        market.decided_outcome_id = Some(one.outcome_id);
        assert_eq!(settle_step(&market, &one), Step::Already);
        assert_eq!(settle_step(&market, &two), Step::Contradiction);
        assert_eq!(void_step(&market), Step::Contradiction);
    }

    #[test]
    fn a_market_that_nobody_won_is_void_for_the_outcome_that_was_asked_for() {
        let mut market = market(MarketState::Void);
        market.void_reason = Some(VoidReason::NoWinningStake);
        let [one, two] = [0, 1].map(|n| market.outcomes[n].clone());
        assert_eq!([settle_step(&market, &one), settle_step(&market, &two)], [Step::Already, Step::Already]);
        market.decided_outcome_id = Some(one.outcome_id);
        assert_eq!(
            [settle_step(&market, &one), settle_step(&market, &two)],
            [Step::Already, Step::Contradiction]
        );
    }
}
