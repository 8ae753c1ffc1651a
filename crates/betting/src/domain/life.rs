//! What a new revision of a match means for its markets.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};

use super::{
    Market, MarketState, MatchNews, MatchState, Outcome, Team, VoidReason,
    matches::KnownMatch,
    template::{self, MarketDraft},
};

/// Where the locks of a match's markets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// They stay.
    Keep,
    /// The start has moved later: there, and what was locked opens again.
    At(DateTime<Utc>),
    /// The start has moved earlier, or the match has started: there, unless the lock is earlier.
    NoLaterThan(DateTime<Utc>),
}

impl Lock {
    /// The new lock of a market whose lock is at `present`.
    #[must_use]
    pub(crate) fn apply(self, present: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Keep => present,
            Self::At(instant) => instant,
            Self::NoLaterThan(instant) => present.min(instant),
        }
    }
}

/// How a match's markets end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Not yet.
    Wait,
    /// By this score, sides in the order in which the markets speak of them.
    Settle([u8; 2]),
    /// With every stake given back.
    Void(VoidReason),
}

/// What a revision asks for, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Markets to open, unless they are there.
    pub(crate) open: Vec<MarketDraft>,
    /// Where locks go.
    pub(crate) lock: Lock,
    /// How the markets end.
    pub(crate) fate: Fate,
}

/// Decides what `news` means, at `now` by the database's clock.
#[must_use]
pub(crate) fn plan(known: Option<&KnownMatch>, news: &MatchNews, now: DateTime<Utc>) -> Plan {
    let Ok(sides) = sides(known, news) else {
        return Plan { open: Vec::new(), lock: Lock::Keep, fate: Fate::Void(VoidReason::Cancelled) };
    };
    let opens = news.state == MatchState::Scheduled && news.starts_at > now;
    let open = match &sides {
        Some((teams, _)) if opens => template::drafts(news.match_id, news.best_of, teams),
        _ => Vec::new(),
    };
    Plan { open, lock: lock(known, news, now), fate: fate(news, sides.map(|(_, wins)| wins)) }
}

/// Other teams than those that the markets speak of.
struct OtherTeams;

/// Teams and their wins.
type Sides = ([Team; 2], [u8; 2]);

/// Teams and wins in the order in which the markets speak of them; none while to be decided.
fn sides(known: Option<&KnownMatch>, news: &MatchNews) -> Result<Option<Sides>, OtherTeams> {
    let Some([one, two]) = news.teams.clone() else {
        return Ok(None);
    };
    let [wins_one, wins_two] = news.wins;
    match known.and_then(|known| known.teams) {
        Some(order) if order == [two.team_id, one.team_id] => Ok(Some(([two, one], [wins_two, wins_one]))),
        Some(order) if order != [one.team_id, two.team_id] => Err(OtherTeams),
        _ => Ok(Some(([one, two], [wins_one, wins_two]))),
    }
}

fn lock(known: Option<&KnownMatch>, news: &MatchNews, now: DateTime<Utc>) -> Lock {
    match news.state {
        MatchState::Scheduled => match known.map(|known| news.starts_at.cmp(&known.starts_at)) {
            Some(Ordering::Greater) => Lock::At(news.starts_at),
            Some(Ordering::Less) => Lock::NoLaterThan(news.starts_at),
            Some(Ordering::Equal) | None => Lock::Keep,
        },
        MatchState::InProgress | MatchState::Completed => Lock::NoLaterThan(news.starts_at.min(now)),
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
            Fate::Settle(wins)
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
    use loljoa_service_kit::{MarketId, MatchId, OutcomeId, Points, TeamId};
    use uuid::Uuid;

    use super::*;
    use crate::domain::Template;

    fn team(n: u128) -> Team {
        let name = format!("T{n}");
        Team { team_id: TeamId(Uuid::from_u128(n)), code: name.clone(), name_en: name.clone(), name_ko: name }
    }

    fn noon() -> DateTime<Utc> {
        "2022-02-12T12:00:00Z".parse().unwrap()
    }

    fn news(state: MatchState, wins: [u8; 2]) -> MatchNews {
        MatchNews {
            match_id: MatchId(Uuid::from_u128(9)),
            revision: 2,
            state,
            starts_at: noon(),
            best_of: 3,
            teams: Some([team(1), team(2)]),
            wins,
            needs_review: false,
        }
    }

    fn known() -> KnownMatch {
        KnownMatch {
            revision: 1,
            state: MatchState::Scheduled,
            starts_at: noon(),
            teams: Some([team(1).team_id, team(2).team_id]),
        }
    }

    #[test]
    fn a_known_match_opens_its_markets_until_it_starts() {
        let scheduled = news(MatchState::Scheduled, [0, 0]);
        assert_eq!(plan(None, &scheduled, noon() - TimeDelta::minutes(1)).open.len(), 3);
        assert_eq!(plan(None, &scheduled, noon()).open, []);
        let undecided = MatchNews { teams: None, ..scheduled };
        assert_eq!(plan(None, &undecided, noon() - TimeDelta::minutes(1)).open, []);
    }

    #[test]
    fn a_match_first_seen_over_opens_nothing() {
        let over = news(MatchState::Completed, [2, 0]);
        assert_eq!(plan(None, &over, noon() - TimeDelta::hours(1)).open, []);
    }

    #[test]
    fn a_match_that_starts_early_locks_at_once() {
        let early = noon() - TimeDelta::minutes(5);
        let plan = plan(Some(&known()), &news(MatchState::InProgress, [0, 0]), early);
        assert_eq!(plan.lock.apply(noon()), early);
    }

    #[test]
    fn an_unchanged_start_leaves_an_admins_lock_alone() {
        let plan = plan(Some(&known()), &news(MatchState::Scheduled, [0, 0]), noon() - TimeDelta::hours(1));
        assert_eq!(plan.lock, Lock::Keep);
    }

    #[test]
    fn an_earlier_start_opens_no_lock_and_a_later_one_does() {
        let (locked, now) = (noon() - TimeDelta::hours(3), noon() - TimeDelta::hours(2));
        let moved = |hours| {
            let news = MatchNews {
                starts_at: noon() + TimeDelta::hours(hours),
                ..news(MatchState::Scheduled, [0, 0])
            };
            plan(Some(&known()), &news, now).lock.apply(locked)
        };
        assert_eq!(moved(-1), locked);
        assert_eq!(moved(1), noon() + TimeDelta::hours(1));
    }

    #[test]
    fn a_result_settles_only_if_it_can_be() {
        let fate = |news: &MatchNews| plan(Some(&known()), news, noon()).fate;
        assert_eq!(fate(&news(MatchState::Completed, [2, 1])), Fate::Settle([2, 1]));
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
        assert_eq!(plan(Some(&known()), &swapped, noon()).fate, Fate::Settle([0, 2]));
    }

    fn market(state: MarketState) -> Market {
        let outcome = |n: u128| Outcome {
            outcome_id: OutcomeId(Uuid::from_u128(n)),
            key: n.to_string(),
            label_en: String::new(),
            label_ko: String::new(),
            pool: Points::ZERO,
            bettors: 0,
            top: None,
        };
        Market {
            market_id: MarketId(Uuid::from_u128(8)),
            match_id: MatchId(Uuid::from_u128(9)),
            template: Template::MatchWinner,
            question_en: String::new(),
            question_ko: String::new(),
            state,
            lock_at: noon(),
            pool: Points::ZERO,
            decided_outcome_id: None,
            settled_outcome_id: None,
            void_reason: None,
            revision: 1,
            outcomes: vec![outcome(1), outcome(2)],
        }
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

    #[test]
    fn other_teams_void_the_markets() {
        let other = MatchNews { teams: Some([team(1), team(3)]), ..news(MatchState::Scheduled, [0, 0]) };
        assert_eq!(plan(Some(&known()), &other, noon()).fate, Fate::Void(VoidReason::Cancelled));
    }
}
