//! What a plan does to one market.

use chrono::{DateTime, Utc};
use loljoa_service_kit::OutcomeId;

use super::{
    Market, MarketState, Template, VoidReason,
    life::{Answer, Fate, Plan, Step, settle_step, void_step},
    template,
};

/// Something that is done to a market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Its lock moves, and it takes bets or does not.
    MoveLock {
        /// Where to.
        lock_at: DateTime<Utc>,
        /// Open or locked.
        state: MarketState,
    },
    /// It settles on this outcome.
    Decide(OutcomeId),
    /// Every stake goes back.
    Void(VoidReason),
    /// What the match asks for can no longer be; a person is told why.
    Tell(String),
}

/// What `plan` does to `market`, in this order, at `now` by the database's clock.
#[must_use]
pub(crate) fn acts(plan: &Plan, market: &Market, now: DateTime<Utc>) -> Vec<Act> {
    let mut acts = Vec::new();
    let mut market = market.clone();
    if plan.change.withdraw.contains(&market.market_id) {
        match void(&market, VoidReason::MatchChanged) {
            Some(withdrawn @ Act::Void(_)) => return vec![withdrawn],
            other => acts.extend(other),
        }
    } else if let Some((lock_at, state)) = moved_lock(&market, plan, now) {
        acts.push(Act::MoveLock { lock_at, state });
        (market.lock_at, market.state) = (lock_at, state);
    }
    acts.extend(match &plan.fate {
        Fate::Wait => None,
        Fate::Settle(answer) => settle(&market, answer),
        Fate::Void(reason) => void(&market, *reason),
    });
    acts
}

/// The lock and state that `plan` gives an undecided market, when either differs.
fn moved_lock(market: &Market, plan: &Plan, now: DateTime<Utc>) -> Option<(DateTime<Utc>, MarketState)> {
    if market.is_decided() {
        return None;
    }
    let lock_at = plan.lock.of(market, now);
    let overdue = market.state == MarketState::Open && lock_at <= now;
    let state = if lock_at <= now { MarketState::Locked } else { MarketState::Open };
    (lock_at != market.lock_at || overdue).then_some((lock_at, state))
}

fn settle(market: &Market, answer: &Answer) -> Option<Act> {
    if market.template == Template::Custom || is_void_for_good(market) {
        return None;
    }
    let Some(winner) = template::right_answer(market.template, &market.outcomes, answer) else {
        return Some(Act::Tell(format!("the result {answer} is no answer of the market")));
    };
    match settle_step(market, winner) {
        Step::Begin => Some(Act::Decide(winner.outcome_id)),
        Step::Already => None,
        Step::Contradiction | Step::StillOpen => {
            let why = format!("the result is {answer} now, but the market was decided otherwise before");
            Some(Act::Tell(why))
        }
    }
}

fn void(market: &Market, reason: VoidReason) -> Option<Act> {
    match void_step(market) {
        Step::Begin => Some(Act::Void(reason)),
        Step::Already => None,
        Step::Contradiction | Step::StillOpen => Some(Act::Tell(match reason {
            VoidReason::MatchChanged => {
                "the match has other teams or another length now, but the market was settled before".into()
            }
            _ => format!("the match counts as {} now, but the market was settled before", reason.as_str()),
        })),
    }
}

/// Whether no result decides this market any more: an admin voided it, or its match changed before.
const fn is_void_for_good(market: &Market) -> bool {
    matches!(market.void_reason, Some(VoidReason::Admin | VoidReason::MatchChanged))
}
