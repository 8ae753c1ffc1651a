//! What a match's change does to its markets, and to who has bet.

use chrono::TimeDelta;
use loljoa_proto::{
    betting::v1::{BetState, Market, MarketEffect, MarketState, Template, TouchedMarket},
    league_schedule::v1::Match,
};
use loljoa_service_kit::{AccountId, ErrorCode};
use sqlx::PgPool;

use crate::harness::{Bet, Fixture, Game, World, eventually};

impl World {
    /// The market of a template that takes bets, once there is one.
    async fn open_market(&self, fixture: &Fixture, template: Template) -> Market {
        eventually(async || {
            let markets = self.markets_of(fixture).await;
            let is_open =
                |market: &Market| market.template() == template && market.state() == MarketState::Open;
            markets.into_iter().find(is_open)
        })
        .await
    }

    /// Where a bet stands and what it has returned.
    async fn fate(&self, account: AccountId, bet_id: &str) -> (BetState, i64) {
        let bet = self.betting().get(account, bet_id).await.unwrap();
        (bet.state(), bet.returned)
    }

    /// A bet of 100 on the first answer of each market of a match.
    async fn bet_on_all(&self, game: &Game, account: AccountId) -> [String; 3] {
        let mut bets = Vec::new();
        for (market, key) in [(&game.winner, "T1"), (&game.score, "2-0"), (&game.sets, "2")] {
            bets.push(self.betting().bet(&Bet::on(market, key, account, 100)).await.bet_id);
        }
        bets.try_into().unwrap()
    }
}

#[sqlx::test]
async fn another_length_gives_stakes_on_scores_and_sets_back_and_asks_anew(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let [winner, score, sets] = world.bet_on_all(&game, account).await;
    let longer = game.fixture.of_length(5);
    world.feed.say(longer.scheduled(2));
    for market in [&game.score, &game.sets] {
        assert_eq!(world.until(market, MarketState::Void).await.void_reason, "match_changed");
    }
    world.until_delivered().await;
    assert_eq!(world.fate(account, &score).await, (BetState::Void, 100));
    assert_eq!(world.fate(account, &sets).await, (BetState::Void, 100));
    assert_eq!(world.fate(account, &winner).await, (BetState::Accepted, 0));
    let anew = world.open_market(&longer, Template::ExactScore).await;
    let keys: Vec<_> = anew.outcomes.iter().map(|outcome| outcome.key.as_str()).collect();
    assert_eq!(keys, ["3-0", "3-1", "3-2", "2-3", "1-3", "0-3"]);
    let bet = world.betting().bet(&Bet::on(&anew, "3-1", account, 100)).await;
    world.feed.say(longer.completed(3, [3, 1]));
    world.until(&anew, MarketState::Settled).await;
    world.until(&game.winner, MarketState::Settled).await;
    world.until_delivered().await;
    assert_eq!(world.fate(account, &bet.bet_id).await, (BetState::Won, 100));
    assert_eq!(world.betting().incidents().await, []);
    assert_eq!(world.points(account).await, 1_000);
    world.end().await;
}

#[sqlx::test]
async fn another_team_gives_every_stake_back_and_asks_anew(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let bets = world.bet_on_all(&game, account).await;
    let other = game.fixture.against("DK");
    world.feed.say(other.scheduled(2));
    for market in [&game.winner, &game.score, &game.sets] {
        world.until(market, MarketState::Void).await;
    }
    world.until_delivered().await;
    for bet in &bets {
        assert_eq!(world.fate(account, bet).await, (BetState::Void, 100));
    }
    let anew = world.open_market(&other, Template::MatchWinner).await;
    world.betting().bet(&Bet::on(&anew, "DK", account, 100)).await;
    world.feed.say(other.completed(3, [0, 2]));
    world.until(&anew, MarketState::Settled).await;
    world.until_delivered().await;
    assert_eq!(world.betting().incidents().await, []);
    assert_eq!(world.points(account).await, 1_000);
    world.end().await;
}

#[sqlx::test]
async fn a_team_that_is_to_be_decided_again_leaves_no_market_open(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    world.bet_on_all(&game, account).await;
    world.feed.say(Match { team2: None, ..game.fixture.scheduled(2) });
    for market in [&game.winner, &game.score, &game.sets] {
        world.until(market, MarketState::Void).await;
    }
    world.until_delivered().await;
    assert_eq!(world.points(account).await, 1_000);
    world.feed.say(game.fixture.scheduled(3));
    world.open_market(&game.fixture, Template::TotalSets).await;
    assert_eq!(world.markets_of(&game.fixture).await.len(), 6);
    world.end().await;
}

#[sqlx::test]
async fn a_start_that_slips_into_the_past_and_back_takes_no_bet_away(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let before = world.now().await;
    let bets = world.bet_on_all(&game, account).await;
    world.feed.say(game.fixture.moved(2, before - TimeDelta::days(365)));
    world.until(&game.winner, MarketState::Locked).await;
    world.feed.say(game.fixture.moved(3, before - TimeDelta::days(30)));
    world.feed.say(game.fixture.moved(4, game.fixture.starts_at));
    let market = world.until(&game.winner, MarketState::Open).await;
    assert_eq!(market.pool, 100);
    world.until_delivered().await;
    for bet in &bets {
        assert_eq!(world.fate(account, bet).await, (BetState::Accepted, 0));
    }
    world.end().await;
}

#[sqlx::test]
async fn a_match_that_has_begun_before_its_markets_were_asked_gives_every_stake_back(pool: PgPool) {
    let world = World::start(&pool).await;
    let start = world.now().await - TimeDelta::hours(1);
    let game = world.game().await;
    let account = world.account("faker").await;
    let bets = world.bet_on_all(&game, account).await;
    world.feed.say(game.fixture.moved(2, start));
    world.until(&game.winner, MarketState::Locked).await;
    world.feed.say(game.fixture.begun(3, start));
    world.until_heard().await;
    world.until_delivered().await;
    for bet in &bets {
        assert_eq!(world.fate(account, bet).await, (BetState::Refunded, 100));
    }
    assert_eq!(world.betting().market(&game.winner.market_id).await.pool, 0);
    world.end().await;
}

#[sqlx::test]
async fn a_change_after_the_end_is_left_to_a_person(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    world.bet_on_all(&game, account).await;
    world.feed.say(game.fixture.completed(2, [2, 0]));
    world.until(&game.score, MarketState::Settled).await;
    world.until(&game.sets, MarketState::Settled).await;
    let longer = game.fixture.of_length(5);
    world.feed.say(longer.completed(3, [3, 0]));
    world.until_heard().await;
    let mut incidents = world.betting().incidents().await;
    incidents.retain(|incident| incident.message.contains("another length"));
    assert_eq!(incidents.len(), 2);
    assert_eq!(world.points(account).await, 1_000);
    world.end().await;
}

#[sqlx::test]
async fn what_a_preview_tells_of_a_change_comes_true(pool: PgPool) {
    use MarketEffect::{LockMoves, Locks, Opens, Voided, Withdrawn};

    let world = World::start(&pool).await;
    let before = world.now().await - TimeDelta::hours(1);
    for n in 0..6 {
        let game = world.game().await;
        let account = world.account(&format!("faker{n}")).await;
        world.bet_on_all(&game, account).await;
        let fixture = &game.fixture;
        let later = fixture.starts_at + TimeDelta::hours(2);
        let (change, mut effects, back) = match n {
            0 => (fixture.moved(2, later), vec![LockMoves; 3], 0),
            1 => (fixture.of_length(5).scheduled(2), vec![Withdrawn, Withdrawn, Opens, Opens], 200),
            2 => (fixture.against("DK").scheduled(2), [[Withdrawn; 3], [Opens; 3]].concat(), 300),
            3 => (Match { team2: None, ..fixture.scheduled(2) }, vec![Withdrawn; 3], 300),
            4 => (fixture.cancelled(2), vec![Voided; 3], 300),
            _ => (fixture.begun(2, before), vec![Locks; 3], 300),
        };
        let standing = world.markets_of(fixture).await;
        let touched = world.betting().preview(std::slice::from_ref(&change)).await.unwrap();
        assert_eq!(world.markets_of(fixture).await, standing, "a preview changes nothing");
        let mut told: Vec<_> = touched.iter().map(TouchedMarket::effect).collect();
        told.sort_unstable();
        effects.sort_unstable();
        assert_eq!(told, effects, "change {n}");
        assert_eq!(touched.iter().map(|market| market.given_back).sum::<i64>(), back, "change {n}");

        world.feed.say(change.clone());
        world.until_heard().await;
        world.until_delivered().await;
        assert_eq!(world.points(account).await, 700 + back, "change {n}");
        for market in touched.iter().filter(|market| market.effect() == Opens) {
            assert_eq!(world.betting().market(&market.market_id).await.state(), MarketState::Open);
        }
        assert_eq!(world.betting().preview(&[change]).await, Ok(vec![]), "change {n}: once is enough");
    }
    let none = world.betting().preview(&[]).await.unwrap_err();
    assert_eq!((none.code, none.reason.as_str()), (ErrorCode::Invalid, "matches_out_of_range"));
    world.end().await;
}

#[sqlx::test]
async fn a_preview_of_a_result_tells_what_is_paid_and_what_a_person_has_to_look_at(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    world.bet_on_all(&game, account).await;
    let result = game.fixture.completed(2, [2, 0]);
    let paid = world.betting().preview(std::slice::from_ref(&result)).await.unwrap();
    let told: Vec<_> = paid.iter().map(|market| (market.effect(), market.pool, market.given_back)).collect();
    assert_eq!(told, [(MarketEffect::Settles, 100, 0); 3]);
    world.feed.say(result);
    world.until_heard().await;
    world.until_delivered().await;
    let other = game.fixture.completed(3, [0, 2]);
    let contradicted = world.betting().preview(std::slice::from_ref(&other)).await.unwrap();
    let told: Vec<_> = contradicted.iter().map(|market| (market.effect(), market.given_back)).collect();
    assert_eq!(told, [(MarketEffect::NeedsPerson, 0); 2], "as many sets were played");
    world.end().await;
}
