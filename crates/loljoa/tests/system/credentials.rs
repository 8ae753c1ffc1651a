//! Credentials that are taken back, and how soon nothing is to be had for them any more.

use loljoa_service_kit::ids;
use serde_json::{Value, json};

use crate::support::{
    App, Bettor, Cup, PASSWORD, Reply,
    api::{Bet, Market},
    eventually,
};

const NEW: &str = "hide on bush 2026";

async fn log_in(app: &App, password: &str) -> Reply {
    app.http.post("/api/account/login", &json!({ "username": "faker", "password": password })).await
}

async fn enter(app: &App, password: &str) -> Bettor {
    Bettor::from_session(&app.http, log_in(app, password).await.ok())
}

/// Waits until this token is taken no more, and sees that no bet is. Nobody waits for its own end, a quarter of an hour away.
async fn until_refused(bettor: &Bettor, market: &Market, code: &str) {
    eventually("the token's end", async || {
        (bettor.http.get("/api/account/me").await.status == 401).then_some(())
    })
    .await;
    let reply = bettor.try_bet(ids::fresh(), market, "T1", 100).await;
    assert_eq!(reply.refusal(), (401, code.to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_kept_out_bets_no_more_and_keeps_its_bets() {
    let app = App::start().await;
    let (faker, chovy) = (app.sign_up("faker").await, app.sign_up("chovy").await);
    let game = Cup::of(&app).await.game().await;
    let bet = faker.bet(&game.winner, "T1", 300).await;
    let admin = app.admin().await.http;
    let found: Value = admin.get("/api/account/users?username=FAKER").await.ok();
    assert_eq!(
        (&found["account"]["accountId"], &found["openSessions"]),
        (&json!(faker.account_id), &json!(1))
    );

    let desk = format!("/api/account/users/{}", faker.account_id);
    let disabled: Value = admin.post(&format!("{desk}/disable"), &json!({})).await.ok();
    assert!(disabled["disabledAt"].is_string());
    until_refused(&faker, &game.winner, "session_over").await;
    assert_eq!(log_in(&app, PASSWORD).await.refusal(), (403, "account_disabled".to_owned()));
    chovy.bet(&game.winner, "T1", 100).await;

    admin.post(&format!("{desk}/enable"), &json!({})).await.ok::<Value>();
    let back = enter(&app, PASSWORD).await;
    assert_eq!(back.see(bet.bet_id).await.ok::<Bet>().state, "accepted");
    back.bet(&game.winner, "T1", 100).await;
    admin.post(&format!("{desk}/sessions/end"), &json!({})).await.ok::<Value>();
    until_refused(&back, &game.winner, "session_over").await;
    enter(&app, PASSWORD).await.bet(&game.winner, "T1", 100).await;

    // The admins' log has what was done here and in the other services, page by page.
    let (mut log, mut query) = (Vec::new(), String::from("?limit=1"));
    loop {
        let page: Value = admin.get(&format!("/api/admin/actions{query}")).await.ok();
        log.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["nextCursor"].as_str() else { break };
        query = format!("?limit=1&cursor={next}");
    }
    let names: Vec<_> = log.iter().map(|action| action["action"].as_str().unwrap()).collect();
    assert_eq!(names, ["end_sessions", "enable_account", "disable_account", "import_season"]);
    for action in &log[..3] {
        let about = (&action["subjectAccountId"], &action["username"], &action["after"]["username"]);
        assert_eq!(about, (&json!(faker.account_id), &json!("admin"), &json!("faker")));
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_password_ends_what_was_opened_with_the_old_one() {
    let app = App::start().await;
    let faker = app.sign_up("faker").await;
    let game = Cup::of(&app).await.game().await;
    let passwords = json!({ "currentPassword": PASSWORD, "newPassword": NEW });
    let changed = faker.http.post("/api/account/password", &passwords).await;
    let fresh = Bettor::from_session(&app.http, changed.ok());
    fresh.bet(&game.winner, "T1", 100).await;
    until_refused(&faker, &game.winner, "session_over").await;
    assert_eq!(log_in(&app, PASSWORD).await.refusal(), (401, "invalid_credentials".to_owned()));

    let elsewhere = enter(&app, NEW).await;
    let ended: Value = fresh.http.post("/api/account/sessions/end", &json!({})).await.ok();
    assert_eq!(ended["ended"], 1);
    until_refused(&elsewhere, &game.winner, "session_over").await;
    fresh.bet(&game.winner, "T1", 100).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_key_lets_nobody_in_who_was_in_before() {
    let app = App::start().await;
    let faker = app.sign_up("faker").await;
    let game = Cup::of(&app).await.game().await;
    faker.bet(&game.winner, "T1", 100).await;
    sqlx::query("DELETE FROM signing_keys").execute(&app.db.account).await.unwrap();
    until_refused(&faker, &game.winner, "token_invalid").await;
    eventually("a token of another key", async || {
        let again = enter(&app, PASSWORD).await;
        (again.try_bet(ids::fresh(), &game.winner, "T1", 100).await.status == 201).then_some(())
    })
    .await;
    app.stop().await;
}
