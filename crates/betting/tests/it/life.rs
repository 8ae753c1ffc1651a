//! What happens to markets when something happens to their match.

use chrono::TimeDelta;
use loljoa_proto::{
    betting::v1::{BetState, MarketState},
    league_schedule::v1::Match,
};
use sqlx::PgPool;

use crate::harness::{Bet, Fixture, World};

#[sqlx::test]
async fn a_start_that_moves_earlier_refunds_the_bets_behind_it(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let before = world.betting().bet(&Bet::on(&game.winner, "T1", account, 100)).await;
    let lock = world.now().await;
    let after = world.betting().bet(&Bet::on(&game.winner, "GEN", account, 200)).await;
    world.feed.say(game.fixture.moved(2, lock));
    let market = world.until(&game.winner, MarketState::Locked).await;
    world.until_delivered().await;
    let market = world.betting().market(&market.market_id).await;
    assert_eq!(world.betting().get(account, &before.bet_id).await.unwrap().state(), BetState::Accepted);
    assert_eq!(world.betting().get(account, &after.bet_id).await.unwrap().state(), BetState::Refunded);
    assert_eq!((market.pool, market.outcomes[1].pool, market.outcomes[1].bettors), (100, 0, 0));
    assert_eq!(world.points(account).await, 900);
    world.end().await;
}

#[sqlx::test]
async fn a_start_that_moves_later_opens_the_market_again(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let now = world.now().await;
    world.feed.say(game.fixture.moved(2, now));
    world.until(&game.winner, MarketState::Locked).await;
    world.feed.say(game.fixture.moved(3, now + TimeDelta::hours(2)));
    world.until(&game.winner, MarketState::Open).await;
    world.betting().bet(&Bet::on(&game.winner, "T1", account, 100)).await;
    world.end().await;
}

#[sqlx::test]
async fn a_start_that_moves_earlier_does_not_open_what_an_admin_has_locked(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let locked = world.betting().lock(&game.winner).await.unwrap();
    world.feed.say(game.fixture.moved(2, game.fixture.starts_at - TimeDelta::minutes(10)));
    world.until_heard().await;
    let market = world.betting().market(&game.winner.market_id).await;
    assert_eq!((market.state(), market.lock_at), (MarketState::Locked, locked.lock_at));
    world.end().await;
}

#[sqlx::test]
async fn a_match_that_starts_early_locks_its_markets_at_once(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let bet = world.betting().bet(&Bet::on(&game.winner, "T1", account, 100)).await;
    world.feed.say(game.fixture.in_progress(2));
    world.until(&game.winner, MarketState::Locked).await;
    let refused = world.betting().cancel(account, &bet.bet_id).await.unwrap_err();
    assert_eq!(refused.reason, "cancel_window_closed");
    world.end().await;
}

#[sqlx::test]
async fn a_market_locks_by_itself_when_its_time_comes(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game_in(TimeDelta::milliseconds(1_500)).await;
    world.until(&game.winner, MarketState::Locked).await;
    world.end().await;
}

#[sqlx::test]
async fn a_match_first_seen_over_or_started_has_no_markets(pool: PgPool) {
    let world = World::start(&pool).await;
    let now = world.now().await;
    let fixture = Fixture::new(now, TimeDelta::hours(-1));
    world.feed.say(fixture.completed(1, [2, 0]));
    let started = Fixture::new(now, TimeDelta::hours(1));
    world.feed.say(started.in_progress(1));
    world.until_heard().await;
    assert_eq!(world.markets_of(&fixture).await, []);
    assert_eq!(world.markets_of(&started).await, []);
    world.end().await;
}

#[sqlx::test]
async fn a_cancelled_match_gives_every_stake_back(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let bet = world.betting().bet(&Bet::on(&game.score, "2-1", account, 700)).await;
    world.feed.say(game.fixture.cancelled(2));
    let market = world.until(&game.score, MarketState::Void).await;
    assert_eq!(market.void_reason, "cancelled");
    let bet = world.betting().get(account, &bet.bet_id).await.unwrap();
    assert_eq!((bet.state(), bet.returned), (BetState::Void, 700));
    assert_eq!(world.points(account).await, 1_000);
    world.end().await;
}

#[sqlx::test]
async fn a_change_that_comes_twice_or_out_of_order_changes_nothing(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    world.betting().bet(&Bet::on(&game.winner, "T1", account, 100)).await;
    world.feed.say(game.fixture.completed(3, [2, 0]));
    world.feed.say(game.fixture.completed(3, [2, 0]));
    world.feed.say(game.fixture.scheduled(2));
    world.feed.say(game.fixture.forfeited(1));
    world.until_heard().await;
    world.until(&game.winner, MarketState::Settled).await;
    assert_eq!(world.betting().incidents().await, []);
    world.end().await;
}

#[sqlx::test]
async fn a_result_that_changes_after_settlement_is_reported_once_and_changes_nothing(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let (faker, chovy) = (world.account("faker").await, world.account("chovy").await);
    world.betting().bet(&Bet::on(&game.winner, "T1", faker, 100)).await;
    world.betting().bet(&Bet::on(&game.winner, "GEN", chovy, 100)).await;
    world.feed.say(game.fixture.completed(2, [2, 0]));
    world.until(&game.winner, MarketState::Settled).await;
    world.feed.say(game.fixture.completed(3, [0, 2]));
    world.feed.say(game.fixture.completed(3, [0, 2]));
    world.until_heard().await;
    let incidents = world.betting().incidents().await;
    let about = |market: &str| incidents.iter().filter(|incident| incident.market_id == market).count();
    assert_eq!(about(&game.winner.market_id), 1);
    assert!(incidents.iter().all(|incident| incident.kind == "result_changed"));
    assert_eq!((world.points(faker).await, world.points(chovy).await), (1_100, 900));
    world.end().await;
}

#[sqlx::test]
async fn a_result_that_cannot_be_waits(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    world.betting().bet(&Bet::on(&game.winner, "T1", account, 100)).await;
    world.feed.say(game.fixture.completed(2, [1, 1]));
    world.until_heard().await;
    world.until(&game.winner, MarketState::Locked).await;
    world.feed.say(game.fixture.completed(3, [1, 2]));
    world.until(&game.winner, MarketState::Void).await;
    world.end().await;
}

#[sqlx::test]
async fn a_revision_that_cannot_be_read_is_left_to_a_person_and_holds_up_nothing(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let strange = Match { team1_wins: -1, ..game.fixture.completed(2, [2, 0]) };
    world.feed.say(strange.clone());
    world.feed.say(strange);
    world.feed.say(Match { match_id: "T1–GEN".into(), ..game.fixture.scheduled(7) });
    let next = world.game().await;
    assert_eq!(world.betting().market(&next.winner.market_id).await.state(), MarketState::Open);
    let incidents = world.betting().incidents().await;
    let kinds: Vec<_> = incidents.iter().map(|incident| incident.kind.as_str()).collect();
    assert_eq!(kinds, ["match_unreadable", "match_unreadable"]);
    assert_eq!(incidents[1].match_id, game.fixture.match_id.to_string());
    assert!(incidents[1].message.contains("revision 2"), "{}", incidents[1].message);
    world.end().await;
}
