//! Questions about whole stages of a tournament: who wins the bracket, who is first of the table. To its markets a contest is what
//! a match is to others: it begins, and ends with an answer or without.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{MatchId, TeamId};

use super::{
    Market, MatchState, Team, Template, VoidReason,
    change::Change,
    life::{self, Answer, Fate, Plan},
    matches::KnownMatch,
    template::Question,
};

/// A revision of a contest, as the feed brings it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ContestNews {
    /// Its markets have this as the id of their match; no match has it.
    pub(crate) id: MatchId,
    /// Counts its changes.
    pub(crate) revision: i64,
    /// Where it stands.
    pub(crate) state: MatchState,
    /// When its first match starts.
    pub(crate) starts_at: DateTime<Utc>,
    /// [`Template::Champion`] or [`Template::First`].
    pub(crate) asks: Template,
    /// What it is about, such as `LCK 2025 Playoffs`, or `LCK 2025 Groups, Legend`.
    pub(crate) about: String,
    /// Every team that can be the answer; empty while some are to be decided.
    pub(crate) candidates: Vec<Team>,
    /// The answer, once it is known.
    pub(crate) winner: Option<TeamId>,
}

impl ContestNews {
    /// What it asks; nothing while there are no two teams to choose from.
    fn question(&self) -> Option<Question> {
        if self.candidates.len() < 2 {
            return None;
        }
        let mut candidates: Vec<&Team> = self.candidates.iter().collect();
        candidates.sort_by(|a, b| a.code.cmp(&b.code));
        let answers =
            candidates.iter().map(|team| (team.code.clone(), team.name_en.clone(), team.name_ko.clone()));
        let words = match self.asks {
            Template::Champion => ["who wins it?", "우승팀"],
            _ => ["who is first?", "1위"],
        };
        Some(Question::new(self.asks, &self.about, words, answers.collect()))
    }

    fn fate(&self) -> Fate {
        match (self.state, self.winner) {
            (MatchState::Cancelled | MatchState::Forfeited, _) => Fate::Void(VoidReason::Cancelled),
            (MatchState::Completed, Some(winner)) => {
                let team = self.candidates.iter().find(|team| team.team_id == winner);
                Fate::Settle(Answer::Team(team.map_or_else(|| winner.to_string(), |team| team.code.clone())))
            }
            _ => Fate::Wait,
        }
    }
}

/// Decides what `news` means for these `markets` of its contest, at `now` by the database's clock.
#[must_use]
pub(crate) fn plan(
    known: Option<&KnownMatch>,
    news: &ContestNews,
    markets: &[Market],
    now: DateTime<Utc>,
) -> Plan {
    let ends_without = matches!(news.state, MatchState::Cancelled | MatchState::Forfeited);
    let change = if ends_without {
        Change::default()
    } else {
        let can_be_asked = news.state == MatchState::Scheduled && news.starts_at > now;
        Change::of_contest(news.id, news.question(), markets, can_be_asked)
    };
    Plan { change, lock: life::lock(known, news.state, news.starts_at, now), fate: news.fate() }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::{
        MarketState,
        acts::{Act, acts},
        samples::{self, noon, outcome, team},
    };

    fn news(state: MatchState, candidates: &[u128], winner: Option<u128>) -> ContestNews {
        ContestNews {
            id: samples::news().match_id,
            revision: 2,
            state,
            starts_at: noon(),
            asks: Template::Champion,
            about: "Cup Playoffs".into(),
            candidates: candidates.iter().map(|n| team(*n)).collect(),
            winner: winner.map(|n| team(n).team_id),
        }
    }

    fn planned(news: &ContestNews, markets: &[Market]) -> Plan {
        let known = KnownMatch { teams: None, ..samples::known() };
        plan(Some(&known), news, markets, noon() - TimeDelta::hours(1))
    }

    /// The market that a plan opens.
    fn opened(plan: &Plan) -> Market {
        let draft = &plan.change.open[0];
        let outcomes = draft.outcomes.iter().map(|drawn| outcome(drawn.outcome_id, &drawn.key));
        Market {
            market_id: draft.market_id,
            template: draft.template,
            outcomes: outcomes.collect(),
            ..samples::market(MarketState::Open)
        }
    }

    fn keys(market: &Market) -> Vec<&str> {
        market.outcomes.iter().map(|outcome| outcome.key.as_str()).collect()
    }

    #[test]
    fn a_contest_is_asked_once_its_candidates_are_known_and_before_it_begins() {
        let asked = planned(&news(MatchState::Scheduled, &[3, 1, 2], None), &[]);
        assert_eq!(keys(&opened(&asked)), ["T1", "T2", "T3"]);
        assert_eq!(asked.change.open[0].question_en, "Cup Playoffs: who wins it?");
        for unasked in [
            news(MatchState::Scheduled, &[], None),
            news(MatchState::Scheduled, &[1], None),
            news(MatchState::InProgress, &[1, 2], None),
            news(MatchState::Cancelled, &[1, 2], None),
            ContestNews {
                starts_at: noon() - TimeDelta::hours(2),
                ..news(MatchState::Scheduled, &[1, 2], None)
            },
        ] {
            assert_eq!(planned(&unasked, &[]).change, Change::default(), "{unasked:?}");
        }
    }

    #[test]
    fn other_candidates_withdraw_the_market_and_ask_anew_and_another_order_does_not() {
        let market = opened(&planned(&news(MatchState::Scheduled, &[1, 2, 3], None), &[]));
        let same = planned(&news(MatchState::Scheduled, &[2, 3, 1], None), std::slice::from_ref(&market));
        assert_eq!(same.change, Change::default());
        let other = planned(&news(MatchState::Scheduled, &[1, 2, 4], None), std::slice::from_ref(&market));
        assert_eq!(other.change.withdraw, [market.market_id]);
        assert_eq!(keys(&opened(&other)), ["T1", "T2", "T4"]);
        let unknown = planned(&news(MatchState::Scheduled, &[], None), std::slice::from_ref(&market));
        assert_eq!((unknown.change.withdraw.len(), unknown.change.open.len()), (1, 0));
    }

    #[test]
    fn a_contest_settles_on_its_winner_and_is_void_without_one() {
        let market = opened(&planned(&news(MatchState::Scheduled, &[1, 2, 3], None), &[]));
        let locked = Market { state: MarketState::Locked, lock_at: noon() - TimeDelta::hours(2), ..market };
        let done = |news: &ContestNews| {
            let plan = planned(news, std::slice::from_ref(&locked));
            acts(&plan, &locked, noon() + TimeDelta::hours(1))
        };
        let won = done(&news(MatchState::Completed, &[1, 2, 3], Some(3)));
        assert_eq!(won, [Act::Decide(locked.outcomes[2].outcome_id)]);
        let none = done(&news(MatchState::Cancelled, &[1, 2, 3], None));
        assert_eq!(none, [Act::Void(VoidReason::Cancelled)]);
        let stranger = done(&news(MatchState::Completed, &[1, 2, 3], Some(9)));
        assert!(matches!(&stranger[..], [Act::Tell(_)]), "{stranger:?}");
        assert_eq!(done(&news(MatchState::InProgress, &[1, 2, 3], None)), []);
    }

    #[test]
    fn a_contest_that_begins_locks_its_market() {
        let market = opened(&planned(&news(MatchState::Scheduled, &[1, 2], None), &[]));
        let now = noon() - TimeDelta::hours(1);
        let plan = planned(&news(MatchState::InProgress, &[1, 2], None), std::slice::from_ref(&market));
        assert_eq!(acts(&plan, &market, now), [Act::MoveLock { lock_at: now, state: MarketState::Locked }]);
    }

    #[test]
    fn a_contest_that_has_not_begun_after_all_takes_bets_again() {
        let market = opened(&planned(&news(MatchState::Scheduled, &[1, 2], None), &[]));
        let now = noon() - TimeDelta::hours(1);
        let locked = Market { state: MarketState::Locked, lock_at: noon() - TimeDelta::hours(2), ..market };
        let done = |before: MatchState, starts_at: DateTime<Utc>| {
            let known = KnownMatch { state: before, teams: None, ..samples::known() };
            let news = ContestNews { starts_at, ..news(MatchState::Scheduled, &[1, 2], None) };
            acts(&plan(Some(&known), &news, std::slice::from_ref(&locked), now), &locked, now)
        };
        for starts_at in [noon(), noon() - TimeDelta::minutes(1), noon() + TimeDelta::minutes(1)] {
            let opens = [Act::MoveLock { lock_at: starts_at, state: MarketState::Open }];
            assert_eq!(done(MatchState::InProgress, starts_at), opens, "{starts_at}");
        }
        assert_eq!(done(MatchState::Scheduled, noon()), [], "an admin's lock");
    }
}
