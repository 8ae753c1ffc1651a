use chrono::TimeDelta;
use uuid::Uuid;

use super::*;
use crate::domain::{
    MatchNews,
    matches::KnownMatch,
    samples::{self, noon, outcome, team},
};

const OF_MATCH: [Template; 3] = [Template::MatchWinner, Template::ExactScore, Template::TotalSets];

/// A match, what is known of it, and its markets.
struct Game {
    known: KnownMatch,
    markets: Vec<Market>,
}

fn news(best_of: u8, teams: Option<[u128; 2]>) -> MatchNews {
    MatchNews { best_of, teams: teams.map(|teams| teams.map(team)), ..samples::news() }
}

fn market(draft: &MarketDraft) -> Market {
    Market {
        market_id: draft.market_id,
        template: draft.template,
        question_en: draft.question_en.clone(),
        outcomes: draft.outcomes.iter().map(|drawn| outcome(drawn.outcome_id, &drawn.key)).collect(),
        ..samples::market(MarketState::Open)
    }
}

impl Game {
    /// A best of three between the first two teams, with its three markets and one that an admin asked.
    fn of_three() -> Self {
        let mut game = Self { known: samples::known(), markets: Vec::new() };
        game.hears(&news(3, Some([1, 2])));
        let custom = Market {
            market_id: MarketId(Uuid::from_u128(7)),
            template: Template::Custom,
            ..game.markets[0].clone()
        };
        game.markets.push(custom);
        game
    }

    fn change(&self, news: &MatchNews) -> Change {
        let sides = Sides::of(Some(&self.known), news);
        Change::of(news, sides.as_ref(), &self.markets, noon() - TimeDelta::hours(1))
    }

    /// Applies a change; answers the templates that were withdrawn and opened.
    fn hears(&mut self, news: &MatchNews) -> (Vec<Template>, Vec<Template>) {
        let change = self.change(news);
        let mut withdrawn = Vec::new();
        for market in self.markets.iter_mut().filter(|market| change.withdraw.contains(&market.market_id)) {
            withdrawn.push(market.template);
            (market.state, market.void_reason) = (MarketState::Void, Some(VoidReason::MatchChanged));
        }
        if let Some(sides) = Sides::of(Some(&self.known), news) {
            self.known.teams = Some(sides.ids());
        }
        self.markets.extend(change.open.iter().map(market));
        (withdrawn, change.open.iter().map(|draft| draft.template).collect())
    }

    /// How many markets of a template take bets.
    fn open(&self, template: Template) -> usize {
        let is_open = |market: &&Market| market.template == template && market.state == MarketState::Open;
        self.markets.iter().filter(is_open).count()
    }
}

#[test]
fn what_has_not_changed_stays() {
    let mut game = Game::of_three();
    for same in [news(3, Some([1, 2])), news(3, Some([2, 1]))] {
        assert_eq!(game.hears(&same), (vec![], vec![]));
    }
}

#[test]
fn another_length_asks_for_scores_and_sets_anew() {
    let mut game = Game::of_three();
    let asked = [Template::ExactScore, Template::TotalSets];
    assert_eq!(game.hears(&news(5, Some([1, 2]))), (asked.into(), asked.into()));
    assert_eq!(game.hears(&news(3, Some([1, 2]))), (asked.into(), asked.into()));
    // A best of one has a score, and one number of sets.
    assert_eq!(game.hears(&news(1, Some([1, 2]))), (asked.into(), vec![Template::ExactScore]));
    assert_eq!(game.hears(&news(3, Some([1, 2]))), (vec![Template::ExactScore], asked.into()));
    assert_eq!(OF_MATCH.map(|template| game.open(template)), [1, 1, 1]);
    let mut ids: Vec<_> = game.markets.iter().map(|market| market.market_id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), game.markets.len());
}

#[test]
fn another_team_asks_everything_anew_but_what_an_admin_asked() {
    let mut game = Game::of_three();
    let (withdrawn, opened) = game.hears(&news(3, Some([1, 3])));
    assert_eq!(withdrawn, [OF_MATCH.as_slice(), &[Template::Custom]].concat());
    assert_eq!(opened, OF_MATCH);
    assert_eq!(game.hears(&news(3, Some([3, 1]))), (vec![], vec![]));
}

#[test]
fn a_team_that_is_to_be_decided_again_leaves_nothing_to_bet_on_until_it_is_known() {
    for after in [[1, 2], [1, 3]] {
        let mut game = Game::of_three();
        assert_eq!(game.hears(&news(3, None)), (OF_MATCH.into(), vec![]));
        assert_eq!(game.hears(&news(3, None)), (vec![], vec![]));
        assert_eq!(game.hears(&news(3, Some(after))).1, OF_MATCH);
    }
}

#[test]
fn nothing_is_asked_anew_once_the_match_may_have_begun() {
    let game = Game::of_three();
    let begun = MatchNews { state: MatchState::InProgress, ..news(5, Some([1, 2])) };
    let passed = MatchNews { starts_at: noon() - TimeDelta::hours(2), ..news(5, Some([1, 2])) };
    for late in [begun, passed] {
        let change = game.change(&late);
        assert_eq!((change.withdraw.len(), change.open.len()), (2, 0));
    }
}

#[test]
fn what_an_admin_has_voided_stays_void_until_it_asks_otherwise() {
    let mut game = Game::of_three();
    for market in &mut game.markets {
        (market.state, market.void_reason) = (MarketState::Void, Some(VoidReason::Admin));
    }
    assert_eq!(game.hears(&news(3, Some([1, 2]))), (vec![], vec![]));
    assert_eq!(game.hears(&news(5, Some([1, 2]))).1, [Template::ExactScore, Template::TotalSets]);
    assert_eq!(game.hears(&news(5, Some([1, 3]))).1, OF_MATCH);
}

#[test]
fn other_teams_are_asked_about_also_when_the_start_is_moved_after_they_have_changed() {
    let mut game = Game::of_three();
    for market in &mut game.markets {
        (market.state, market.void_reason) = (MarketState::Void, Some(VoidReason::Admin));
    }
    let passed = noon() - TimeDelta::hours(2);
    let late = MatchNews { starts_at: passed, ..news(3, Some([1, 3])) };
    assert_eq!(game.hears(&late), (vec![], vec![]));
    assert_eq!(game.hears(&news(3, Some([1, 3]))).1, OF_MATCH);
}

#[test]
fn a_match_that_is_on_again_is_asked_about_again() {
    let mut game = Game::of_three();
    assert_eq!(game.change(&MatchNews { state: MatchState::Cancelled, ..news(3, None) }), Change::default());
    for market in &mut game.markets {
        (market.state, market.void_reason) = (MarketState::Void, Some(VoidReason::Cancelled));
    }
    assert_eq!(game.hears(&news(3, Some([1, 2]))).1, OF_MATCH);
}

#[test]
fn what_is_settled_is_named_and_not_asked_again() {
    let mut game = Game::of_three();
    for market in &mut game.markets {
        market.state = MarketState::Settled;
    }
    // Whoever applies it finds that it cannot be withdrawn, and tells.
    let change = game.change(&news(5, Some([1, 2])));
    assert_eq!((change.withdraw.len(), change.open.len()), (2, 0));
    assert_eq!(game.change(&news(3, None)), Change::default());
    assert_eq!(game.change(&news(3, Some([1, 3]))).open, []);
}
