//! Watching markets and bets.

use loljoa_proto::betting::v1::{
    BetState, Market, MarketState, WatchBetsRequest, WatchBetsResponse, WatchMarketsRequest,
    WatchMarketsResponse,
};
use loljoa_service_kit::{AccountId, MatchId};
use sqlx::PgPool;
use tonic::Streaming;

use crate::harness::{Bet, World};

async fn watch_markets(world: &World, matches: &[MatchId]) -> Streaming<WatchMarketsResponse> {
    let match_ids = matches.iter().map(ToString::to_string).collect();
    let request = WatchMarketsRequest { match_ids };
    world.betting().betting.clone().watch_markets(request).await.unwrap().into_inner()
}

async fn watch_bets(world: &World, account: AccountId) -> Streaming<WatchBetsResponse> {
    let request = WatchBetsRequest { account_id: account.to_string() };
    world.betting().betting.clone().watch_bets(request).await.unwrap().into_inner()
}

/// Reads until a market is as `wanted`.
async fn until(stream: &mut Streaming<WatchMarketsResponse>, wanted: impl Fn(&Market) -> bool) -> Market {
    loop {
        let market = stream.message().await.unwrap().unwrap().market.unwrap();
        if wanted(&market) {
            return market;
        }
    }
}

#[sqlx::test]
async fn a_watcher_sees_the_present_state_first_and_then_each_change(pool: PgPool) {
    let world = World::start(&pool).await;
    let (game, other) = (world.game().await, world.game().await);
    let account = world.account("faker").await;
    world.betting().bet(&Bet::on(&game.winner, "T1", account, 100)).await;
    let mut stream = watch_markets(&world, &[game.fixture.match_id]).await;
    for _ in 0..3 {
        let market = stream.message().await.unwrap().unwrap().market.unwrap();
        assert_eq!(market.match_id, game.fixture.match_id.to_string());
    }
    world.betting().bet(&Bet::on(&other.winner, "T1", account, 100)).await;
    world.betting().bet(&Bet::on(&game.winner, "GEN", account, 300)).await;
    let changed = until(&mut stream, |market| market.pool == 400).await;
    assert_eq!(changed.match_id, game.fixture.match_id.to_string());
    assert_eq!(changed.outcomes[0].odds_hundredths, Some(400));
    world.feed.say(game.fixture.completed(2, [2, 0]));
    let mut settled =
        until(&mut stream, |m| m.market_id == game.winner.market_id && m.state() == MarketState::Settled)
            .await;
    assert_eq!(settled.outcomes.remove(0).outcome_id, settled.settled_outcome_id);
    drop(stream);

    // After a reconnect the present state comes first, also of what is over.
    let mut again = watch_markets(&world, &[game.fixture.match_id]).await;
    until(&mut again, |m| m.market_id == game.winner.market_id && m.state() == MarketState::Settled).await;
    world.end().await;
}

#[sqlx::test]
async fn a_watcher_of_nothing_in_particular_sees_markets_that_open(pool: PgPool) {
    let world = World::start(&pool).await;
    let mut stream = watch_markets(&world, &[]).await;
    let game = world.game().await;
    until(&mut stream, |market| market.market_id == game.sets.market_id).await;
    world.end().await;
}

#[sqlx::test]
async fn an_account_is_told_what_happens_to_its_bets_and_to_no_others(pool: PgPool) {
    let mut world = World::start(&pool).await;
    world.add_replica(|_| {}).await;
    let game = world.game().await;
    let (faker, chovy) = (world.account("faker").await, world.account("chovy").await);
    let mut stream = watch_bets(&world, faker).await;
    let mut next = async || {
        let bet = stream.message().await.unwrap().unwrap().bet.unwrap();
        (bet.bet_id.clone(), bet.state())
    };
    // Placed at another replica.
    world.replica(1).bet(&Bet::on(&game.winner, "T1", chovy, 100)).await;
    let first = world.replica(1).bet(&Bet::on(&game.winner, "T1", faker, 100)).await;
    assert_eq!(next().await, (first.bet_id.clone(), BetState::Accepted));
    world.replica(1).cancel(faker, &first.bet_id).await.unwrap();
    assert_eq!(next().await, (first.bet_id, BetState::Cancelled));
    let second = world.betting().bet(&Bet::on(&game.winner, "GEN", faker, 100)).await;
    assert_eq!(next().await, (second.bet_id.clone(), BetState::Accepted));
    world.feed.say(game.fixture.completed(2, [2, 0]));
    assert_eq!(next().await, (second.bet_id, BetState::Lost));
    world.end().await;
}

#[sqlx::test]
async fn a_replica_that_stops_ends_its_streams(pool: PgPool) {
    let mut world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let mut markets = watch_markets(&world, &[game.fixture.match_id]).await;
    let mut bets = watch_bets(&world, account).await;
    world.add_replica(|_| {}).await;
    world.stop_first_replica().await;
    while let Ok(Some(_)) = markets.message().await {}
    assert!(!matches!(bets.message().await, Ok(Some(_))));
    world.end().await;
}
