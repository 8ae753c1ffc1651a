//! Page by page through the LoL Esports feed.

use loljoa_league_schedule::{config, source::Source as _};
use serde_json::Value;
use sqlx::PgPool;
use wiremock::{Mock, ResponseTemplate, matchers::path};

use crate::{
    esports::{Esports, event, page, page_between, won},
    harness::Service,
};

fn answer(events: &[Value], newer: Option<&str>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(page(events, newer))
}

fn over(id: &str) -> Value {
    event(id, "completed", [won(Some("win"), 2), won(Some("loss"), 0)])
}

/// A match to come, in a year that the test will not see.
fn to_come(id: &str) -> Value {
    let mut event = event(id, "unstarted", [won(None, 0), won(None, 0)]);
    event["startTime"] = "2090-01-01T00:00:00Z".into();
    event
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn newer_pages_are_followed_to_the_last(pool: PgPool) {
    let mut esports = Esports::start(&pool).await;
    esports.answer(None, answer(&[over("1")], Some("two"))).await;
    esports.answer(Some("two"), answer(&[to_come("2")], Some("three"))).await;
    esports.answer(Some("three"), answer(&[to_come("3")], None)).await;
    esports.live.step().await.unwrap();
    assert_eq!(esports.tokens().await, ["", "two", "three"]);
    assert_eq!(esports.service.matches().await.len(), 3);
    esports.service.stop().await;
}

/// Three pages, of which the feed begins with the last.
async fn three_pages(esports: &Esports) {
    let older = |older, events: &[Value], newer| {
        ResponseTemplate::new(200).set_body_json(page_between(older, events, Some(newer)))
    };
    let today = page_between(Some("two"), &[over("3"), to_come("4")], None);
    for token in [None, Some("three")] {
        esports.answer(token, ResponseTemplate::new(200).set_body_json(&today)).await;
    }
    esports.answer(Some("two"), older(Some("one"), &[over("2")], "three")).await;
    esports.answer(Some("one"), older(Some("zero"), &[over("1")], "two")).await;
    // A token that the feed does not know gets the page around today.
    esports.answer(Some("zero"), ResponseTemplate::new(200).set_body_json(&today)).await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_new_install_has_the_season_from_its_beginning(pool: PgPool) {
    let mut esports = Esports::start(&pool).await;
    three_pages(&esports).await;
    esports.live.step().await.unwrap();
    assert_eq!(esports.service.matches().await.len(), 4);
    assert_eq!(esports.tokens().await, ["", "two", "one", "zero", "two", "three"]);
    esports.live.step().await.unwrap();
    assert_eq!(esports.tokens().await[6..], ["three"], "what is over is not read again");
    esports.service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn pages_before_todays_are_left_alone_where_none_are_wanted(pool: PgPool) {
    let mut esports = Esports::start(&pool).await;
    esports.live = Esports::source_with(&pool, &esports.server, |live| live.older_pages = 0);
    three_pages(&esports).await;
    esports.live.step().await.unwrap();
    assert_eq!(esports.service.matches().await.len(), 2);
    esports.service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_new_replica_reads_on_at_the_first_page_with_a_match_to_come(pool: PgPool) {
    let mut esports = Esports::start(&pool).await;
    esports.answer(None, answer(&[over("1")], Some("two"))).await;
    esports.answer(Some("two"), answer(&[to_come("2")], Some("three"))).await;
    esports.answer(Some("three"), answer(&[to_come("3")], None)).await;
    esports.live.step().await.unwrap();
    let mut other = Esports::source(&pool, &esports.server);
    other.step().await.unwrap();
    assert_eq!(esports.tokens().await[3..], ["two", "three"]);
    esports.service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_token_that_is_ignored_does_not_loop(pool: PgPool) {
    let mut esports = Esports::start(&pool).await;
    esports.answer(None, answer(&[to_come("1")], Some("gone"))).await;
    esports.answer(Some("gone"), answer(&[to_come("1")], Some("other"))).await;
    esports.live.step().await.unwrap();
    assert_eq!(esports.tokens().await, ["", "gone"]);
    esports.service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn pages_without_end_are_read_a_bounded_number_at_a_time(pool: PgPool) {
    let mut esports = Esports::start(&pool).await;
    let endless = |request: &wiremock::Request| {
        let token = request.url.query_pairs().find(|(name, _)| name == "pageToken");
        let number: u32 = token.map_or(0, |(_, token)| token.parse().unwrap());
        answer(&[over(&format!("match-{number}"))], Some(&(number + 1).to_string()))
    };
    Mock::given(path("/persisted/gw/getSchedule")).respond_with(endless).mount(&esports.server).await;
    esports.live.step().await.unwrap();
    assert_eq!(esports.tokens().await.len(), 20);
    esports.live.step().await.unwrap();
    let tokens = esports.tokens().await;
    assert_eq!((tokens.len(), tokens[20].as_str()), (40, "20"));
    esports.service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_service_polls_again_and_again_and_recovers(pool: PgPool) {
    let esports = Esports::start(&pool).await;
    let schedule = |response| Mock::given(path("/persisted/gw/getSchedule")).respond_with(response);
    schedule(ResponseTemplate::new(403)).up_to_n_times(1).with_priority(1).mount(&esports.server).await;
    schedule(answer(&[to_come("1")], None)).up_to_n_times(1).with_priority(2).mount(&esports.server).await;
    schedule(answer(&[over("1")], None)).with_priority(3).mount(&esports.server).await;
    let base = esports.server.uri().parse().unwrap();
    let live = config::Live { interval_ms: 10, ..config::Live::at(base, "test-key") };
    let service = Service::start(&pool, config::Source::Live(live)).await;
    let changes = service.changes_until(|m| !m.winner_id.is_empty()).await;
    assert_eq!(changes.iter().map(|m| m.revision).collect::<Vec<_>>(), [1, 2]);
    service.stop().await;
    esports.service.stop().await;
}
