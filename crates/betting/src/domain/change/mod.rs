//! What a change of a match does to the questions that are asked of it.
//!
//! | what changed | who wins | set score, number of sets | an admin's own |
//! | --- | --- | --- | --- |
//! | the length | stays | withdrawn, asked anew | stays |
//! | a team | withdrawn, asked anew | withdrawn, asked anew | withdrawn |
//! | a team is to be decided again | withdrawn, asked anew once it is known | the same | stays |
//! | the start, the block, which side is which | stays | stays | stays |
//!
//! Withdrawn is void: every stake goes back. What has been decided or settled is not withdrawn; a person is told. Asked anew is
//! what can still be bet on, in a market of its own.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{MarketId, MatchId, Slot};

use super::{
    Market, MarketState, MatchNews, MatchState, Template, VoidReason,
    matches::Sides,
    template::{self, MarketDraft, Question},
};

/// What is asked of a match once it has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// Markets whose question is asked no more, or otherwise.
    pub(crate) withdraw: Vec<MarketId>,
    /// Markets to open.
    pub(crate) open: Vec<MarketDraft>,
}

impl Change {
    /// What `news` asks of a match that has these `markets`, at `now` by the database's clock.
    #[must_use]
    pub(crate) fn of(
        news: &MatchNews,
        sides: Option<&Sides>,
        markets: &[Market],
        now: DateTime<Utc>,
    ) -> Self {
        if matches!(news.state, MatchState::Forfeited | MatchState::Cancelled) {
            return Self::default();
        }
        let questions =
            sides.map(|sides| template::questions(news.best_of, &sides.teams)).unwrap_or_default();
        let is_withdrawn = |market: &&Market| is_withdrawn(market, sides, &questions);
        let withdraw: Vec<_> = markets.iter().filter(is_withdrawn).map(|market| market.market_id).collect();
        let can_be_asked = news.state == MatchState::Scheduled && news.starts_at > now;
        let others = sides.is_some_and(|sides| sides.are_others);
        let questions = if can_be_asked { questions } else { Vec::new() };
        let open = open(news.match_id, questions, markets, &withdraw, others);
        Self { withdraw, open }
    }

    /// What a contest with this id asks that has these `markets`.
    #[must_use]
    pub(crate) fn of_contest(
        id: MatchId,
        question: Option<Question>,
        markets: &[Market],
        can_be_asked: bool,
    ) -> Self {
        let is_asked = |market: &Market| question.as_ref().is_some_and(|it| it.is_asked_by(market));
        let is_withdrawn = |market: &&Market| {
            let waits_again = question.is_none() && market.is_decided();
            market.template != Template::Custom && !is_void(market) && !is_asked(market) && !waits_again
        };
        let withdraw: Vec<_> = markets.iter().filter(is_withdrawn).map(|market| market.market_id).collect();
        let questions = question.into_iter().filter(|_| can_be_asked).collect();
        let open = open(id, questions, markets, &withdraw, false);
        Self { withdraw, open }
    }
}

/// Markets for questions that can still be bet on, where there is none that asks them. `others` play than before.
fn open(
    id: MatchId,
    questions: Vec<Question>,
    markets: &[Market],
    withdraw: &[MarketId],
    others: bool,
) -> Vec<MarketDraft> {
    let new = questions.into_iter().filter_map(|question| {
        let of_template = markets.iter().filter(|market| market.template == question.template).count();
        let latest =
            of_template.checked_sub(1).map(|before| template::market_id(id, question.template, before));
        let latest = latest
            .and_then(|latest| markets.iter().find(|market| Slot::is_made_of(market.market_id.0, latest.0)));
        let is_new = latest.is_none_or(|latest| {
            let leaves = withdraw.contains(&latest.market_id) && !latest.is_decided();
            leaves || is_void(latest) && (others || may_be_asked_again(latest, &question))
        });
        is_new.then(|| question.into_draft(id, of_template))
    });
    new.collect()
}

const fn is_void(market: &Market) -> bool {
    matches!(market.state, MarketState::Voiding | MarketState::Void)
}

/// Whether a market that is not void asks what is asked no more, or otherwise.
fn is_withdrawn(market: &Market, sides: Option<&Sides>, questions: &[Question]) -> bool {
    if is_void(market) {
        return false;
    }
    let is_custom = market.template == Template::Custom;
    let Some(sides) = sides else {
        return !is_custom && !market.is_decided();
    };
    let is_asked = questions.iter().any(|question| question.is_asked_by(market));
    sides.are_others || !is_custom && !is_asked
}

/// Whether a question whose market is void can have another one: the match ended the market and not a person, or it asked about other
/// teams or for other answers.
fn may_be_asked_again(market: &Market, question: &Question) -> bool {
    match market.void_reason {
        Some(VoidReason::MatchChanged | VoidReason::Cancelled | VoidReason::Forfeit) => true,
        Some(VoidReason::Admin | VoidReason::NoWinningStake) | None => !question.is_that_of(market),
    }
}

#[cfg(test)]
mod tests;
