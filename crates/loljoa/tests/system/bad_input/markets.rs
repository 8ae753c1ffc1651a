use loljoa_service_kit::ids;
use serde_json::{Value, json};

use super::{Unchanged, refused};
use crate::{
    promises,
    support::{App, Cup, api::Market, eventually},
};

#[tokio::test]
async fn settlements_that_cannot_be() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let (open, settled) = (cup.game().await, cup.game().await);
    let (faker, chovy) = (app.sign_up("faker").await, app.sign_up("chovy").await);
    faker.bet(&settled.winner, "T1", 500).await;
    chovy.bet(&settled.winner, "GEN", 500).await;
    cup.settle(&settled.winner, "T1").await;
    cup.admin().void(settled.score.market_id).await.ok::<Value>();
    cup.until(&settled.score, "void").await;
    promises::all_hold(&app.db).await;

    let unchanged = Unchanged::from_here(&app).await;
    let outcome = |market: &Market, key: &str| market.outcome(key).outcome_id;
    let (foreign, unknown) = (outcome(&open.score, "2-0"), ids::fresh());
    let admin = cup.admin();
    let other = admin.settle(settled.winner.market_id, outcome(&settled.winner, "GEN")).await;
    refused("another outcome", &other, 409, "already_settled", &[]);
    for outcome_id in [foreign, unknown] {
        let reply = admin.settle(settled.winner.market_id, outcome_id).await;
        refused("foreign outcome", &reply, 400, "outcome_not_in_market", &["outcomeId"]);
    }
    let reply = admin.settle(open.winner.market_id, outcome(&open.winner, "T1")).await;
    refused("open market", &reply, 409, "market_open", &[]);
    assert_eq!(admin.settle(settled.score.market_id, outcome(&settled.score, "2-0")).await.status, 409);
    assert_eq!(admin.void(settled.winner.market_id).await.status, 409);
    refused("unknown market", &admin.void(unknown).await, 404, "market_not_found", &[]);
    unchanged.so_far().await;
}

#[tokio::test]
async fn admins_ask_and_settle_questions_of_their_own() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let market = cup.admin().ask(game.match_id).await;
    let [blue, red] = &market.outcomes[..] else { panic!("two answers: {market:?}") };
    let faker = app.sign_up("faker").await;
    faker.bet(&market, &blue.key, 500).await;
    cup.admin().result(game.match_id, 2, 0).await.ok::<Value>();
    cup.until(&game.winner, "void").await;
    assert_eq!(cup.until(&market, "locked").await.pool, 500, "a result does not answer what an admin asked");
    let reply = cup.admin().settle(market.market_id, red.outcome_id).await;
    assert!(["voiding", "void"].contains(&reply.ok::<Market>().state.as_str()));
    cup.until(&market, "void").await;
    promises::all_hold(&app.db).await;
    assert_eq!(faker.me().await.points, 1_500);
}

#[tokio::test]
async fn users_are_no_admins() {
    let app = App::start().await;
    let game = Cup::of(&app).await.game().await;
    let faker = app.sign_up("faker").await;
    faker.me().await;
    let unchanged = Unchanged::from_here(&app).await;
    let (market, outcome_id) = (game.winner.market_id, game.winner.outcome("T1").outcome_id);
    let result = json!({ "team1Wins": 2, "team2Wins": 0 });
    for (path, body) in [
        (format!("/api/betting/markets/{market}/lock"), json!({})),
        (format!("/api/betting/markets/{market}/settle"), json!({ "outcomeId": outcome_id })),
        (format!("/api/betting/markets/{market}/void"), json!({})),
        ("/api/betting/markets".to_owned(), json!({})),
        (format!("/api/league/matches/{}/result", game.match_id), result),
        ("/api/league/import".to_owned(), json!({})),
        ("/api/betting/block".to_owned(), json!({})),
    ] {
        refused(&path, &faker.http.post(&path, &body).await, 403, "admin_required", &[]);
        assert_eq!(app.http.post(&path, &body).await.status, 401, "{path}");
    }
    unchanged.so_far().await;
}

#[tokio::test]
async fn a_result_that_flips_after_settlement_is_reported_and_not_followed() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let (faker, chovy) = (app.sign_up("faker").await, app.sign_up("chovy").await);
    faker.bet(&game.winner, "T1", 500).await;
    chovy.bet(&game.winner, "GEN", 250).await;
    cup.admin().result(game.match_id, 2, 0).await.ok::<Value>();
    cup.until(&game.winner, "settled").await;
    cup.admin().result(game.match_id, 0, 2).await.ok::<Value>();
    let incident = eventually("the incident", async || {
        let page: Value = cup.admin().http.get("/api/betting/incidents").await.ok();
        page["items"].as_array().unwrap().iter().find(|it| it["kind"] == "result_changed").cloned()
    })
    .await;
    assert_eq!(incident["matchId"], game.match_id.to_string());
    assert_eq!(cup.look(&game.winner).await.settled_outcome_id, Some(game.winner.outcome("T1").outcome_id));
    promises::all_hold(&app.db).await;
    assert_eq!((faker.me().await.points, chovy.me().await.points), (1_750, 1_250));

    let path = format!("/api/betting/markets/{}/correct", game.winner.market_id);
    let right = json!({ "outcomeId": game.winner.outcome("GEN").outcome_id });
    cup.admin().http.post(&path, &right).await.ok::<Value>();
    cup.admin().http.post(&path, &right).await.ok::<Value>();
    eventually("the correction", async || (chovy.me().await.points == 1_250 + 750).then_some(())).await;
    assert_eq!(faker.me().await.points, 1_750, "nobody is clawed back");
    promises::all_hold(&app.db).await;
}
