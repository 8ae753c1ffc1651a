//! Imports: idempotent, whole or not at all, line by line.

use insta::assert_snapshot;
use loljoa_proto::league_schedule::v1::{
    ImportAction, ImportSeasonResponse, Match, MatchState, SeasonFormat, UpdateMatchRequest,
};
use sqlx::PgPool;

use crate::harness::{HEADER, SEASON, Service, result};

/// Lines with `action`, as `line: subject: message`.
fn lines(response: &ImportSeasonResponse, action: ImportAction) -> String {
    let lines = response.lines.iter().filter(|line| line.action() == action);
    lines
        .map(|line| format!("{}: {}: {}", line.line, line.subject, line.message))
        .collect::<Vec<_>>()
        .join("\n")
}

fn refused(response: &ImportSeasonResponse) -> String {
    lines(response, ImportAction::Refused)
}

fn counts(response: &ImportSeasonResponse) -> (i32, i32, i32, i32) {
    (response.added, response.changed, response.unchanged, response.refused)
}

async fn revisions(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM match_revisions").fetch_one(pool).await.unwrap()
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn the_same_file_again_changes_nothing(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    let first = service.import(SEASON).await;
    assert_eq!((counts(&first), first.applied), ((106, 0, 0, 0), true));
    let again = service.import(SEASON).await;
    assert_eq!((counts(&again), again.applied), ((0, 0, 106, 0), true));
    assert_eq!(revisions(&pool).await, 96);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_changed_line_changes_one_match(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let changed =
        SEASON.replacen(r#""team1Wins": 0, "team2Wins": 2"#, r#""team1Wins": 2, "team2Wins": 1"#, 1);
    let response = service.import(&changed).await;
    assert_eq!(counts(&response), (0, 1, 105, 0));
    let changes = lines(&response, ImportAction::Changed);
    assert_snapshot!(changes, @"21: DRX–LSB 2022-01-12: result: 0–2 → 2–1");
    let first = &service.matches().await[0];
    assert_eq!((first.team1_wins, first.team2_wins, first.revision), (2, 1, 2));
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_dry_run_reports_and_changes_nothing(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    let response = service.import_as(SeasonFormat::Json, SEASON.as_bytes(), true).await.unwrap();
    assert_eq!((counts(&response), response.applied), ((106, 0, 0, 0), false));
    assert!(service.matches().await.is_empty());
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_dry_run_tells_known_matches_as_they_would_be(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    service.import_csv("Cup,Week 1,2090-01-01,1,3,T1,GEN,,,\nCup,Week 1,2090-01-02,1,3,T1,GEN,,,\n").await;
    let before = service.matches().await;
    let changed = format!(
        "{HEADER}Cup,Week 1,2090-01-01,1,3,T1,GEN,,,\nCup,Week 1,2090-01-02,1,5,T1,,,,\nCup,Week 1,2090-01-03,1,3,T1,GEN,,,"
    );
    let dry = service.import_as(SeasonFormat::Csv, changed.as_bytes(), true).await.unwrap();
    assert_eq!((counts(&dry), dry.changed_matches_left_out), ((1, 1, 1, 0), 0));
    let [changed_match] = dry.changed_matches.as_slice() else { panic!("{dry:?}") };
    let game = changed_match.r#match.clone().unwrap();
    let expected = Match { best_of: 5, team2: None, ..before.last().unwrap().clone() };
    assert_eq!((changed_match.line, &game), (3, &expected));
    assert_eq!(service.matches().await, before);

    let real = service.import_as(SeasonFormat::Csv, changed.as_bytes(), false).await.unwrap();
    assert_eq!((counts(&real), real.changed_matches), ((1, 1, 1, 0), vec![]));
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_name_in_another_spelling_begins_no_tournament(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let line = |name: &str, block: &str| format!("{name},{block},2090-01-01,1,3,T1,GEN,,,\n");
    assert_eq!(counts(&service.import_csv(&line("여름 Cup", "Week 1")).await), (1, 0, 0, 0));
    let decomposed = "\u{110b}\u{1167}\u{1105}\u{1173}\u{11b7} Cup";
    for (name, block) in [("여름 cup", "week 1"), (" 여름  Cup ", "1주차"), (decomposed, "1")] {
        assert_eq!(counts(&service.import_csv(&line(name, block)).await), (0, 0, 1, 0), "{name:?}");
    }
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_hundred_thousand_bad_entries_get_an_answer(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let bad = vec!["{}"; 100_000].join(",");
    let file = format!(r#"{{"format": "loljoa-season/1", "matches": [{bad}]}}"#);
    let response = service.import(&file).await;
    assert_eq!((counts(&response), response.applied), ((0, 0, 0, 100_000), false));
    assert_eq!((response.lines.len(), response.lines_left_out), (5_000, 95_000));
    assert_eq!(response.lines[0].message, "missing field `tournament`");

    // Of many lines the refused one is told.
    let first = chrono::NaiveDate::from_ymd_opt(2080, 1, 1).unwrap();
    let days = (0..6_000).map(|day| first + chrono::TimeDelta::days(day));
    let lines = days.map(|date| format!("Cup,Week 1,{date},1,3,T1,GEN,,,\n"));
    let table = lines.collect::<String>() + "Cup,Week 1,2080-01-01,2,4,T1,GEN,,,\n";
    let response = service.import_csv(&table).await;
    assert_eq!((counts(&response), response.lines_left_out), ((6_000, 0, 0, 1), 1_001));
    assert_eq!(refused(&response), "6002: T1–GEN 2080-01-01: best of must be 1, 3 or 5");
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_match_of_a_file_begins_at_its_start_once_its_teams_are_known(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let now: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(&pool).await.unwrap();
    let entry = |date: &str, team2: &str, ago: chrono::TimeDelta| {
        let start = (now - ago).to_rfc3339();
        format!(
            r#"{{"tournament": "Cup", "block": "Week 1", "date": "{date}", "slot": 1, "bestOf": 3, "team1": "T1",
            "team2": "{team2}", "startsAt": "{start}"}}"#
        )
    };
    let entries = [
        entry("2090-01-01", "GEN", chrono::TimeDelta::seconds(-2)),
        entry("2090-01-02", "TBD", chrono::TimeDelta::hours(1)),
        entry("2090-01-03", "DK", chrono::TimeDelta::days(2)),
        entry("2090-01-04", "KT", chrono::TimeDelta::hours(-1)),
    ];
    service.import(&format!(r#"{{"format": "loljoa-season/1", "matches": [{}]}}"#, entries.join(","))).await;
    let under_way = async || {
        let matches = service.matches().await;
        let under_way = matches.into_iter().filter(|m| m.state() == MatchState::InProgress);
        under_way.map(|m| m.team2.unwrap().code).collect::<Vec<_>>()
    };
    assert!(under_way().await.is_empty(), "its start is to come");
    let waiting = async {
        while under_way().await.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), waiting).await.expect("it begins");
    assert_eq!(under_way().await, ["GEN"], "not one without a team, of days ago, or to come");
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn one_refused_line_refuses_the_whole_file(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    let broken = SEASON.replacen(r#""team1": "T1", "team2": "KDF""#, r#""team1": "T1", "team2": "T1""#, 1);
    let response = service.import(&broken).await;
    assert_eq!((counts(&response), response.applied), ((105, 0, 0, 1), false));
    assert_eq!(refused(&response), "22: T1–T1 2022-01-12: a team cannot play itself");
    assert!(service.matches().await.is_empty());
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn each_mistake_in_a_table_is_named_with_its_line(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let lines = "\
        Cup,Week 1,2023-01-01,1,3,T1,GEN,2,0,\n\
        Cup,Week 1,2023-01-02,1,3,T1,T1,2,0,\n\
        Cup,Week 1,2023-01-01,1,3,DK,KT,2,0,\n\
        Cup,Week 1,2023-01-01,2,3,GEN,T1,2,0,\n\
        Cup,Week 1,2023-01-03,1,3,T1,SKT,2,0,\n\
        Cup,Week 1,2023-01-04,1,3,T1,GEN,3,0,\n\
        Cup,Week 1,2023-01-05,1,3,T1,GEN,2,2,\n\
        Cup,Week 1,2023-01-06,1,3,T1,GEN,1,1,\n\
        Cup,Week 1,2023-01-07,1,4,T1,GEN,2,0,\n\
        Cup,Week 1,2023-02-30,1,3,T1,GEN,2,0,\n\
        Cup,Week 1,2023-01-08,4,3,T1,GEN,2,0,\n\
        Cup,Week 1,2023-01-09,1,3,T1,GEN,2,,\n\
        Cup,Week 1,2023-01-10,1,3,T1,GEN,2,0,forfeit by T1\n\
        Cup,Week 1,2023-01-11,1,3,T1,GEN,2,0,forfeit by KT\n\
        Cup,Week 1,2023-01-12,1,3,T1,GEN,two,0,\n\
        Cup,Week 1,2023-01-13,1,3,T1,GEN,2,0,forfiet\n\
        Cup,Week 1,2023-01-14,1,3,T1,G";
    let response = service.import_csv(lines).await;
    assert!(!response.applied);
    assert_snapshot!(refused(&response), @r#"
    3: T1–T1 2023-01-02: a team cannot play itself
    4: DK–KT 2023-01-01: the same match as line 2
    5: GEN–T1 2023-01-01: the same match as line 2
    6: T1–SKT 2023-01-03: unknown team SKT
    7: T1–GEN 2023-01-04: 3–0: the score goes beyond the best of
    8: T1–GEN 2023-01-05: 2–2: the score goes beyond the best of
    9: T1–GEN 2023-01-06: 1–1: the score has no winner
    10: T1–GEN 2023-01-07: best of must be 1, 3 or 5
    11: T1–GEN 2023-02-30: date must be a day such as 2022-01-12
    12: T1–GEN 2023-01-08: slot must be 1, 2 or 3
    13: T1–GEN 2023-01-09: a result needs the game wins of both teams
    14: T1–GEN 2023-01-10: the team that forfeits cannot have won
    15: T1–GEN 2023-01-11: the team that forfeits must be one of the two teams of the match
    16: a match: team1_wins must be a whole number
    17: a match: note must be empty or "forfeit by <code>"
    18: a match: has 7 of 10 fields; the file may be cut off
    "#);
    assert_eq!(service.tournaments().await.len(), 2);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_file_that_is_no_season_is_refused_with_the_line_where_it_breaks(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    let (opening, closing) = ("[".repeat(10_000), "]".repeat(10_000));
    let deep = format!(r#"{{"format": "loljoa-season/1", "matches": [{opening}{closing}]}}"#);
    let broken: [&[u8]; 7] = [
        &SEASON.as_bytes()[..SEASON.len() / 2],
        b"",
        deep.as_bytes(),
        br#"{"format": "loljoa-season/2", "matches": []}"#,
        br#"{"format": "loljoa-season/1", "games": []}"#,
        br#"{"format": "loljoa-season/1"}"#,
        b"{\n\"format\": \"\xff\"}",
    ];
    let mut reasons = Vec::new();
    for content in broken {
        let response = service.import_as(SeasonFormat::Json, content, false).await.unwrap();
        assert!(!response.applied);
        reasons.push(refused(&response));
    }
    let header = service.import_as(SeasonFormat::Csv, b"tournament,block\n", false).await.unwrap();
    reasons.push(refused(&header));
    assert_snapshot!(reasons.join("\n"), @r#"
    65: the file: not a season file: EOF while parsing an object
    1: the file: not a season file: EOF while parsing a value
    1: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[: must be an object
    0: the file: format must be loljoa-season/1
    1: the file: not a season file: unknown field `games`, expected one of `format`, `notes`, `teams`, `matches`, `tournaments`
    0: the file: the file holds no teams, no matches and no tournaments
    2: the file: the file is not UTF-8
    1: the file: the header must be tournament,block,date_kst,slot,best_of,team1,team2,team1_wins,team2_wins,note
    "#);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn an_import_must_name_its_format_and_fit_its_limit(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    let unknown = service.import_as(SeasonFormat::Unspecified, b"{}", false).await.unwrap_err();
    assert_eq!(unknown.reason, "format_unknown");
    let large = vec![b' '; 1024 * 1024 + 1];
    let error = service.import_as(SeasonFormat::Json, &large, false).await.unwrap_err();
    assert_eq!((error.reason.as_str(), error.violations[0].field.as_str()), ("content_too_large", "content"));
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_table_brings_results_to_matches_that_are_known(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let planned = "Cup,Week 1,2023-01-01,1,3,T1,GEN,,,\nCup,Final,2023-01-02,1,5,TBD,,,,\n";
    assert_eq!(counts(&service.import_csv(planned).await), (2, 0, 0, 0));
    let played = "Cup,Week 1,2023-01-01,1,3,T1,GEN,1,2,\nCup,Final,2023-01-02,1,5,GEN,DK,,,\n";
    assert_eq!(counts(&service.import_csv(played).await), (0, 2, 0, 0));
    // A file without the result does not take it away.
    assert_eq!(counts(&service.import_csv(&planned.replace("TBD,", "GEN,DK")).await), (0, 0, 2, 0));
    let matches = service.matches().await;
    let states: Vec<_> = matches[96..].iter().map(|m| (m.state(), m.team2_wins, m.revision)).collect();
    assert_eq!(states, [(MatchState::Completed, 2, 2), (MatchState::Scheduled, 0, 2)]);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_result_for_a_cancelled_match_is_refused(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    service.import_csv("Cup,Week 1,2023-01-01,1,3,T1,GEN,,,\n").await;
    let planned = service.matches().await.pop().unwrap();
    let cancel = UpdateMatchRequest { match_id: planned.match_id.clone(), starts_at: None, cancel: true };
    service.update(cancel).await.unwrap();
    let response = service.import_csv("Cup,Week 1,2023-01-01,1,3,T1,GEN,2,0,\n").await;
    assert_eq!(refused(&response), "2: T1–GEN 2023-01-01: has a result, but the match was cancelled");
    let error = service.record(result(&planned, 2, 0)).await.unwrap_err();
    assert_eq!(error.reason, "match_cancelled");
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn the_same_import_twice_at_once_adds_everything_once(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    let (one, other) = tokio::join!(service.import(SEASON), service.import(SEASON));
    assert_eq!((one.added + other.added, one.unchanged + other.unchanged), (106, 106));
    assert_eq!(revisions(&pool).await, 96);
    service.stop().await;
}
