//! Two systems on one machine do not know of each other.

use crate::{
    promises,
    support::{App, Cup},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_systems_at_once_do_not_disturb_each_other() {
    let (one, two) = tokio::join!(App::start(), App::start());
    let (faker, namesake) = tokio::join!(one.sign_up("faker"), two.sign_up("faker"));
    let (mut cup, mut other_cup) = tokio::join!(Cup::of(&one), Cup::of(&two));
    let (game, same_game) = tokio::join!(cup.game(), other_cup.game());
    assert_eq!(game.winner.market_id, same_game.winner.market_id, "the same match has the same ids anywhere");

    faker.bet(&game.winner, "T1", 700).await;
    cup.settle(&game.winner, "T1").await;
    namesake.bet(&same_game.winner, "GEN", 300).await;

    assert_eq!(other_cup.look(&same_game.winner).await.pool, 300);
    assert_eq!((faker.me().await.points, namesake.me().await.points), (1_500, 1_200));
    let stranger = two.http.with_token(&faker.token).get("/api/account/me").await;
    assert_eq!(stranger.status, 401, "each system has keys of its own");
    promises::all_hold(&one.db).await;
    promises::all_hold(&two.db).await;
}
