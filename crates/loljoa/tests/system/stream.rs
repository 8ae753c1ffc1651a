//! What the event stream tells while a market lives.

use serde_json::Value;

use crate::support::{App, Cup, Events};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_follows_a_market_from_bet_to_payout() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let (faker, chovy) = (app.sign_up("faker").await, app.sign_up("chovy").await);
    let path = format!("/api/betting/stream?matchId={}", game.match_id);
    let mut public = Events::open(&app.http, &path).await;
    let mut own = Events::open(&faker.http, &path).await;
    let winner = |data: &Value| data["marketId"] == game.winner.market_id.to_string();
    let present = public.find(|name, data| name == "market" && winner(data)).await;
    assert_eq!((&present["state"], &present["pool"]), (&"open".into(), &0.into()));
    // Once a first bet is told, the stream of own bets is known to run.
    own.find(|name, _| name == "market").await;

    let bet = faker.bet(&game.winner, "T1", 600).await;
    chovy.bet(&game.winner, "GEN", 400).await;
    let full = public.find(|name, data| name == "market" && winner(data) && data["pool"] == 1_000).await;
    let t1 = full["outcomes"].as_array().unwrap().iter().find(|outcome| outcome["key"] == "T1").unwrap();
    assert_eq!(
        (&t1["odds"], &t1["bettors"], &t1["topBettor"]["username"]),
        (&1.66.into(), &1.into(), &"faker".into())
    );

    cup.settle(&game.winner, "T1").await;
    public.find(|name, data| name == "market" && winner(data) && data["state"] == "settled").await;
    let told = own.find(|name, _| name == "settled").await;
    let told = (&told["betId"], &told["state"], &told["returned"]);
    assert_eq!(told, (&bet.bet_id.to_string().into(), &"won".into(), &1_000.into()));

    let mut late = Events::open(&app.http, &path).await;
    let present = late.find(|name, data| name == "market" && winner(data)).await;
    assert_eq!(present["state"], "settled", "after a reconnect the present state comes first");
}
