//! What administrators decide: results, forfeits, new starts, cancellation.

use chrono::TimeDelta;
use loljoa_proto::league_schedule::v1::{Match, MatchState, RecordResultRequest, UpdateMatchRequest};
use loljoa_service_kit::{ErrorCode, postgres};
use sqlx::PgPool;

use crate::harness::{Service, result, starts_at};

/// A service with the bundled season and one more match to come, T1–GEN, best of 3.
async fn with_a_match_to_come(pool: &PgPool) -> (Service, Match) {
    let service = Service::with_season(pool).await;
    service.import_csv("Cup,Week 1,2030-01-01,1,3,T1,GEN,,,\n").await;
    let planned = service.matches().await.pop().unwrap();
    assert_eq!((planned.state(), planned.revision), (MatchState::Scheduled, 1));
    (service, planned)
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn the_same_result_again_succeeds_without_a_new_revision(pool: PgPool) {
    let (service, planned) = with_a_match_to_come(&pool).await;
    let decided = service.record(result(&planned, 2, 1)).await.unwrap();
    assert_eq!((decided.state(), decided.revision), (MatchState::Completed, 2));
    assert_eq!(decided.winner_id, planned.team1.clone().unwrap().team_id);
    assert_eq!(service.record(result(&planned, 2, 1)).await.unwrap(), decided);
    assert_eq!(service.get(&planned.match_id).await.unwrap(), decided);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn another_result_is_a_new_revision(pool: PgPool) {
    let (service, planned) = with_a_match_to_come(&pool).await;
    service.record(result(&planned, 2, 1)).await.unwrap();
    let flipped = service.record(result(&planned, 0, 2)).await.unwrap();
    assert_eq!((flipped.revision, flipped.winner_id), (3, planned.team2.clone().unwrap().team_id));
    let changes = service.changes_until(|m| m.match_id == planned.match_id && m.revision == 3).await;
    let scores = changes.iter().filter(|m| m.match_id == planned.match_id);
    let scores: Vec<_> = scores.map(|m| (m.revision, m.team1_wins, m.team2_wins)).collect();
    assert_eq!(scores, [(1, 0, 0), (2, 2, 1), (3, 0, 2)]);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_forfeit_counts_as_two_to_nothing(pool: PgPool) {
    let (service, planned) = with_a_match_to_come(&pool).await;
    let t1 = planned.team1.clone().unwrap().team_id;
    let forfeit = RecordResultRequest { forfeited_by_id: t1.clone(), ..result(&planned, 0, 0) };
    let forfeited = service.record(forfeit.clone()).await.unwrap();
    assert_eq!(
        (forfeited.state(), forfeited.team1_wins, forfeited.team2_wins),
        (MatchState::Forfeited, 0, 2)
    );
    assert_eq!(forfeited.forfeited_by_id, t1);
    assert_eq!(service.record(forfeit).await.unwrap().revision, forfeited.revision);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn results_that_cannot_be_name_their_fields_and_change_nothing(pool: PgPool) {
    let (service, planned) = with_a_match_to_come(&pool).await;
    let stranger = service.matches().await[0].team1.clone().unwrap().team_id;
    let t1 = planned.team1.clone().unwrap().team_id;
    let by = |team: &str| RecordResultRequest { forfeited_by_id: team.into(), ..result(&planned, 2, 0) };
    let wrong = [
        (result(&planned, 3, 0), "score_beyond_best_of", "team1Wins"),
        (result(&planned, 2, 2), "score_beyond_best_of", "team1Wins"),
        (result(&planned, 1, 1), "score_without_winner", "team1Wins"),
        (result(&planned, 0, 0), "score_without_winner", "team1Wins"),
        (result(&planned, 0, -2), "wins_out_of_range", "team2Wins"),
        (result(&planned, 70_000, 0), "wins_out_of_range", "team1Wins"),
        (by(&stranger), "forfeiter_not_playing", "forfeitedById"),
        (by(&t1), "forfeiter_won", "forfeitedById"),
        (by("T1"), "not_a_uuid", "forfeitedById"),
        (RecordResultRequest { match_id: "x".into(), ..result(&planned, 2, 0) }, "not_a_uuid", "matchId"),
    ];
    for (request, reason, field) in wrong {
        let error = service.record(request).await.unwrap_err();
        assert_eq!((error.code, error.reason.as_str()), (ErrorCode::Invalid, reason));
        assert_eq!(error.violations[0].field, field);
    }
    let unknown = RecordResultRequest { match_id: stranger, ..result(&planned, 2, 0) };
    assert_eq!(service.record(unknown).await.unwrap_err().reason, "match_unknown");
    assert_eq!(service.get(&planned.match_id).await.unwrap(), planned);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_match_is_postponed_and_then_cancelled(pool: PgPool) {
    let (service, planned) = with_a_match_to_come(&pool).await;
    let later = starts_at(&planned) + TimeDelta::days(1);
    let moved = service.move_to(&planned.match_id, later).await.unwrap();
    assert_eq!((starts_at(&moved), moved.revision), (later, 2));
    assert_eq!(service.move_to(&planned.match_id, later).await.unwrap(), moved);

    let cancelled = service.cancel(&planned.match_id).await.unwrap();
    assert_eq!((cancelled.state(), cancelled.revision), (MatchState::Cancelled, 3));
    assert_eq!(service.cancel(&planned.match_id).await.unwrap(), cancelled);
    let error = service.move_to(&planned.match_id, later + TimeDelta::days(1)).await.unwrap_err();
    assert_eq!((error.code, error.reason.as_str()), (ErrorCode::Conflict, "match_cancelled"));
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_match_that_is_over_cannot_be_moved_or_cancelled(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let over = service.matches().await.remove(0);
    let later = starts_at(&over) + TimeDelta::days(1);
    assert_eq!(service.move_to(&over.match_id, later).await.unwrap_err().reason, "match_over");
    assert_eq!(service.cancel(&over.match_id).await.unwrap_err().reason, "match_over");
    let neither = UpdateMatchRequest { match_id: over.match_id.clone(), starts_at: None, cancel: false };
    assert_eq!(service.update(neither).await.unwrap_err().reason, "nothing_to_change");
    let both =
        UpdateMatchRequest { match_id: over.match_id.clone(), starts_at: over.starts_at, cancel: true };
    assert_eq!(service.update(both).await.unwrap_err().reason, "move_and_cancel");
    assert_eq!(service.get(&over.match_id).await.unwrap(), over);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_result_needs_both_teams(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    service.import_csv("Cup,Final,2030-01-01,1,3,T1,TBD,,,\n").await;
    let planned = service.matches().await.pop().unwrap();
    let error = service.record(result(&planned, 2, 0)).await.unwrap_err();
    assert_eq!((error.code, error.reason.as_str()), (ErrorCode::Conflict, "teams_undecided"));
    service.stop().await;
}

/// Waits until a transaction of this database waits for another's lock.
async fn until_someone_waits_for_a_lock(pool: &PgPool) {
    let waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock')";
    while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(pool).await.unwrap() {
        tokio::task::yield_now().await;
    }
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_result_waits_for_a_cancellation_under_way_and_then_yields_to_it(pool: PgPool) {
    let (service, planned) = with_a_match_to_come(&pool).await;
    let mut cancelling = postgres::begin(&pool).await.unwrap();
    let cancel = "UPDATE matches SET state = 'cancelled' WHERE state = 'scheduled'";
    assert_eq!(sqlx::query(cancel).execute(&mut *cancelling).await.unwrap().rows_affected(), 1);
    let recording = service.record(result(&planned, 2, 0));
    let finish = async {
        until_someone_waits_for_a_lock(&pool).await;
        cancelling.commit().await.unwrap();
    };
    let (recorded, ()) = tokio::join!(recording, finish);
    assert_eq!(recorded.unwrap_err().reason, "match_cancelled");
    let stands = service.get(&planned.match_id).await.unwrap();
    assert_eq!((stands.state(), stands.revision), (MatchState::Cancelled, 2));
    service.stop().await;
}
