//! What only admins may do, and what is written down of it.

use chrono::TimeDelta;
use loljoa_proto::{
    admin::v1::{AdminAction, ListAdminActionsRequest, admin_log_service_client::AdminLogServiceClient},
    league_schedule::v1::{MatchState, league_admin_service_client::LeagueAdminServiceClient},
};
use loljoa_service_kit::{Clock, Error, ErrorCode};
use loljoa_test_tokens::{bearer, calls_of, claims, refusal};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Service, result};

/// Everything that is written down, oldest first.
pub(crate) async fn written(service: &Service) -> Vec<AdminAction> {
    let admin = bearer(&service.signer.token("admin"));
    let mut log = AdminLogServiceClient::with_interceptor(service.channel.clone(), admin);
    let request = ListAdminActionsRequest { limit: 100, cursor: String::new() };
    let mut actions = log.list_admin_actions(request).await.unwrap().into_inner().actions;
    actions.reverse();
    actions
}

pub(crate) fn told(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.parse().unwrap() }
}

#[sqlx::test]
async fn no_call_for_admins_is_open_to_anybody_else(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let before = service.matches().await;
    let open = before.iter().find(|m| m.state() == MatchState::Scheduled);
    let calls = ["loljoa.league_schedule.v1.LeagueAdminService", "loljoa.admin.v1.AdminLogService"]
        .map(calls_of)
        .concat();
    assert!(calls.len() >= 4, "{calls:?}");
    for call in &calls {
        let missing = refusal(&service.channel, call, None).await;
        assert_eq!(missing, Some((ErrorCode::Unauthenticated, "token_missing".to_owned())), "{call}");
        for (what, token, reason) in service.signer.no_admins() {
            let code =
                if reason == "admin_required" { ErrorCode::Forbidden } else { ErrorCode::Unauthenticated };
            let refused = refusal(&service.channel, call, Some(&token)).await;
            assert_eq!(refused, Some((code, reason.to_owned())), "{call} with a token {what}");
        }
        let admitted = refusal(&service.channel, call, Some(&service.signer.token("admin"))).await;
        let code = admitted.map(|(code, _)| code);
        assert!(!matches!(code, Some(ErrorCode::Unauthenticated | ErrorCode::Forbidden)), "{call}: {code:?}");
    }
    // The same with a request that is good: nothing changes.
    let change = result(open.unwrap_or(&before[0]), 0, 2);
    for (what, token, reason) in service.signer.no_admins() {
        let mut client = LeagueAdminServiceClient::with_interceptor(service.channel.clone(), bearer(&token));
        let refused = Error::from(client.record_result(change.clone()).await.unwrap_err());
        assert_eq!(refused.reason, reason, "a token {what}");
    }
    assert_eq!(service.matches().await, before);
    assert_eq!(written(&service).await.len(), 1, "the season");
    service.stop().await;
}

#[sqlx::test]
async fn what_admins_do_is_written_down_once_with_what_was_before(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let day = (Clock::system().now() + TimeDelta::days(2)).format("%Y-%m-%d");
    let lines = format!("LCK 2026,Week 1,{day},1,3,T1,GEN,,,\nLCK 2026,Week 1,{day},2,3,DK,KT,,,\n");
    for _ in 0..2 {
        assert!(service.import_csv(&lines).await.applied);
    }
    let matches = service.matches().await;
    let [.., first, second] = matches.as_slice() else { panic!("two are to come") };
    let later = crate::harness::starts_at(first) + TimeDelta::hours(1);
    for _ in 0..2 {
        service.move_to(&first.match_id, later).await.unwrap();
    }
    for _ in 0..2 {
        service.record(result(first, 2, 1)).await.unwrap();
        service.cancel(&second.match_id).await.unwrap();
    }
    let actions = written(&service).await;
    let names: Vec<_> = actions.iter().map(|it| (it.action.as_str(), it.subject_id.as_str())).collect();
    assert_eq!(
        names,
        [
            ("import_season", ""),
            ("import_season", ""),
            ("move_match", first.match_id.as_str()),
            ("record_result", first.match_id.as_str()),
            ("cancel_match", second.match_id.as_str()),
        ]
    );
    let [_, imported, moved, recorded, cancelled] = actions.try_into().unwrap();
    assert_eq!(told(&imported.after), json!({ "tournaments": ["LCK 2026"], "added": 2, "changed": 0 }));
    assert_ne!(told(&moved.before)["startsAt"], told(&moved.after)["startsAt"]);
    assert_eq!(told(&recorded.before)["state"], "scheduled");
    let after = told(&recorded.after);
    assert_eq!(
        (&after["state"], &after["team1Wins"], &after["team2Wins"]),
        (&json!("completed"), &json!(2), &json!(1))
    );
    assert_eq!(
        (&told(&cancelled.before)["state"], &told(&cancelled.after)["state"]),
        (&json!("scheduled"), &json!("cancelled"))
    );
    assert_eq!((imported.username, imported.subject_kind), ("faker".to_owned(), String::new()));
    service.stop().await;
}

#[sqlx::test]
async fn who_did_it_is_who_the_token_says(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    let claims = claims("admin");
    let mut client = LeagueAdminServiceClient::with_interceptor(
        service.channel.clone(),
        bearer(&service.signer.sign(&claims)),
    );
    let request = loljoa_proto::league_schedule::v1::ImportSeasonRequest {
        format: loljoa_proto::league_schedule::v1::SeasonFormat::Json.into(),
        content: crate::harness::SEASON.into(),
        dry_run: false,
    };
    client.import_season(request).await.unwrap();
    let actions = written(&service).await;
    assert_eq!(json!(actions[0].account_id), claims["sub"]);
    service.stop().await;
}

#[sqlx::test]
async fn an_action_that_cannot_be_written_down_is_not_done(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let before = service.matches().await;
    let rename = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
    sqlx::query(sqlx::AssertSqlSafe(rename("admin_actions", "away"))).execute(&pool).await.unwrap();
    let other = (before[0].team2_wins, before[0].team1_wins);
    let refused = service.record(result(&before[0], other.0, other.1)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Internal);
    assert_eq!(service.matches().await, before);
    sqlx::query(sqlx::AssertSqlSafe(rename("away", "admin_actions"))).execute(&pool).await.unwrap();
    for statement in
        ["UPDATE admin_actions SET why = 'x'", "DELETE FROM admin_actions", "TRUNCATE admin_actions"]
    {
        let refused = sqlx::query(statement).execute(&pool).await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().message(), "admin_actions is append-only");
    }
    service.stop().await;
}
