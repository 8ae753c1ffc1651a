//! The feed skips nothing, and gives everything at least once.

use std::time::Duration;

use futures::{StreamExt, stream::FuturesUnordered};
use loljoa_league_schedule::{domain::Match, service::changes::Changes, store::feed::Position};
use loljoa_proto::league_schedule::v1::ListChangesRequest;
use loljoa_service_kit::{Error, ErrorCode, postgres};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::harness::{Service, result};

const NO_WAIT: Duration = Duration::ZERO;

/// Moves a match by a minute, within a transaction of the test's own.
async fn touch(db: &mut sqlx::PgConnection, match_id: &str) {
    let id: uuid::Uuid = match_id.parse().unwrap();
    sqlx::query("UPDATE matches SET starts_at = starts_at + interval '1 minute' WHERE match_id = $1")
        .bind(id)
        .execute(db)
        .await
        .unwrap();
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_slow_transaction_is_never_passed(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let matches = service.matches().await;
    let (changes, head) = service.next_changes("", 96).await;
    assert_eq!(changes.len(), 96);

    // The slow one writes first and commits last; the quick one is committed in between.
    let mut slow = postgres::begin(&pool).await.unwrap();
    touch(&mut slow, &matches[0].match_id).await;
    let mut quick = postgres::begin(&pool).await.unwrap();
    touch(&mut quick, &matches[1].match_id).await;
    quick.commit().await.unwrap();

    let meanwhile = service.changes(&head, 1_000, NO_WAIT).await;
    assert_eq!((meanwhile.matches.len(), &meanwhile.next_cursor), (0, &head));

    slow.commit().await.unwrap();
    let (after, _) = service.next_changes(&head, 2).await;
    let ids: Vec<_> = after.iter().map(|m| &m.match_id).collect();
    assert_eq!(ids, [&matches[0].match_id, &matches[1].match_id]);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn the_same_cursor_gives_the_same_changes_and_pages_join(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let (whole, end) = service.next_changes("", 96).await;
    assert_eq!(service.next_changes("", 96).await, (whole.clone(), end));
    let (mut cursor, mut paged) = (String::new(), Vec::new());
    loop {
        let page = service.changes(&cursor, 7, NO_WAIT).await;
        if page.matches.is_empty() {
            assert_eq!(page.next_cursor, cursor);
            break;
        }
        paged.extend(page.matches);
        cursor = page.next_cursor;
    }
    assert_eq!(paged, whole);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_reader_that_waits_is_woken_by_a_change_on_another_replica(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let other = Service::without_source(&pool).await;
    let (_, head) = service.next_changes("", 96).await;
    let changed = service.matches().await.remove(0);
    let waiting = service.changes(&head, 10, Duration::from_secs(9));
    let change = other.record(result(&changed, 2, 1));
    let (news, recorded) = tokio::join!(waiting, change);
    assert_eq!(news.matches, [recorded.unwrap()]);
    service.stop().await;
    other.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_cursor_whose_revision_was_lost_is_refused_also_once_newer_ones_have_come(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let (_, head) = service.next_changes("", 96).await;
    let changed = service.matches().await.remove(0);
    // As after a failover to a replica that lagged.
    sqlx::query("DELETE FROM match_revisions WHERE seq = (SELECT max(seq) FROM match_revisions)")
        .execute(&pool)
        .await
        .unwrap();
    for _ in 0..2 {
        let request = ListChangesRequest { cursor: head.clone(), limit: 10, wait_ms: 0 };
        let refused = Error::from(service.feed.clone().list_changes(request).await.unwrap_err());
        assert_eq!((refused.code, refused.reason.as_str()), (ErrorCode::Conflict, "cursor_ahead"));
        service.record(result(&changed, 2, 1)).await.unwrap();
    }
    assert_eq!(service.changes("", 1, NO_WAIT).await.matches.len(), 1, "from the beginning it can be read");
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn what_has_not_been_read_has_an_age(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    assert!(service.changes("", 1, NO_WAIT).await.lag_ms > 0);
    let (_, head) = service.next_changes("", 96).await;
    assert_eq!(service.changes(&head, 1, NO_WAIT).await.lag_ms, 0);
    let mut slow = postgres::begin(&pool).await.unwrap();
    sqlx::query("SELECT pg_current_xact_id()").execute(&mut *slow).await.unwrap();
    let changed = service.matches().await.remove(0);
    service.record(result(&changed, 2, 1)).await.unwrap();
    let stuck = service.changes(&head, 1, NO_WAIT).await;
    assert!(
        stuck.matches.is_empty() && stuck.lag_ms > 0,
        "what waits for an older transaction is not read yet"
    );
    slow.rollback().await.unwrap();
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn what_is_no_request_for_changes_is_refused(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    let right = ListChangesRequest { cursor: String::new(), limit: 10, wait_ms: 0 };
    let wrong = [
        (ListChangesRequest { limit: 0, ..right.clone() }, "limit"),
        (ListChangesRequest { limit: 1_001, ..right.clone() }, "limit"),
        (ListChangesRequest { wait_ms: -1, ..right.clone() }, "waitMs"),
        (ListChangesRequest { wait_ms: 20_001, ..right.clone() }, "waitMs"),
        (ListChangesRequest { cursor: "7".into(), ..right.clone() }, "cursor"),
    ];
    for (request, field) in wrong {
        let status = service.feed.clone().list_changes(request).await.unwrap_err();
        assert_eq!(Error::from(status).violations[0].field, field);
    }
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_service_that_stops_lets_nobody_wait(pool: PgPool) {
    let closing = CancellationToken::new();
    let changes = Changes::new(pool.clone(), pool, closing.clone());
    let waiting = tokio::spawn(async move {
        changes.after::<Match>(Position::default(), 10, Duration::from_hours(1)).await.unwrap()
    });
    closing.cancel();
    let (matches, position) = waiting.await.unwrap();
    assert!(matches.is_empty());
    assert_eq!(position, Position::default());
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn one_reader_too_many_is_told_to_come_again(pool: PgPool) {
    let closing = CancellationToken::new();
    let changes = Changes::new(pool.clone(), pool, closing.clone());
    let wait = || changes.after::<Match>(Position::default(), 10, Duration::from_hours(1));
    let mut readers: FuturesUnordered<_> = (0..65).map(|_| wait()).collect();
    let error = readers.next().await.unwrap().unwrap_err();
    assert_eq!((error.code, error.reason.as_str()), (ErrorCode::Exhausted, "too_many_waiters"));
    closing.cancel();
    while let Some(answer) = readers.next().await {
        assert!(answer.unwrap().0.is_empty());
    }
}
