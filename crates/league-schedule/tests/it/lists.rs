//! Lists: filters, pages, and what cannot be asked for.

use loljoa_proto::league_schedule::v1::{ListMatchesRequest, ListTeamsRequest, MatchState};
use loljoa_service_kit::{ErrorCode, page};
use prost_types::Timestamp;
use sqlx::PgPool;

use crate::harness::{PLAYOFFS, SPRING, Service, code};

fn day(text: &str) -> Timestamp {
    let start: chrono::DateTime<chrono::Utc> = format!("{text}T00:00:00Z").parse().unwrap();
    Timestamp { seconds: start.timestamp(), nanos: 0 }
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn matches_are_found_by_week_team_state_time_and_tournament(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let any = ListMatchesRequest::default;
    let playoffs = service.tournament(PLAYOFFS).await.tournament_id;
    let t1 = service.matches().await[1].team1.clone().unwrap();
    let found = [
        (ListMatchesRequest { week: "3".into(), ..any() }, 10),
        (ListMatchesRequest { week: "week 3".into(), ..any() }, 10),
        (ListMatchesRequest { week: "Tiebreakers".into(), ..any() }, 1),
        (ListMatchesRequest { week: "12".into(), ..any() }, 0),
        (ListMatchesRequest { team: "t1".into(), ..any() }, 20),
        (ListMatchesRequest { team: t1.team_id, ..any() }, 20),
        (ListMatchesRequest { team: "T1".into(), week: "3".into(), ..any() }, 2),
        (ListMatchesRequest { team: "SKT".into(), ..any() }, 0),
        (ListMatchesRequest { state: MatchState::Completed.into(), ..any() }, 95),
        (ListMatchesRequest { state: MatchState::Scheduled.into(), ..any() }, 0),
        (ListMatchesRequest { tournament_id: playoffs, ..any() }, 5),
        (ListMatchesRequest { from: Some(day("2022-03-26")), to: Some(day("2022-03-28")), ..any() }, 2),
    ];
    for (request, count) in found {
        assert_eq!(service.all(request.clone()).await.len(), count, "{request:?}");
    }
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn pages_follow_each_other_without_gap_or_repetition(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let whole: Vec<_> = service.matches().await.into_iter().map(|m| m.match_id).collect();
    let mut request = ListMatchesRequest { limit: 7, ..Default::default() };
    let mut paged = Vec::new();
    loop {
        let page = service.list(request.clone()).await.unwrap();
        assert!(page.matches.len() <= 7);
        paged.extend(page.matches.into_iter().map(|m| m.match_id));
        if page.next_cursor.is_empty() {
            break;
        }
        request.cursor = page.next_cursor;
    }
    assert_eq!(paged, whole);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn what_cannot_be_asked_for_names_its_field(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    let any = ListMatchesRequest::default;
    let far = Some(Timestamp { seconds: i64::MAX, nanos: 0 });
    let beyond = ("+200000-01-01T00:00:00Z", "00000000-0000-0000-0000-000000000000");
    let wrong = [
        (ListMatchesRequest { limit: 101, ..any() }, "limit"),
        (ListMatchesRequest { limit: -1, ..any() }, "limit"),
        (ListMatchesRequest { cursor: "x".into(), ..any() }, "cursor"),
        (ListMatchesRequest { tournament_id: "LCK".into(), ..any() }, "tournament"),
        (ListMatchesRequest { week: "Week\0".into(), ..any() }, "week"),
        (ListMatchesRequest { week: "x".repeat(101), ..any() }, "week"),
        (ListMatchesRequest { cursor: page::encode_cursor(&beyond), ..any() }, "cursor"),
        (ListMatchesRequest { state: 99, ..any() }, "state"),
        (ListMatchesRequest { from: far, ..any() }, "from"),
        (ListMatchesRequest { to: far, ..any() }, "to"),
    ];
    for (request, field) in wrong {
        let error = service.list(request).await.unwrap_err();
        assert_eq!((error.code, error.violations[0].field.as_str()), (ErrorCode::Invalid, field));
    }
    let unknown = "00000000-0000-0000-0000-000000000000";
    assert_eq!(service.get(unknown).await.unwrap_err().reason, "match_unknown");
    assert_eq!(service.get("x").await.unwrap_err().violations[0].field, "matchId");
    assert_eq!(service.standings(unknown).await.unwrap_err().reason, "tournament_unknown");
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn teams_carry_both_names_and_their_colour(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let all =
        service.league.clone().list_teams(ListTeamsRequest::default()).await.unwrap().into_inner().teams;
    assert_eq!(all.len(), 10);
    let brion = all.iter().find(|team| team.code == "BRO").unwrap();
    assert_eq!(
        (brion.name_en.as_str(), brion.name_ko.as_str(), brion.colour.as_str()),
        ("Fredit BRION", "프레딧 브리온", "#00492B")
    );
    let of_playoffs = ListTeamsRequest { tournament_id: service.tournament(PLAYOFFS).await.tournament_id };
    let six = service.league.clone().list_teams(of_playoffs).await.unwrap().into_inner().teams;
    let codes: Vec<_> = six.iter().map(|team| code(Some(team))).collect();
    assert_eq!(codes, ["BRO", "DK", "DRX", "GEN", "KDF", "T1"]);
    assert_eq!(service.tournaments().await[0].name, SPRING);
    service.stop().await;
}
