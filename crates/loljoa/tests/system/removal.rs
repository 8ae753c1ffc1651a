//! What becomes of bets when a match that never was is removed.

use chrono::TimeDelta;
use loljoa_service_kit::Clock;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    promises,
    support::{
        App, Bettor, Cup, Game, Http,
        api::{Market, Match, Page},
        eventually, fixture, season,
    },
};

fn path(match_id: Uuid) -> String {
    format!("/api/league/matches/{match_id}")
}

async fn look(http: &Http, match_id: Uuid) -> Value {
    http.get(&path(match_id)).await.ok()
}

/// Every market of the match, as it ended.
async fn void(cup: &Cup, game: &Game) -> Vec<Option<String>> {
    let mut reasons = Vec::new();
    for market in [&game.winner, &game.score, &game.sets] {
        reasons.push(cup.until(market, "void").await.void_reason);
    }
    reasons
}

#[tokio::test]
async fn a_match_with_stakes_is_not_removed_and_one_without_is_and_comes_back() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let faker = app.sign_up("faker").await;
    let bet = faker.bet(&game.winner, "T1", 500).await;
    let admin = &cup.admin().http;
    let before = look(admin, game.match_id).await;
    let refused = admin.delete(&path(game.match_id)).await.problem();
    assert_eq!((refused.status, refused.code.as_str()), (409, "match_has_stakes"));
    assert_eq!(look(admin, game.match_id).await, before);
    let stands = cup.look(&game.winner).await;
    assert_eq!((stands.state.as_str(), stands.pool), ("open", 500));
    // Nobody else may, and says nothing of stakes.
    assert_eq!(faker.http.delete(&path(game.match_id)).await.status, 403);

    // Taken back, nothing is staked any more.
    faker.http.delete(&format!("/api/betting/bets/{}", bet.bet_id)).await.ok::<Value>();
    eventually("the pool without the bet", async || (cup.look(&game.winner).await.pool == 0).then_some(()))
        .await;
    for _ in 0..2 {
        let done: Value = admin.delete(&path(game.match_id)).await.ok();
        assert_eq!((&done["removed"]["state"], &done["kept"]), (&"cancelled".into(), &Value::Null));
    }
    assert_eq!(admin.get(&path(game.match_id)).await.refusal(), (404, "match_unknown".to_owned()));
    assert_eq!(void(&cup, &game).await, ["cancelled"; 3].map(|reason| Some(reason.to_owned())));

    let starts_at = before["startsAt"].as_str().unwrap().parse().unwrap();
    let report: Value = cup.admin().import(&season(&[fixture("1970-01-02", starts_at)])).await.ok();
    let back = report["lines"].as_array().unwrap().last().unwrap();
    assert_eq!((&back["action"], &back["message"]), (&"changed".into(), &"is no longer removed".into()));
    assert_eq!(look(admin, game.match_id).await["state"], "scheduled");
    let asked_anew = eventually("the markets that are asked anew", async || {
        let path = format!("/api/betting/markets?matchId={}", game.match_id);
        let markets: Page<Market> = admin.get(&path).await.ok();
        markets.items.into_iter().find(|market| market.template == "match_winner" && market.state == "open")
    })
    .await;
    faker.bet(&asked_anew, "T1", 300).await;
    assert_eq!(admin.delete(&path(game.match_id)).await.status, 409);
    promises::all_hold(&app.db).await;
}

#[tokio::test]
async fn of_a_double_one_stays_with_the_result_and_pays_while_what_was_paid_is_not_removed() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let tomorrow = Clock::system().now() + TimeDelta::days(1);
    let (right, wrong) = (cup.game_at(tomorrow).await, cup.game_at(tomorrow + TimeDelta::hours(3)).await);
    let (faker, chovy) = (app.sign_up("faker").await, app.sign_up("chovy").await);
    faker.bet(&right.winner, "T1", 400).await;
    chovy.bet(&right.winner, "GEN", 600).await;
    let admin = &cup.admin().http;
    let suspects: Value = admin.get("/api/league/suspects").await.ok();
    let [suspect] = suspects["items"].as_array().unwrap().as_slice() else { panic!("one: {suspects}") };
    assert_eq!(
        (&suspect["kind"], &suspect["removeId"]),
        (&"same_pair".into(), &wrong.match_id.to_string().into())
    );
    let told = |place: usize| {
        let of = &suspect["matches"][place];
        let numbers = ["markets", "pool", "givenBack"].map(|name| of[name].as_i64().unwrap());
        (of["match"]["matchId"].as_str().unwrap().parse::<Uuid>().unwrap(), numbers)
    };
    assert_eq!(told(0), (right.match_id, [3, 1_000, 1_000]));
    assert_eq!(told(1), (wrong.match_id, [3, 0, 0]));
    let [staked] = suspect["matches"][0]["staked"].as_array().unwrap().as_slice() else {
        panic!("one: {suspect}")
    };
    assert_eq!(staked["marketId"], right.winner.market_id.to_string());
    assert_eq!((&staked["pool"], &staked["bettors"]), (&1_000.into(), &2.into()));
    let stake = |bettor: &Bettor, points: i64| json!({ "accountId": bettor.account_id, "username": bettor.username, "points": points });
    assert_eq!(staked["stakes"], json!([stake(&chovy, 600), stake(&faker, 400)]));
    assert_eq!(suspect["matches"][1]["staked"], json!([]));
    assert_eq!(faker.http.get("/api/league/suspects").await.status, 403);

    // The wrong one has the result, and nobody has bet on it.
    cup.admin().result(wrong.match_id, 2, 0).await.ok::<Match>();
    assert_eq!(void(&cup, &wrong).await[0].as_deref(), Some("no_winning_stake"));
    let no_double = format!("{}?inFavourOf={}", path(wrong.match_id), wrong.match_id);
    assert_eq!(admin.delete(&no_double).await.refusal(), (400, "no_double".to_owned()));
    let query = format!("{}?inFavourOf={}", path(wrong.match_id), right.match_id);
    let done: Value = admin.delete(&query).await.ok();
    assert_eq!((&done["kept"]["state"], &done["kept"]["team1Wins"]), (&"completed".into(), &2.into()));
    cup.until(&right.winner, "settled").await;
    eventually("the payout", async || (faker.me().await.points == 2_100).then_some(())).await;
    assert_eq!(chovy.me().await.points, 900);
    let suspects: Value = admin.get("/api/league/suspects").await.ok();
    assert!(suspects["items"].as_array().unwrap().iter().all(|it| it["kind"] != "same_pair"), "{suspects}");

    // What was paid by a result is staked for good.
    let refused = admin.delete(&path(right.match_id)).await.refusal();
    assert_eq!(refused, (409, "match_has_stakes".to_owned()));
    promises::all_hold(&app.db).await;
}
