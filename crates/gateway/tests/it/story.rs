//! The four services together, as a client sees them.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::{
    events::Events,
    header, key, problem,
    system::{Client, PASSWORD, System, answer, eventually},
};

fn season() -> Value {
    json!({
        "format": "loljoa-season/1",
        "teams": [
            {"code": "T1", "nameEn": "T1", "nameKo": "티원", "colour": "#E2012D"},
            {"code": "GEN", "nameEn": "Gen.G", "nameKo": "젠지", "colour": "#AA8A00"},
        ],
        "matches": [
            {"tournament": "LCK 2090 Spring", "block": "Week 1", "date": "2090-01-12", "slot": 1, "bestOf": 3,
             "team1": "T1", "team2": "GEN"},
        ],
    })
}

/// Status and code of a refusal; its words are for the service behind to choose.
async fn refusal(request: RequestBuilder) -> String {
    problem(request).await.split(" | ").next().unwrap().to_owned()
}

/// Brings the season in, and waits for the question who wins.
async fn who_wins(system: &System, admin: &Client<'_>) -> Value {
    let dry = admin.post("/api/league/import?dryRun=true", season()).await;
    assert_eq!((&dry["applied"], &dry["refused"]), (&json!(false), &json!(0)), "{dry}");
    assert_eq!(admin.post("/api/league/import", season()).await["applied"], true);
    let matches = system.get("/api/league/matches?week=1&team=t1&state=scheduled").await;
    let match_id = matches["items"][0]["matchId"].as_str().unwrap();
    assert_eq!(matches["items"][0]["team1"]["name"]["ko"], "티원");
    eventually(async || {
        let markets = system.get(&format!("/api/betting/markets?matchId={match_id}")).await;
        let markets = markets["items"].as_array().unwrap();
        markets.iter().find(|market| market["template"] == "match_winner").cloned()
    })
    .await
}

#[tokio::test]
async fn a_bet_from_sign_up_to_its_payout() {
    System::run(async |system| {
        let admin = system.admin().await;
        let market = who_wins(system, &admin).await;
        let (faker, chovy) = (system.sign_up("faker").await, system.sign_up("chovy").await);
        assert_eq!(faker.get("/api/account/me").await["points"], 1_500, "sign-up and the day's grant");
        let stream = format!("/api/betting/stream?matchId={}", market["matchId"].as_str().unwrap());
        let mut events = Events::open(faker.request(Method::GET, &stream)).await;
        events.find("market").await;

        let placed = answer(faker.bet(&key(), &market, 0, 500)).await;
        assert_eq!((&placed["state"], &placed["odds"]), (&json!("accepted"), &json!(1.0)), "{placed}");
        assert_eq!(events.find("accepted").await["betId"], placed["betId"]);
        let against = answer(chovy.bet(&key(), &market, 1, 300)).await;
        assert_eq!((&against["odds"], &against["potentialPayout"]), (&json!(2.66), &json!(800)));
        assert_eq!(against["market"]["outcomes"][0]["topBettor"]["username"], "faker");

        a_dry_run_tells_of_stakes(&admin, &market).await;
        settle(&admin, &market).await;
        let settled = events.find("settled").await;
        assert_eq!((&settled["state"], &settled["returned"]), (&json!("won"), &json!(800)));
        books_are_right(&faker, &chovy).await;
        all_is_written_down(&admin, &market).await;
    })
    .await;
}

/// The season again with another team, to see what that would do to the stakes.
async fn a_dry_run_tells_of_stakes(admin: &Client<'_>, market: &Value) {
    let mut other = season();
    other["teams"][1] = json!({"code": "DK", "nameEn": "DWG KIA", "nameKo": "담원", "colour": "#1EC9A3"});
    other["matches"][0]["team2"] = json!("DK");
    let dry = admin.post("/api/league/import?dryRun=true", other).await;
    assert_eq!((&dry["changed"], &dry["matchesLeftOut"]), (&json!(1), &json!(0)), "{dry}");
    let markets = dry["markets"].as_array().unwrap();
    let of = |effect: &str| markets.iter().filter(|market| market["effect"] == effect).count();
    assert_eq!((of("withdrawn"), of("opens"), markets.len()), (3, 3, 6), "{dry}");
    let staked = markets.iter().find(|touched| touched["marketId"] == market["marketId"]).unwrap();
    assert_eq!(
        (&staked["pool"], &staked["givenBack"], &staked["question"]),
        (&json!(800), &json!(800), &market["question"])
    );
    assert_eq!(staked["line"], dry["lines"][2]["line"], "the line of the match");
    let of = |stake: &Value| (stake["username"].clone(), stake["points"].clone());
    let told: Vec<_> = staked["stakes"].as_array().unwrap().iter().map(of).collect();
    assert_eq!(told, [(json!("faker"), json!(500)), (json!("chovy"), json!(300))]);
    let bettors: Vec<_> =
        markets.iter().map(|market| &market["bettors"]).filter(|count| **count != 0).collect();
    assert_eq!(bettors, [2], "nobody has staked on the others: {dry}");
    let stands = admin.get(&format!("/api/betting/markets/{}", market["marketId"].as_str().unwrap())).await;
    assert_eq!((&stands["state"], &stands["pool"]), (&json!("open"), &json!(800)));
}

/// Locks the market and settles it on its first outcome, and on no other.
async fn settle(admin: &Client<'_>, market: &Value) {
    let path =
        |action: &str| format!("/api/betting/markets/{}/{action}", market["marketId"].as_str().unwrap());
    let outcome = |number: usize| json!({"outcomeId": market["outcomes"][number]["outcomeId"]});
    assert_eq!(admin.post(&path("lock"), json!({})).await["state"], "locked");
    for _ in 0..2 {
        admin.post(&path("settle"), outcome(0)).await;
    }
    let other = admin.request(Method::POST, &path("settle")).json(&outcome(1));
    assert!(problem(other).await.starts_with("409 "), "settled on another outcome");
    let retried = admin.post("/api/betting/incidents/retry-owed", json!({})).await;
    assert_eq!(retried, json!({"payments": 0}), "nothing was refused");
    let open = admin.get("/api/betting/incidents?state=open").await;
    assert_eq!(open["items"], json!([]), "nothing needs a person");
    let path = format!("/api/betting/incidents/{}/resolve", key());
    let unknown = admin.request(Method::POST, &path).json(&json!({"note": "seen"}));
    assert_eq!(refusal(unknown).await, "404 incident_not_found");
    let silent = admin.request(Method::POST, &path).json(&json!({"note": ""}));
    assert_eq!(refusal(silent).await, "400 text_out_of_range");
}

/// What the admin did to the season and to the market is one list from two services, newest first, in pages of any size.
async fn all_is_written_down(admin: &Client<'_>, market: &Value) {
    for limit in 1..=4 {
        let (mut done, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = admin.get(&format!("/api/admin/actions?limit={limit}{cursor}")).await;
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= limit);
            done.extend(items.iter().map(|action| action["action"].as_str().unwrap().to_owned()));
            let Some(next) = page["nextCursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(done, ["settle_market", "lock_market", "import_season"], "{limit} at a time");
    }
    let newest = &admin.get("/api/admin/actions").await["items"][0];
    assert_eq!((&newest["username"], &newest["marketId"]), (&json!("admin"), &market["marketId"]));
    assert_eq!((&newest["matchId"], &newest["why"]), (&Value::Null, &Value::Null));
    assert_eq!((&newest["before"]["state"], &newest["after"]["outcome"]), (&json!("locked"), &json!("T1")));
    for query in ["cursor=x", "limit=0", "limit=101", "state=open"] {
        let bad = admin.request(Method::GET, &format!("/api/admin/actions?{query}"));
        assert!(problem(bad).await.starts_with("400 "), "{query}");
    }
}

/// Faker has won 300 points from Chovy.
async fn books_are_right(faker: &Client<'_>, chovy: &Client<'_>) {
    let me = eventually(async || {
        let me = faker.get("/api/account/me").await;
        (me["profit"] == 300).then_some(me)
    })
    .await;
    assert_eq!((&me["points"], &me["staked"], &me["rank"]), (&json!(1_800), &json!(0), &json!(1)));
    let won = &faker.get("/api/betting/bets?state=won").await["items"][0];
    assert_eq!((&won["returned"], &won["odds"]), (&json!(800), &Value::Null));
    let lines = faker.get("/api/account/me/transfers").await;
    let kinds: Vec<_> = lines["items"].as_array().unwrap().iter().map(|line| line["kind"].clone()).collect();
    assert_eq!(kinds, ["payout", "stake", "daily_grant", "signup_grant"]);
    let board = chovy.get("/api/account/leaderboard?limit=1").await;
    assert_eq!(
        (&board["items"][0]["username"], &board["own"]["username"]),
        (&json!("faker"), &json!("chovy"))
    );
}

#[tokio::test]
async fn one_key_is_one_bet_and_a_bad_bet_is_none() {
    System::run(async |system| {
        let market = who_wins(system, &system.admin().await).await;
        let faker = system.sign_up("faker").await;
        let first = key();
        let placed = answer(faker.bet(&first, &market, 0, 500)).await;
        let again = faker.bet(&first, &market, 0, 500).send().await.unwrap();
        assert_eq!((again.status().as_u16(), header(&again, "idempotent-replayed")), (201, "true"));
        assert_eq!(again.json::<Value>().await.unwrap()["betId"], placed["betId"]);
        let mut foreign = market.clone();
        foreign["outcomes"][0]["outcomeId"] = json!(key());
        let mut unknown = market.clone();
        unknown["marketId"] = json!(key());
        let answers = [
            refusal(faker.bet(&first, &market, 0, 600)).await,
            refusal(faker.bet(&key(), &market, 0, 5_000)).await,
            refusal(faker.bet(&key(), &market, 0, 99)).await,
            refusal(faker.bet(&key(), &market, 0, -500)).await,
            refusal(faker.bet(&key(), &foreign, 0, 500)).await,
            refusal(faker.bet(&key(), &unknown, 0, 500)).await,
        ];
        insta::assert_snapshot!(answers.join("\n"), @r"
        409 idempotency_key_reused
        409 insufficient_points
        400 stake_too_small
        400 stake_too_small
        400 outcome_not_in_market
        404 market_not_found
        ");
        assert_eq!(faker.get("/api/account/me").await["points"], 1_000, "only one stake was taken");
    })
    .await;
}

#[tokio::test]
async fn a_bet_is_taken_back_by_who_placed_it_and_nobody_else() {
    System::run(async |system| {
        let market = who_wins(system, &system.admin().await).await;
        let (faker, chovy) = (system.sign_up("faker").await, system.sign_up("chovy").await);
        let bet = answer(faker.bet(&key(), &market, 0, 500)).await;
        let path = format!("/api/betting/bets/{}", bet["betId"].as_str().unwrap());
        for method in [Method::GET, Method::DELETE] {
            assert!(problem(chovy.request(method, &path)).await.starts_with("404 "), "another's bet");
        }
        for _ in 0..2 {
            assert_eq!(answer(faker.request(Method::DELETE, &path)).await["state"], "cancelled");
        }
        eventually(async || (faker.get("/api/account/me").await["points"] == 1_500).then_some(())).await;
        let market = &faker.get(&path).await["market"];
        assert_eq!((&market["pool"], &market["outcomes"][0]["odds"]), (&json!(0), &Value::Null));
    })
    .await;
}

#[tokio::test]
async fn a_session_goes_on_by_its_cookie_until_its_end() {
    System::run(async |system| {
        let credentials = json!({"username": "페이커_1", "password": PASSWORD});
        let post = |path: &str| system.request(Method::POST, &format!("/api/account/{path}"));
        let response = post("signup").json(&credentials).send().await.unwrap();
        let cookie = header(&response, "set-cookie").split(';').next().unwrap().to_owned();
        let refreshed = post("refresh").header("cookie", &cookie).send().await.unwrap();
        let rotated = header(&refreshed, "set-cookie").split(';').next().unwrap().to_owned();
        assert_ne!(cookie, rotated);
        let session: Value = refreshed.json().await.unwrap();
        let me = system
            .request(Method::GET, "/api/account/me")
            .bearer_auth(session["accessToken"].as_str().unwrap());
        assert_eq!(answer(me).await["username"], "페이커_1");
        assert_eq!(post("logout").header("cookie", &rotated).send().await.unwrap().status(), 204);
        let answers = [
            refusal(post("refresh").header("cookie", &rotated)).await,
            refusal(post("signup").json(&credentials)).await,
            refusal(post("login").json(&json!({"username": "페이커_1", "password": "wrong horse"}))).await,
            refusal(post("login").json(&json!({"username": "nobody", "password": "wrong horse"}))).await,
            refusal(post("signup").json(&json!({"username": "a\u{0}b", "password": PASSWORD}))).await,
            refusal(post("signup").json(&json!({"username": "x".repeat(10_240), "password": PASSWORD})))
                .await,
            refusal(post("signup").json(&json!({"username": "oner", "password": "short"}))).await,
        ];
        insta::assert_snapshot!(answers.join("\n"), @r"
        401 session_over
        409 username_taken
        401 invalid_credentials
        401 invalid_credentials
        400 username_invalid
        400 username_invalid
        400 password_invalid
        ");
    })
    .await;
}
