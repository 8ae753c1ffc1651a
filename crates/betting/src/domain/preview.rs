//! What a change of a match or of a contest would do to its markets, for whoever is about to make it.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{MarketId, MatchId, Points};

use super::{
    Market, MarketState, VoidReason,
    acts::{Act, acts},
    life::Plan,
};

/// What becomes of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It is new, and takes bets.
    Opens,
    /// Its question is asked no more, or otherwise, so every stake goes back.
    Withdrawn,
    /// The match is not played, so every stake goes back.
    Voided,
    /// It takes no bets from now on.
    Locks,
    /// It takes bets again.
    Reopens,
    /// It takes bets until another time, or has taken them until another time.
    LockMoves,
    /// It is paid out.
    Settles,
    /// It has ended in another way, which stays; a person is told.
    NeedsPerson,
}

/// A market that a change of its match would touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Touched {
    /// The match, or the contest.
    pub(crate) match_id: MatchId,
    /// The market; one that opens has this id once it does.
    pub(crate) market_id: MarketId,
    /// What it asks, in English.
    pub(crate) question_en: String,
    /// In Korean.
    pub(crate) question_ko: String,
    /// What becomes of it.
    pub(crate) effect: Effect,
    /// All stakes on it.
    pub(crate) pool: Points,
    /// Stakes that go back, but for those after [`Self::late_from`].
    pub(crate) given_back: Points,
    /// Bets recorded at this instant or later go back, too.
    pub(crate) late_from: Option<DateTime<Utc>>,
}

/// What `plan` would do to these `markets` of the match or contest `id`, at `now` by the database's clock: those that it changes, then
/// those that open.
#[must_use]
pub(crate) fn touched(id: MatchId, plan: &Plan, markets: &[Market], now: DateTime<Utc>) -> Vec<Touched> {
    let changed = markets.iter().filter_map(|market| changed(market, &acts(plan, market, now), now));
    let opened = plan.change.open.iter().map(|draft| Touched {
        match_id: id,
        market_id: draft.market_id,
        question_en: draft.question_en.clone(),
        question_ko: draft.question_ko.clone(),
        effect: Effect::Opens,
        pool: Points::ZERO,
        given_back: Points::ZERO,
        late_from: None,
    });
    changed.chain(opened).collect()
}

/// What `acts` come to: the last of them counts, and a lock that moves to before bets takes those back whatever follows.
fn changed(market: &Market, acts: &[Act], now: DateTime<Utc>) -> Option<Touched> {
    let last = acts.last()?;
    let late_from = acts.iter().find_map(|act| match act {
        Act::MoveLock { lock_at, .. } => Some(*lock_at).filter(|at| *at <= now && *at < market.lock_at),
        _ => None,
    });
    let all_go_back = match last {
        Act::Void(_) => true,
        Act::Decide(winner) => market
            .outcomes
            .iter()
            .all(|outcome| outcome.outcome_id != *winner || outcome.pool == Points::ZERO),
        Act::MoveLock { .. } | Act::Tell(_) => false,
    };
    Some(Touched {
        match_id: market.match_id,
        market_id: market.market_id,
        question_en: market.question_en.clone(),
        question_ko: market.question_ko.clone(),
        effect: effect(market, last),
        pool: market.pool,
        given_back: if all_go_back { market.pool } else { Points::ZERO },
        late_from: late_from.filter(|_| !all_go_back),
    })
}

fn effect(market: &Market, last: &Act) -> Effect {
    match last {
        Act::Void(VoidReason::MatchChanged) => Effect::Withdrawn,
        Act::Void(_) => Effect::Voided,
        Act::Decide(_) => Effect::Settles,
        Act::Tell(_) => Effect::NeedsPerson,
        Act::MoveLock { state, .. } => match (market.state, state) {
            (MarketState::Open, MarketState::Locked) => Effect::Locks,
            (MarketState::Locked, MarketState::Open) => Effect::Reopens,
            _ => Effect::LockMoves,
        },
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::{MatchNews, MatchState, Template, life, matches::Sides, samples, template};

    fn touched(news: &MatchNews, markets: &[Market], now: DateTime<Utc>) -> Vec<Touched> {
        let known = samples::known();
        let sides = Sides::of(Some(&known), news);
        let plan = life::plan(Some(&known), news, sides.as_ref(), markets, now);
        super::touched(news.match_id, &plan, markets, now)
    }

    /// The market of who wins, with stakes on the first answer.
    fn staked(state: MarketState) -> Market {
        let mut market = Market { pool: Points(300), ..samples::market(state) };
        market.outcomes[0].pool = Points(300);
        for (outcome, team) in market.outcomes.iter_mut().zip([samples::team(1), samples::team(2)]) {
            outcome.key = team.code;
        }
        market
    }

    /// What becomes of that market three hours before its match: its effect, what goes back, and since when the late go back.
    fn fate(news: &MatchNews, market: &Market) -> Option<(Effect, i64, Option<DateTime<Utc>>)> {
        let now = samples::noon() - TimeDelta::hours(3);
        let touched = touched(news, std::slice::from_ref(market), now);
        let touched = touched.into_iter().find(|touched| touched.market_id == market.market_id)?;
        assert_eq!(touched.pool, Points(300));
        Some((touched.effect, touched.given_back.0, touched.late_from))
    }

    #[test]
    fn a_change_says_what_becomes_of_a_market_and_what_goes_back() {
        let (open, news) = (staked(MarketState::Open), samples::news());
        let hours = |hours| samples::noon() + TimeDelta::hours(hours);
        assert_eq!(fate(&news, &open), None);
        let moved = MatchNews { starts_at: hours(1), ..news.clone() };
        assert_eq!(fate(&moved, &open), Some((Effect::LockMoves, 0, None)));
        let slipped = MatchNews { starts_at: hours(-4), ..news.clone() };
        assert_eq!(fate(&slipped, &open), Some((Effect::Locks, 0, Some(hours(-4)))));
        let locked = Market { lock_at: hours(-4), ..staked(MarketState::Locked) };
        assert_eq!(fate(&moved, &locked), Some((Effect::Reopens, 0, None)));
        let others = MatchNews { teams: Some([samples::team(1), samples::team(3)]), ..news.clone() };
        assert_eq!(fate(&others, &open), Some((Effect::Withdrawn, 300, None)));
        let cancelled = MatchNews { state: MatchState::Cancelled, ..news };
        assert_eq!(fate(&cancelled, &open), Some((Effect::Voided, 300, None)));
    }

    #[test]
    fn a_result_pays_what_was_bet_on_it_and_gives_back_what_nobody_bet_on() {
        let open = staked(MarketState::Open);
        let early = samples::noon() - TimeDelta::hours(5);
        let result =
            |wins| MatchNews { state: MatchState::Completed, wins, starts_at: early, ..samples::news() };
        assert_eq!(fate(&result([2, 0]), &open), Some((Effect::Settles, 0, Some(early))));
        assert_eq!(fate(&result([0, 2]), &open), Some((Effect::Settles, 300, None)));
        let mut decided = Market { lock_at: early, ..staked(MarketState::Locked) };
        decided.decided_outcome_id = Some(decided.outcomes[0].outcome_id);
        assert_eq!(fate(&result([2, 1]), &decided), None);
        assert_eq!(fate(&result([0, 2]), &decided), Some((Effect::NeedsPerson, 0, None)));
    }

    #[test]
    fn what_opens_is_told_with_the_id_that_it_will_have() {
        let now = samples::noon() - TimeDelta::hours(3);
        let touched = touched(&samples::news(), &[staked(MarketState::Open)], now);
        let opened: Vec<_> = touched.iter().map(|touched| (touched.effect, touched.pool)).collect();
        assert_eq!(opened, [(Effect::Opens, Points::ZERO); 3]);
        let asked_before = [(Template::MatchWinner, 1), (Template::ExactScore, 0), (Template::TotalSets, 0)];
        let of = samples::news().match_id;
        let ids = asked_before.map(|(template, before)| template::market_id(of, template, before));
        assert!(touched.iter().all(|touched| ids.contains(&touched.market_id)), "{touched:?}");
    }
}
