//! The defects of 2022: each happened, none may come back.

use chrono::{TimeDelta, Utc};
use loljoa_service_kit::{Clock, ids};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};

use crate::{
    promises,
    support::{
        App, Checksums, Cup, PASSWORD, Reply,
        api::{Account, Bet, Market},
        eventually,
    },
};

#[tokio::test]
async fn a_stake_above_the_balance_is_refused() {
    let app = App::start().await;
    let game = Cup::of(&app).await.game().await;
    let faker = app.sign_up("faker").await;
    let before = faker.me().await;
    assert_eq!(before.points, 1_500);
    let refused = faker.try_bet(ids::fresh(), &game.winner, "T1", 1_501).await;
    assert_eq!(refused.refusal(), (409, "insufficient_points".to_owned()));
    faker.bet(&game.winner, "T1", 1_500).await;
    let refused = faker.try_bet(ids::fresh(), &game.winner, "T1", 100).await;
    assert_eq!(refused.refusal(), (409, "insufficient_points".to_owned()));
    assert_eq!(faker.me().await.points, 0);
    promises::all_hold(&app.db).await;
}

#[tokio::test]
async fn a_negative_stake_is_refused() {
    let app = App::start().await;
    let game = Cup::of(&app).await.game().await;
    let faker = app.sign_up("faker").await;
    for stake in [-500, -1, i64::MIN] {
        let refused = faker.try_bet(ids::fresh(), &game.winner, "T1", stake).await;
        assert_eq!((refused.status, refused.problem().fields()), (400, vec!["stake"]));
    }
    assert_eq!(faker.me().await.points, 1_500);
}

#[tokio::test]
async fn nobody_bets_for_another_account() {
    let app = App::start().await;
    let game = Cup::of(&app).await.game().await;
    let (faker, thief) = (app.sign_up("faker").await, app.sign_up("thief").await);
    let outcome_id = game.winner.outcome("T1").outcome_id;
    let market_id = game.winner.market_id;
    for field in ["accountId", "username", "account_id", "userId"] {
        let body =
            json!({ "marketId": market_id, "outcomeId": outcome_id, "stake": 500, field: faker.account_id });
        assert_eq!(thief.bet_with(&body).await.status, 400, "{field}");
    }
    let bet = faker.bet(&game.winner, "T1", 500).await;
    assert_eq!(thief.see(bet.bet_id).await.status, 404);
    assert_eq!(thief.cancel(bet.bet_id).await.status, 404);
    assert_eq!((faker.me().await.points, thief.me().await.points), (1_000, 1_500));
    assert_eq!(thief.bets().await, []);
}

#[tokio::test]
async fn the_database_holds_nothing_that_logs_in() {
    let app = App::start().await;
    let credentials = json!({ "username": "faker", "password": PASSWORD });
    let reply = app.http.post("/api/account/signup", &credentials).await;
    let refresh_token = refresh_cookie(&reply);
    let token = reply.ok::<Value>()["accessToken"].as_str().unwrap().to_owned();
    for (service, pool) in app.db.each() {
        let everything = dump(pool).await;
        assert!(!everything.is_empty());
        for secret in [PASSWORD, &refresh_token, &token] {
            assert!(!everything.contains(secret), "{service}'s database holds {secret}");
        }
    }
}

/// Every row of every table as text.
async fn dump(pool: &PgPool) -> String {
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
            .fetch_all(pool)
            .await
            .unwrap();
    let mut all = String::new();
    for table in tables {
        let rows = format!("SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM {table} t");
        let rows: String = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_one(pool).await.unwrap();
        all.push_str(&rows);
    }
    all
}

fn refresh_cookie(reply: &Reply) -> String {
    let cookie = reply.headers["set-cookie"].to_str().unwrap();
    for part in ["HttpOnly", "Secure", "SameSite=Strict"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let value = cookie.strip_prefix("loljoa_refresh=").unwrap();
    value.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_username_in_a_cookie_is_nobody() {
    let app = App::start().await;
    let faker = app.sign_up("faker").await;
    for cookie in [
        "username=faker".to_owned(),
        "loljoa_refresh=faker".to_owned(),
        format!("loljoa_refresh={}", faker.account_id),
        format!("loljoa_refresh={}", faker.token),
    ] {
        let me = app.http.request(reqwest::Method::GET, "/api/account/me").header("Cookie", &cookie);
        assert_eq!(Reply::to(me).await.status, 401, "{cookie}");
        let refresh =
            app.http.request(reqwest::Method::POST, "/api/account/refresh").header("Cookie", &cookie);
        assert_eq!(Reply::to(refresh).await.status, 401, "{cookie}");
    }
}

#[tokio::test]
async fn no_get_changes_anything() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let faker = app.sign_up("faker").await;
    let bet = faker.bet(&game.winner, "T1", 500).await;
    // The grant of the day is claimed by the day's first request, whatever that is.
    faker.me().await;
    cup.admin().http.get("/api/account/me").await.ok::<Account>();
    promises::all_hold(&app.db).await;

    let before = Checksums::of(&app.db).await;
    let document: Value = app.http.get("/api/openapi.json").await.ok();
    let tournament =
        app.http.get("/api/league/tournaments").await.ok::<Value>()["items"][0]["tournamentId"].clone();
    let mut called = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        if operations.get("get").is_none() || path.ends_with("/stream") {
            continue;
        }
        let path = path
            .replace("{matchId}", &game.match_id.to_string())
            .replace("{marketId}", &game.winner.market_id.to_string())
            .replace("{betId}", &bet.bet_id.to_string())
            .replace("{service}", "betting");
        let query = match &*path {
            "/api/league/standings" => format!("?tournament={}", tournament.as_str().unwrap()),
            "/api/account/users" => "?username=faker".to_owned(),
            _ => String::new(),
        };
        let is_for_admins = operations["get"]["x-access"] == "admin";
        let http = if is_for_admins { &cup.admin().http } else { &faker.http };
        let reply = http.get(&format!("{path}{query}")).await;
        assert!(reply.status == 200 || path.ends_with("/hello"), "{path}: {}", reply.text);
        called += 1;
    }
    assert!(called >= 14, "only {called} routes are read");
    let none: [&str; 0] = [];
    assert_eq!(Checksums::of(&app.db).await.changed_since(&before), none);
}

#[tokio::test]
async fn no_bet_is_taken_after_the_start() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let faker = app.sign_up("faker").await;
    app.fund(faker.account_id, 1_000_000).await;
    let start = Clock::system().now() + TimeDelta::seconds(6);
    let game = cup.game_at(start).await;
    faker.bet(&game.winner, "T1", 100).await;
    let refused = eventually("the start", async || {
        let reply = faker.try_bet(ids::fresh(), &game.winner, "T1", 100).await;
        (reply.status != 201).then_some(reply)
    })
    .await;
    assert_eq!(refused.refusal(), (409, "market_locked".to_owned()));
    let last: chrono::DateTime<Utc> =
        sqlx::query_scalar("SELECT max(recorded_at) FROM bets WHERE state <> 'refunded'")
            .fetch_one(&app.db.betting)
            .await
            .unwrap();
    assert!(last < start);
    assert_eq!(faker.try_bet(ids::fresh(), &game.winner, "GEN", 100).await.status, 409);
    cup.until(&game.winner, "locked").await;
    promises::all_hold(&app.db).await;
}

#[tokio::test]
async fn a_market_settles_only_once() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let (faker, chovy) = (app.sign_up("faker").await, app.sign_up("chovy").await);
    faker.bet(&game.winner, "T1", 500).await;
    chovy.bet(&game.winner, "GEN", 300).await;
    cup.settle(&game.winner, "T1").await;
    promises::all_hold(&app.db).await;
    let before = Checksums::of(&app.db).await;

    let outcome = |key| game.winner.outcome(key).outcome_id;
    let again: Market = cup.admin().settle(game.winner.market_id, outcome("T1")).await.ok();
    assert_eq!(again.settled_outcome_id, Some(outcome("T1")));
    let other = cup.admin().settle(game.winner.market_id, outcome("GEN")).await;
    assert_eq!(other.status, 409, "{}", other.text);
    assert_eq!(cup.admin().void(game.winner.market_id).await.status, 409);
    promises::all_hold(&app.db).await;
    let none: [&str; 0] = [];
    assert_eq!(Checksums::of(&app.db).await.changed_since(&before), none);
    assert_eq!((faker.me().await.points, chovy.me().await.points), (1_800, 1_200));
}

#[tokio::test]
async fn a_settled_bet_cannot_be_cancelled() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let (faker, chovy) = (app.sign_up("faker").await, app.sign_up("chovy").await);
    let (won, lost) = (faker.bet(&game.winner, "T1", 500).await, chovy.bet(&game.winner, "GEN", 300).await);
    cup.settle(&game.winner, "T1").await;
    for (bettor, bet) in [(&faker, &won), (&chovy, &lost)] {
        assert_eq!(bettor.cancel(bet.bet_id).await.status, 409);
    }
    promises::all_hold(&app.db).await;
    assert_eq!((faker.me().await.points, chovy.me().await.points), (1_800, 1_200));
}

#[tokio::test]
async fn no_point_is_lost_to_a_division() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let winners = [app.sign_up("zeus").await, app.sign_up("oner").await, app.sign_up("keria").await];
    for winner in &winners {
        winner.bet(&game.winner, "T1", 100).await;
    }
    app.sign_up("chovy").await.bet(&game.winner, "GEN", 700).await;
    cup.settle(&game.winner, "T1").await;
    // A third of 1,000 each; the point left over goes to the earliest of equals.
    let mut points = Vec::new();
    for winner in &winners {
        points.push(winner.me().await.points);
    }
    assert_eq!(points, [1_400 + 334, 1_400 + 333, 1_400 + 333]);
    promises::all_hold(&app.db).await;
}

#[tokio::test]
async fn the_pool_comes_back_when_nobody_picked_the_winner() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let (faker, chovy) = (app.sign_up("faker").await, app.sign_up("chovy").await);
    let bet = faker.bet(&game.score, "2-0", 500).await;
    chovy.bet(&game.score, "0-2", 777).await;
    cup.admin().result(game.match_id, 2, 1).await.ok::<Value>();
    let market = cup.until(&game.score, "void").await;
    assert_eq!(market.void_reason.as_deref(), Some("no_winning_stake"));
    promises::all_hold(&app.db).await;
    assert_eq!((faker.me().await.points, chovy.me().await.points), (1_500, 1_500));
    let bet: Bet = faker.see(bet.bet_id).await.ok();
    assert_eq!((bet.state.as_str(), bet.returned), ("void", 500));
}
