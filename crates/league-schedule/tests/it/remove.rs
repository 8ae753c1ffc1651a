//! Removing matches that never were.

use loljoa_league_schedule::{
    domain::season::{self, Format},
    service::import,
};
use loljoa_proto::league_schedule::v1::{
    ImportAction, ListMatchesRequest, ListTeamsRequest, Match, MatchState, RemoveMatchRequest,
    RemoveMatchResponse,
};
use loljoa_service_kit::{Error, ErrorCode};
use serde_json::json;
use sqlx::PgPool;

use crate::{
    admins::{told, written},
    harness::{HEADER, Service, result, starts_at},
};

/// T1–GEN twice on a day, brought in one after the other.
const TWICE: [&str; 2] = ["Cup,Week 1,2030-01-01,1,3,T1,GEN,,,\n", "Cup,Week 1,2030-01-01,3,3,GEN,T1,,,\n"];

async fn with_a_double(pool: &PgPool) -> (Service, [Match; 2]) {
    let service = Service::with_season(pool).await;
    for line in TWICE {
        assert!(service.import_csv(line).await.applied);
    }
    let mut matches = service.matches().await;
    let wrong = matches.pop().unwrap();
    (service, [matches.pop().unwrap(), wrong])
}

async fn remove(service: &Service, request: RemoveMatchRequest) -> Result<RemoveMatchResponse, Error> {
    Ok(service.admin.clone().remove_match(request).await?.into_inner())
}

/// Removes a match, and none stays in its place.
async fn remove_only(service: &Service, of: &Match) -> Match {
    let removed = remove(service, request(of, None)).await.unwrap();
    assert_eq!(removed.kept, None);
    removed.r#match.unwrap()
}

fn request(of: &Match, in_favour_of: Option<&Match>) -> RemoveMatchRequest {
    let in_favour_of = in_favour_of.map(|stays| stays.match_id.clone()).unwrap_or_default();
    RemoveMatchRequest { match_id: of.match_id.clone(), in_favour_of, dry_run: false }
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_removed_match_is_shown_nowhere_and_cancelled_for_whoever_follows_the_feed(pool: PgPool) {
    let (service, [right, wrong]) = with_a_double(&pool).await;
    let decided = service.record(result(&wrong, 2, 1)).await.unwrap();
    let cup = service.tournament("Cup").await;
    assert_eq!((cup.matches, service.standings(&cup.tournament_id).await.unwrap()[0].wins), (2, 1));

    let gone = remove_only(&service, &wrong).await;
    assert_eq!((gone.state(), gone.revision, gone.team1_wins), (MatchState::Cancelled, 3, 0));
    assert_eq!(remove_only(&service, &wrong).await, gone);
    let told_last = service.changes_until(|m| m.match_id == wrong.match_id && m.revision == 3).await.pop();
    assert_eq!(told_last, Some(gone));
    assert_eq!(service.get(&wrong.match_id).await.unwrap_err().reason, "match_unknown");
    let of_cup = ListMatchesRequest { tournament_id: cup.tournament_id.clone(), ..Default::default() };
    assert_eq!(service.all(of_cup).await, std::slice::from_ref(&right));
    let cup = service.tournament("Cup").await;
    assert_eq!((cup.matches, cup.last_match_at), (1, right.starts_at));
    assert_eq!(service.standings(&cup.tournament_id).await.unwrap()[0].wins, 0);
    for refused in [service.record(result(&wrong, 2, 0)).await, service.cancel(&wrong.match_id).await] {
        assert_eq!(refused.unwrap_err().reason, "match_unknown");
    }

    let actions: Vec<_> =
        written(&service).await.into_iter().filter(|it| it.action == "remove_match").collect();
    let [action] = actions.as_slice() else { panic!("once: {actions:?}") };
    assert_eq!(action.subject_id, wrong.match_id);
    let before = told(&action.before);
    assert_eq!((&before["state"], &before["team1Wins"]), (&json!("completed"), &json!(decided.team1_wins)));
    assert_eq!(told(&action.after)["state"], "cancelled");
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_tournament_whose_matches_were_all_removed_is_not_listed(pool: PgPool) {
    let (service, [right, wrong]) = with_a_double(&pool).await;
    let tournament_id = right.tournament_id.clone();
    for gone in [&right, &wrong] {
        remove_only(&service, gone).await;
    }
    assert!(service.tournaments().await.iter().all(|cup| cup.name != "Cup"));
    assert_eq!(service.standings(&tournament_id).await.unwrap(), []);
    let teams = service.league.clone().list_teams(ListTeamsRequest { tournament_id }).await.unwrap();
    assert_eq!(teams.into_inner().teams, []);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_dry_run_tells_the_matches_as_they_would_be_and_changes_nothing(pool: PgPool) {
    let (service, [right, wrong]) = with_a_double(&pool).await;
    let decided = service.record(result(&wrong, 2, 1)).await.unwrap();
    let dry = RemoveMatchRequest { dry_run: true, ..request(&wrong, Some(&right)) };
    let dry = remove(&service, dry).await.unwrap();
    let (gone, kept) = (dry.r#match.unwrap(), dry.kept.unwrap());
    assert_eq!((gone.state(), gone.winner_id.as_str()), (MatchState::Cancelled, ""));
    assert_eq!((kept.state(), kept.team1_wins, kept.team2_wins), (MatchState::Completed, 1, 2));
    assert_eq!(service.get(&wrong.match_id).await.unwrap(), decided);
    assert_eq!(service.get(&right.match_id).await.unwrap(), right);
    assert!(written(&service).await.iter().all(|action| action.action != "remove_match"));
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn what_stays_takes_the_result_of_what_goes_in_the_same_commit(pool: PgPool) {
    let (service, [right, wrong]) = with_a_double(&pool).await;
    service.record(result(&wrong, 2, 1)).await.unwrap();
    let done = remove(&service, request(&wrong, Some(&right))).await.unwrap();
    let kept = done.kept.clone().unwrap();
    assert_eq!((kept.match_id.as_str(), kept.team1_wins, kept.team2_wins), (right.match_id.as_str(), 1, 2));
    assert_eq!(service.get(&right.match_id).await.unwrap(), kept);
    assert_eq!(service.get(&wrong.match_id).await.unwrap_err().reason, "match_unknown");
    // The result is gone with the match, and stays where it went.
    assert_eq!(remove(&service, request(&wrong, Some(&right))).await.unwrap(), done);
    let actions = written(&service).await;
    let names: Vec<_> = actions.iter().map(|it| (it.action.as_str(), it.subject_id.as_str())).collect();
    let expected = [("remove_match", wrong.match_id.as_str()), ("record_result", right.match_id.as_str())];
    assert!(names.ends_with(&expected), "{names:?}");
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_removal_that_cannot_be_changes_nothing(pool: PgPool) {
    let (service, [right, wrong]) = with_a_double(&pool).await;
    let matches = service.matches().await;
    let nobody = Match { match_id: loljoa_service_kit::ids::fresh().to_string(), ..right.clone() };
    for (stays, code, reason) in [
        (&matches[0], ErrorCode::Invalid, "no_double"),
        (&wrong, ErrorCode::Invalid, "no_double"),
        (&nobody, ErrorCode::NotFound, "match_unknown"),
    ] {
        let refused = remove(&service, request(&wrong, Some(stays))).await.unwrap_err();
        assert_eq!((refused.code, refused.reason.as_str()), (code, reason));
    }
    let refused = remove(&service, request(&nobody, None)).await.unwrap_err();
    assert_eq!(refused.reason, "match_unknown");
    assert_eq!(service.matches().await, matches);
    // What was removed cannot stay in the place of anything.
    remove_only(&service, &wrong).await;
    let refused = remove(&service, request(&right, Some(&wrong))).await.unwrap_err();
    assert_eq!(refused.reason, "match_unknown");
    assert_eq!(service.get(&right.match_id).await.unwrap(), right);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn an_admin_brings_a_removed_match_back_and_a_source_does_not(pool: PgPool) {
    let (service, [right, wrong]) = with_a_double(&pool).await;
    remove_only(&service, &wrong).await;
    let file = season::read(Format::Csv, format!("{HEADER}{}", TWICE[1]).as_bytes());
    let by_source = import::by_source(&pool, &file).await.unwrap();
    assert_eq!((by_source.applied, by_source.report.lines[0].message.as_str()), (true, "was removed"));
    assert_eq!(service.get(&wrong.match_id).await.unwrap_err().reason, "match_unknown");

    let report = service.import_csv(TWICE[1]).await;
    let line = &report.lines[0];
    assert_eq!((line.action(), line.message.as_str()), (ImportAction::Changed, "is no longer removed"));
    let back = service.get(&wrong.match_id).await.unwrap();
    assert_eq!(back, Match { revision: 3, ..wrong.clone() });
    assert_eq!(service.tournament("Cup").await.matches, 2);
    assert_eq!(service.import_csv(TWICE[1]).await.unchanged, 1);

    remove_only(&service, &wrong).await;
    let report = service.import_csv("Cup,Week 1,2030-01-01,3,3,GEN,T1,2,0,\n").await;
    assert_eq!(report.lines[0].message, "is no longer removed; result: none → 2–0");
    assert_eq!(starts_at(&service.get(&right.match_id).await.unwrap()), starts_at(&right));
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_removed_match_is_odd_no_more_and_nothing_else_brings_it_back(pool: PgPool) {
    let (service, [right, wrong]) = with_a_double(&pool).await;
    let again = "Cup,Week 1,2030-01-01,1,3,T1,GEN,,,\n";
    assert_eq!(service.import_csv(again).await.warned, 1);
    remove_only(&service, &wrong).await;
    assert_eq!(service.import_csv(again).await.warned, 0);
    let refused = sqlx::query("UPDATE matches SET state = 'scheduled' WHERE removed").execute(&pool).await;
    assert_eq!(refused.unwrap_err().as_database_error().unwrap().constraint(), Some("matches_removed_check"));
    assert_eq!(service.get(&right.match_id).await.unwrap(), right);
    service.stop().await;
}
