//! A call ends when its caller's time does, and so does its work in the database.

use std::time::Duration;

use futures::future::join_all;
use loljoa_league_schedule::config::Source;
use loljoa_proto::league_schedule::v1::{GetMatchRequest, MatchState, UpdateMatchRequest};
use sqlx::PgPool;
use tokio::time;
use tonic::{Code, Request};

use crate::harness::{SEASON, Service};

/// Tells a hang from work.
const PATIENCE: Duration = Duration::from_mins(1);
/// More than there are connections.
const CALLERS: usize = 60;

fn hasty<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(Duration::from_millis(300));
    request
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn callers_without_time_wait_for_no_row_and_leave_room_for_others(pool: PgPool) {
    let service = Service::start_with(&pool, Source::Import, |config| {
        config.grpc.timeout_ms = 600_000;
        config.database.lock_timeout_ms = 600_000;
        config.database.statement_timeout_ms = 600_000;
        config.database.acquire_timeout_ms = 600_000;
    })
    .await;
    assert!(service.import(SEASON).await.applied);
    assert!(service.import_csv("Cup,Week 1,2030-01-01,1,3,T1,GEN,,,\n").await.applied);
    let to_come = service.matches().await.into_iter().find(|m| m.state() == MatchState::Scheduled);
    let match_id = to_come.unwrap().match_id;
    let mut holder = pool.acquire().await.unwrap();
    sqlx::raw_sql("BEGIN; SELECT FROM matches FOR UPDATE").execute(&mut *holder).await.unwrap();

    let cancels = (0..CALLERS).map(|_| {
        let mut admin = service.admin.clone();
        let request = UpdateMatchRequest { match_id: match_id.clone(), starts_at: None, cancel: true };
        async move { admin.update_match(hasty(request)).await.unwrap_err().code() }
    });
    let told = time::timeout(PATIENCE, join_all(cancels)).await.expect("nobody waits for the row");
    let soon = |code: &Code| matches!(code, Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled);
    assert!(told.iter().all(soon), "{told:?}");

    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let ending = async {
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&pool).await.unwrap() > 0 {
            time::sleep(Duration::from_millis(10)).await;
        }
    };
    time::timeout(PATIENCE, ending).await.expect("the server's processes end their work");
    let other = service.league.clone().get_match(GetMatchRequest { match_id: match_id.clone() }).await;
    assert_eq!(other.unwrap().into_inner().r#match.unwrap().revision, 1, "nothing was done for them");

    sqlx::raw_sql("ROLLBACK").execute(&mut *holder).await.unwrap();
    assert_eq!(service.cancel(&match_id).await.unwrap().revision, 2);
    service.stop().await;
}
