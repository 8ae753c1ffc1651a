//! The quirks of the LoL Esports feed, one by one.

use loljoa_league_schedule::source::Error;
use loljoa_proto::league_schedule::v1::{MatchState, Source};
use serde_json::{Value, json};
use sqlx::PgPool;
use wiremock::{MockServer, ResponseTemplate};

use crate::{
    esports::{Esports, between, event, won},
    harness::{code, result, starts_at},
};

fn unplayed() -> [Value; 2] {
    [won(None, 0), won(None, 0)]
}

fn t1_wins(t1: i64, geng: i64) -> [Value; 2] {
    [won(Some("win"), t1), won(Some("loss"), geng)]
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_match_is_followed_from_its_announcement_to_its_result(pool: PgPool) {
    let mut esports = Esports::start(&pool).await;
    esports.poll(vec![event("1", "unstarted", unplayed())]).await.unwrap();
    let announced = esports.service.only_match().await;
    assert_eq!((announced.state(), announced.block.as_str()), (MatchState::Scheduled, "Week 1"));
    assert_eq!(starts_at(&announced).to_rfc3339(), "2026-01-14T08:00:00+00:00");
    assert_eq!(esports.service.tournament("LCK 2026").await.source(), Source::Live);

    esports.poll(vec![event("1", "inProgress", [won(None, 1), won(None, 1)])]).await.unwrap();
    let playing = esports.service.only_match().await;
    assert_eq!(
        (playing.state(), playing.team1_wins, playing.team2_wins, playing.revision),
        (MatchState::InProgress, 1, 1, 2)
    );

    let over = event("1", "completed", t1_wins(2, 1));
    esports.poll(vec![over.clone()]).await.unwrap();
    esports.poll(vec![over]).await.unwrap();
    let over = esports.service.only_match().await;
    assert_eq!(
        (over.state(), over.team1_wins, over.team2_wins, over.revision),
        (MatchState::Completed, 2, 1, 3)
    );
    assert_eq!(over.winner_id, over.team1.unwrap().team_id);
    esports.service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn teams_to_be_decided_have_no_result_and_become_known(pool: PgPool) {
    let mut esports = Esports::start(&pool).await;
    let open = between("1", "unstarted", ("TBD", "TBD", Value::Null), ("TBD", "TBD", Value::Null));
    esports.poll(vec![open.clone()]).await.unwrap();
    let announced = esports.service.only_match().await;
    assert_eq!((announced.team1, announced.team2), (None, None));

    esports.poll(vec![event("1", "unstarted", unplayed())]).await.unwrap();
    esports.poll(vec![open]).await.unwrap();
    let known = esports.service.only_match().await;
    assert_eq!((code(known.team1.as_ref()), code(known.team2.as_ref())), ("T1", "GEN"));
    assert_eq!(known.revision, 2);
    esports.service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn completed_without_an_outcome_settles_nothing(pool: PgPool) {
    let mut esports = Esports::start(&pool).await;
    esports.poll(vec![event("1", "completed", unplayed())]).await.unwrap();
    let unplayed = esports.service.only_match().await;
    assert_eq!((unplayed.state(), unplayed.needs_review), (MatchState::Scheduled, false));
    esports.service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn wins_that_do_not_fit_wait_for_an_administrator_whose_word_stays(pool: PgPool) {
    let mut esports = Esports::start(&pool).await;
    let forfeit = event("1", "completed", t1_wins(1, 0));
    esports.poll(vec![forfeit.clone()]).await.unwrap();
    let waiting = esports.service.only_match().await;
    assert_eq!((waiting.state(), waiting.needs_review), (MatchState::Scheduled, true));

    let decided = esports.service.record(result(&waiting, 2, 0)).await.unwrap();
    assert!(!decided.needs_review);
    esports.poll(vec![forfeit]).await.unwrap();
    assert_eq!(esports.service.only_match().await, decided);
    esports.service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn contradictory_outcomes_wait_for_an_administrator(pool: PgPool) {
    let mut esports = Esports::start(&pool).await;
    let both = [won(Some("win"), 2), won(Some("win"), 2)];
    let loser_ahead = [won(Some("loss"), 2), won(Some("win"), 0)];
    for (id, results) in [("1", both), ("2", loser_ahead)] {
        esports.poll(vec![event(id, "completed", results)]).await.unwrap();
    }
    let matches = esports.service.matches().await;
    assert_eq!(matches.len(), 2);
    assert!(matches.iter().all(|m| m.needs_review && m.winner_id.is_empty()));
    esports.service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_result_that_flips_is_a_new_revision_and_one_that_vanishes_stays(pool: PgPool) {
    let mut esports = Esports::start(&pool).await;
    esports.poll(vec![event("1", "completed", t1_wins(2, 1))]).await.unwrap();
    let flipped = [won(Some("loss"), 1), won(Some("win"), 2)];
    esports.poll(vec![event("1", "completed", flipped)]).await.unwrap();
    let stands = esports.service.only_match().await;
    assert_eq!((stands.team1_wins, stands.team2_wins, stands.revision), (1, 2, 2));
    esports.poll(vec![event("1", "unstarted", unplayed())]).await.unwrap();
    assert_eq!(esports.service.only_match().await, stands);
    esports.service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn answers_that_are_no_schedule_change_nothing_and_do_not_stop_the_source(pool: PgPool) {
    let mut esports = Esports::start(&pool).await;
    esports.poll(vec![event("1", "unstarted", unplayed())]).await.unwrap();
    let before = esports.service.only_match().await;
    let answers = [
        ResponseTemplate::new(403).set_body_string("Forbidden"),
        ResponseTemplate::new(200).set_body_raw("<html>Down for maintenance</html>", "text/html"),
        ResponseTemplate::new(200).set_body_json(json!({ "message": "Too many requests" })),
        ResponseTemplate::new(200).set_body_json(json!({ "data": null })),
        ResponseTemplate::new(500),
        ResponseTemplate::new(503).insert_header("Retry-After", "60"),
        ResponseTemplate::new(200).set_body_string("x".repeat(200_000)),
        ResponseTemplate::new(302).insert_header("Location", "/persisted/gw/getSchedule"),
    ];
    for answer in answers {
        let error = esports.poll_answer(answer).await.unwrap_err();
        assert!(matches!(error, Error::Feed(_)), "{error}");
    }
    assert_eq!(esports.service.only_match().await, before);
    esports.poll(vec![event("1", "completed", t1_wins(2, 0))]).await.unwrap();
    assert_eq!(esports.service.only_match().await.state(), MatchState::Completed);
    esports.service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn codes_that_collide_with_an_academy_belong_to_the_league_s_own_team(pool: PgPool) {
    let mut esports = Esports::start(&pool).await;
    let main = ("DN SOOPers", "DNS", won(None, 0));
    let academy = ("DNS Challengers", "DNS", won(None, 0));
    esports.poll(vec![between("1", "unstarted", main, academy)]).await.unwrap();
    let showmatch = esports.service.only_match().await;
    let (main, academy) = (showmatch.team1.unwrap(), showmatch.team2.unwrap());
    assert_eq!((main.code.as_str(), main.name_en.as_str()), ("DNS", "DN SOOPers"));
    assert_eq!((academy.code.as_str(), academy.name_en.as_str()), ("DNS-CHALLENGERS", "DNS Challengers"));
    esports.service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_team_that_is_known_keeps_its_names_and_colour(pool: PgPool) {
    let mut esports = Esports::start(&pool).await;
    let t1 = r##"{"code": "T1", "nameEn": "T1", "nameKo": "티원", "colour": "#E2012D"}"##;
    esports.service.import(&format!(r#"{{"format": "loljoa-season/1", "teams": [{t1}]}}"#)).await;
    esports.poll(vec![event("1", "unstarted", unplayed())]).await.unwrap();
    let team = esports.service.only_match().await.team1.unwrap();
    assert_eq!((team.name_ko.as_str(), team.colour.as_str()), ("티원", "#E2012D"));
    esports.service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn shows_and_events_that_cannot_be_read_are_passed_over(pool: PgPool) {
    let mut esports = Esports::start(&pool).await;
    let show = json!({ "startTime": "2026-01-14T07:00:00Z", "state": "unstarted", "type": "show",
                       "blockName": null, "league": { "name": "LCK", "slug": "lck" } });
    let mut best_of_2 = event("2", "unstarted", unplayed());
    best_of_2["match"]["strategy"]["count"] = json!(2);
    let mut alone = event("3", "unstarted", unplayed());
    alone["match"]["teams"] = json!([]);
    let events =
        vec![show, json!({ "startTime": "soon" }), best_of_2, alone, event("1", "unstarted", unplayed())];
    esports.poll(events).await.unwrap();
    assert_eq!(code(esports.service.only_match().await.team1.as_ref()), "T1");
    esports.service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_start_that_moves_is_followed_unless_it_was_moved_by_hand(pool: PgPool) {
    let mut esports = Esports::start(&pool).await;
    let at = |time: &str| {
        let mut moved = event("1", "unstarted", unplayed());
        moved["startTime"] = json!(time);
        vec![moved]
    };
    esports.poll(at("2026-01-14T08:00:00Z")).await.unwrap();
    esports.poll(at("2026-01-15T08:00:00Z")).await.unwrap();
    let moved = esports.service.only_match().await;
    assert_eq!(starts_at(&moved).to_rfc3339(), "2026-01-15T08:00:00+00:00");
    let by_hand = starts_at(&moved) + chrono::TimeDelta::hours(1);
    let by_hand = esports.service.move_to(&moved.match_id, by_hand).await.unwrap();
    esports.poll(at("2026-01-16T08:00:00Z")).await.unwrap();
    assert_eq!(esports.service.only_match().await, by_hand);
    esports.service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn the_key_is_not_taken_to_where_an_answer_points(pool: PgPool) {
    let elsewhere = MockServer::start().await;
    let mut esports = Esports::start(&pool).await;
    for status in [301, 302, 307, 308] {
        let moved = ResponseTemplate::new(status).insert_header("location", elsewhere.uri());
        let error = esports.poll_answer(moved).await.unwrap_err();
        assert!(format!("{error:?}").contains(&status.to_string()), "{error:?}");
    }
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
    esports.service.stop().await;
}
