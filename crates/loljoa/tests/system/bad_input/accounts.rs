use serde_json::{Value, json};

use super::{Unchanged, refused};
use crate::support::{App, Bettor, PASSWORD};

#[tokio::test]
async fn usernames_and_passwords_that_cannot_be() {
    let app = App::start().await;
    app.sign_up("Faker").await;
    let unchanged = Unchanged::from_here(&app).await;
    let long = "a".repeat(10_000);
    for username in [
        "ab",
        "",
        "a\u{0}bc",
        "fa\nker",
        "fa\u{a0}ker",
        "fa\u{2003}ker",
        "fa\u{200b}ker",
        "fаker", // а is Cyrillic
        "fa ker",
        "fa-ker",
        "Ｆaker",
        "twenty_one_characters",
        &long,
    ] {
        let reply = sign_up(&app, username, PASSWORD).await;
        let problem = reply.problem();
        assert_eq!(
            (problem.status, problem.fields()),
            (400, vec!["username"]),
            "{username:?}: {}",
            reply.text
        );
    }
    for password in ["short", "", &"p".repeat(129), &long] {
        let reply = sign_up(&app, "newcomer", password).await;
        let problem = reply.problem();
        assert_eq!((problem.status, problem.fields()), (400, vec!["password"]), "{}", reply.text);
    }
    for taken in ["Faker", "faker", "FAKER"] {
        let reply = sign_up(&app, taken, PASSWORD).await;
        refused(taken, &reply, 409, "username_taken", &["username"]);
    }
    unchanged.so_far().await;
    sign_up(&app, "페이커_1", PASSWORD).await.ok::<Value>();
}

#[tokio::test]
async fn unknown_users_and_wrong_passwords_are_told_the_same() {
    let app = App::start().await;
    Bettor::sign_up(&app.http, "faker").await;
    let log_in = |username: &'static str, password: &'static str| {
        let http = app.http.clone();
        async move {
            http.post("/api/account/login", &json!({ "username": username, "password": password })).await
        }
    };
    let (wrong, unknown) =
        (log_in("faker", "not the password").await, log_in("nobody", "not the password").await);
    assert_eq!(wrong.refusal(), (401, "invalid_credentials".to_owned()));
    assert_eq!(wrong.text, unknown.text);
    log_in("FAKER", PASSWORD).await.ok::<Value>();
}

async fn sign_up(app: &App, username: &str, password: &str) -> crate::support::Reply {
    app.http.post("/api/account/signup", &json!({ "username": username, "password": password })).await
}
