//! What only admins may do, and what is written down of it.

use loljoa_proto::{
    admin::v1::{
        AdminAction, ListAdminActionsRequest, ListAdminActionsResponse,
        admin_log_service_client::AdminLogServiceClient,
    },
    betting::v1::{LockMarketRequest, MarketState, market_admin_service_client::MarketAdminServiceClient},
};
use loljoa_service_kit::{Error, ErrorCode};
use loljoa_test_tokens::{Publisher, Signer, bearer, calls_of, refusal};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Bet, World, eventually};

async fn page(world: &World, limit: i32, cursor: &str) -> ListAdminActionsResponse {
    let channel = world.betting().channel.clone();
    let mut log = AdminLogServiceClient::with_interceptor(channel, world.admin.bearer.clone());
    let request = ListAdminActionsRequest { limit, cursor: cursor.to_owned() };
    log.list_admin_actions(request).await.unwrap().into_inner()
}

/// What is written down, oldest first: what, on which, before and after.
async fn written(world: &World) -> Vec<(String, String, Value, Value)> {
    let told = |text: &str| if text.is_empty() { Value::Null } else { text.parse().unwrap() };
    let actions = page(world, 100, "").await.actions.into_iter().rev();
    let actions = actions.map(|it| (it.action, it.subject_id, told(&it.before), told(&it.after)));
    actions.collect()
}

async fn count(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM admin_actions").fetch_one(pool).await.unwrap()
}

#[sqlx::test]
async fn no_call_for_admins_is_open_to_anybody_else(pool: PgPool) {
    let mut world = World::start(&pool).await;
    let market = world.game().await.winner;
    let signer = Signer::new("known");
    let publisher = Publisher::start(signer.key_set()).await;
    world.add_replica(|config| config.account = publisher.upstream()).await;
    let channel = &world.replica(1).channel;
    let calls =
        ["loljoa.betting.v1.MarketAdminService", "loljoa.admin.v1.AdminLogService"].map(calls_of).concat();
    assert!(calls.len() >= 9, "{calls:?}");
    for call in &calls {
        let missing = refusal(channel, call, None).await;
        assert_eq!(missing, Some((ErrorCode::Unauthenticated, "token_missing".to_owned())), "{call}");
        for (what, token, reason) in signer.no_admins() {
            let code =
                if reason == "admin_required" { ErrorCode::Forbidden } else { ErrorCode::Unauthenticated };
            let refused = refusal(channel, call, Some(&token)).await;
            assert_eq!(refused, Some((code, reason.to_owned())), "{call} with a token {what}");
        }
        let admitted = refusal(channel, call, Some(&signer.token("admin"))).await;
        let code = admitted.map(|(code, _)| code);
        assert!(!matches!(code, Some(ErrorCode::Unauthenticated | ErrorCode::Forbidden)), "{call}: {code:?}");
    }
    // The same with a request that is good: nothing changes.
    let lock = LockMarketRequest { market_id: market.market_id.clone() };
    for (what, token, reason) in signer.no_admins() {
        let mut client = MarketAdminServiceClient::with_interceptor(channel.clone(), bearer(&token));
        let refused = Error::from(client.lock_market(lock.clone()).await.unwrap_err());
        assert_eq!(refused.reason, reason, "a token {what}");
    }
    let mut nobody = MarketAdminServiceClient::new(channel.clone());
    assert_eq!(Error::from(nobody.lock_market(lock).await.unwrap_err()).reason, "token_missing");
    assert_eq!(world.betting().market(&market.market_id).await.state(), MarketState::Open);
    assert_eq!(count(&pool).await, 0);
    world.end().await;
}

#[sqlx::test]
async fn a_token_that_account_gave_to_a_user_is_no_admins(pool: PgPool) {
    let world = World::start(&pool).await;
    let market = world.game().await.winner;
    world.account("faker").await;
    let token = world.token_of("faker").await;
    let mut client =
        MarketAdminServiceClient::with_interceptor(world.betting().channel.clone(), bearer(&token));
    let refused = client
        .void_market(loljoa_proto::betting::v1::VoidMarketRequest { market_id: market.market_id.clone() });
    let refused = Error::from(refused.await.unwrap_err());
    assert_eq!((refused.code, &*refused.reason), (ErrorCode::Forbidden, "admin_required"));
    assert_eq!(world.betting().market(&market.market_id).await.state(), MarketState::Open);
    world.end().await;
}

#[sqlx::test]
async fn what_admins_do_is_written_down_once_with_what_was_before(pool: PgPool) {
    let world = World::start(&pool).await;
    let betting = world.betting();
    let game = world.game().await;
    let market = world.ask(&game, "First blood?", &["blue", "red"]).await;
    let (id, [blue, red]) = (&market.market_id, ["1", "2"].map(|key| outcome(&market, key)));
    let account = world.account("faker").await;
    betting.bet(&Bet::on(&market, "1", account, 300)).await;
    betting.bet(&Bet::on(&market, "2", account, 200)).await;
    for _ in 0..2 {
        betting.lock(&market).await.unwrap();
    }
    for _ in 0..2 {
        betting.settle(&market, "1").await.unwrap();
    }
    world.until(&market, MarketState::Settled).await;
    for _ in 0..2 {
        betting.correct(&market, "2").await.unwrap();
        betting.void(&game.score).await.unwrap();
    }
    assert_eq!(betting.retry_owed().await, 0);
    world.until(&game.score, MarketState::Void).await;

    let lines = written(&world).await;
    let actions: Vec<_> = lines.iter().map(|line| (line.0.as_str(), line.1.as_str())).collect();
    let void = game.score.market_id.as_str();
    assert_eq!(
        actions,
        [
            ("create_market", id.as_str()),
            ("lock_market", id),
            ("settle_market", id),
            ("correct_market", id),
            ("void_market", void),
        ]
    );
    let [created, locked, settled, corrected, voided] = lines.try_into().unwrap();
    assert_eq!((&created.2, &created.3["outcomes"]), (&Value::Null, &json!(["blue", "red"])));
    assert_eq!((&locked.2["state"], &locked.3["state"]), (&json!("open"), &json!("locked")));
    assert_eq!(settled.2, json!({ "state": "locked", "pool": 500 }));
    assert_eq!(settled.3, json!({ "outcomeId": blue, "outcome": "blue" }));
    assert_eq!(corrected.2, json!({ "state": "settled", "outcomeId": blue, "outcome": "blue" }));
    assert_eq!(corrected.3, json!({ "outcomeId": red, "outcome": "red", "points": 500 }));
    assert_eq!((&voided.2["state"], &voided.3["state"]), (&json!("open"), &json!("voiding")));

    let who: Vec<_> =
        page(&world, 100, "").await.actions.into_iter().map(|it| (it.account_id, it.username)).collect();
    assert_eq!(who, vec![(world.admin.account.to_string(), "oner".to_owned()); 5]);
    world.end().await;
}

fn outcome(market: &loljoa_proto::betting::v1::Market, key: &str) -> String {
    market.outcomes.iter().find(|outcome| outcome.key == key).unwrap().outcome_id.clone()
}

#[sqlx::test]
async fn what_needed_a_person_is_written_down_with_the_persons_words(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    world.betting().bet(&Bet::on(&game.winner, "T1", account, 300)).await;
    world.tamper("UPDATE user_balances SET balance = balance + 9223372036854775000").await;
    world.feed.say(game.fixture.completed(2, [2, 0]));
    let incident = eventually(async || world.betting().incidents().await.pop()).await;
    for _ in 0..2 {
        world.betting().resolve(&incident.incident_id, "the balance was mended").await.unwrap();
    }
    assert_eq!(world.betting().retry_owed().await, 1);
    let actions = page(&world, 100, "").await.actions;
    let [retried, resolved] = actions.as_slice() else { panic!("{actions:?}") };
    assert_eq!(
        (&*retried.action, &*retried.after, &*retried.subject_kind),
        ("retry_owed", r#"{"payments":1}"#, "")
    );
    let AdminAction { action, subject_kind, subject_id, why, .. } = resolved;
    assert_eq!((&**action, &**subject_kind), ("resolve_incident", "incident"));
    assert_eq!((subject_id, &**why), (&incident.incident_id, "the balance was mended"));
    world.abandon().await;
}

#[sqlx::test]
async fn an_action_that_cannot_be_written_down_is_not_done(pool: PgPool) {
    let world = World::start(&pool).await;
    let market = world.game().await.winner;
    let rename = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
    sqlx::query(sqlx::AssertSqlSafe(rename("admin_actions", "away"))).execute(&pool).await.unwrap();
    assert_eq!(world.betting().lock(&market).await.unwrap_err().code, ErrorCode::Internal);
    assert_eq!(world.betting().void(&market).await.unwrap_err().code, ErrorCode::Internal);
    assert_eq!(world.betting().market(&market.market_id).await.state(), MarketState::Open);
    sqlx::query(sqlx::AssertSqlSafe(rename("away", "admin_actions"))).execute(&pool).await.unwrap();
    world.betting().lock(&market).await.unwrap();
    assert_eq!(count(&pool).await, 1);
    for statement in
        ["UPDATE admin_actions SET why = 'x'", "DELETE FROM admin_actions", "TRUNCATE admin_actions"]
    {
        let refused = sqlx::query(statement).execute(&pool).await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().message(), "admin_actions is append-only");
    }
    world.end().await;
}

#[sqlx::test]
async fn pages_of_what_was_done_follow_each_other(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    for market in [&game.winner, &game.score, &game.sets] {
        world.betting().lock(market).await.unwrap();
    }
    let (mut subjects, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = page(&world, 2, &cursor).await;
        assert!(page.actions.len() <= 2);
        subjects.extend(page.actions.into_iter().map(|action| action.subject_id));
        cursor = page.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(subjects, [game.sets.market_id, game.score.market_id, game.winner.market_id]);
    world.end().await;
}
