//! A match from its first mention to the last payment.

use loljoa_proto::betting::v1::{BetState, MarketState};
use sqlx::PgPool;

use crate::harness::{Bet, World};

#[sqlx::test]
async fn a_match_is_opened_bet_on_settled_and_paid_to_the_point(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let (faker, chovy) = (world.account("faker").await, world.account("chovy").await);

    let on_t1 = world.betting().bet(&Bet::on(&game.winner, "T1", faker, 300)).await;
    let on_gen = world.betting().bet(&Bet::on(&game.winner, "GEN", chovy, 700)).await;
    assert_eq!((on_t1.placed_odds_hundredths, on_gen.placed_odds_hundredths), (100, 142));
    assert_eq!((world.points(faker).await, world.points(chovy).await), (700, 300));

    world.feed.say(game.fixture.in_progress(2));
    world.feed.say(game.fixture.completed(3, [2, 1]));
    let settled = world.until(&game.winner, MarketState::Settled).await;
    assert_eq!(settled.settled_outcome_id, game.winner.outcomes[0].outcome_id);
    world.until(&game.score, MarketState::Void).await;

    let won = world.betting().get(faker, &on_t1.bet_id).await.unwrap();
    assert_eq!((won.state(), won.returned), (BetState::Won, 1_000));
    let lost = world.betting().get(chovy, &on_gen.bet_id).await.unwrap();
    assert_eq!((lost.state(), lost.returned), (BetState::Lost, 0));
    let (winner, loser) = (world.look(faker).await, world.look(chovy).await);
    assert_eq!((winner.points, winner.staked, winner.profit), (1_700, 0, 700));
    assert_eq!((loser.points, loser.staked, loser.profit), (300, 0, -700));
    world.end().await;
}
