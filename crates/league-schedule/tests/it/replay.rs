//! A replay runs from its start to its end, and pauses while nobody drives it.

use std::{cell::RefCell, collections::HashSet};

use chrono::{DateTime, Utc};
use loljoa_league_schedule::config::{Replay, Source};
use loljoa_proto::league_schedule::v1::{Match, MatchState, ReplayState};
use sqlx::PgPool;

use crate::harness::{PLAYOFFS, SPRING, Service, result, starts_at};

fn every(interval_ms: u64, first: usize) -> Source {
    let duration_ms = interval_ms;
    Source::Replay(Replay { interval_ms, duration_ms, first: Some(first), start_week: None })
}

/// So slow that nothing happens during a test.
fn slow() -> Source {
    every(3_600_000, 48)
}

/// Begins a replay and waits until its matches are there.
async fn begin(pool: &PgPool, source: Source) -> (Service, Vec<Match>) {
    let service = Service::start(pool, source).await;
    service.changes_until(|_| true).await;
    let matches = service.matches().await;
    assert_eq!(matches.len(), 96);
    (service, matches)
}

async fn epoch_and_last_tick(pool: &PgPool) -> (DateTime<Utc>, DateTime<Utc>) {
    sqlx::query_as("SELECT epoch, last_tick FROM replays").fetch_one(pool).await.unwrap()
}

/// Lets the replay look as if it had been left alone an hour ago, while half an hour of a match was played.
async fn leave_alone_for_an_hour(pool: &PgPool) {
    let shift = "UPDATE replays SET epoch = epoch - interval '150 minutes', last_tick = last_tick - interval '1 hour'";
    sqlx::query(shift).execute(pool).await.unwrap();
    let shift = "UPDATE matches SET starts_at = starts_at - interval '150 minutes'";
    sqlx::query(shift).execute(pool).await.unwrap();
    let playing = "UPDATE matches SET state = 'in_progress' WHERE starts_at = (SELECT epoch FROM replays)";
    assert_eq!(sqlx::query(playing).execute(pool).await.unwrap().rows_affected(), 1);
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn the_first_half_is_over_and_the_next_match_is_about_to_start(pool: PgPool) {
    let (service, matches) = begin(&pool, slow()).await;
    assert!(matches[..48].iter().all(|m| m.state() == MatchState::Completed));
    assert!(matches[48..].iter().all(|m| m.state() == MatchState::Scheduled && m.winner_id.is_empty()));
    for (index, pair) in matches.windows(2).enumerate() {
        let gap = starts_at(&pair[1]) - starts_at(&pair[0]);
        assert_eq!(gap.num_seconds(), 3_600, "after match {index}");
    }
    let spring = service.tournament(SPRING).await;
    assert_eq!(spring.replay_state(), ReplayState::Running);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_replay_calls_teams_as_its_season_did(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    let later = r##"{"code": "DK", "nameEn": "Dplus KIA", "nameKo": "디플러스 기아", "colour": "#000000"}"##;
    service.import(&format!(r#"{{"format": "loljoa-season/1", "teams": [{later}]}}"#)).await;
    service.stop().await;
    let (service, matches) = begin(&pool, slow()).await;
    let teams = matches.iter().flat_map(|m| [m.team1.as_ref(), m.team2.as_ref()]).flatten();
    let names: HashSet<_> = teams.filter(|team| team.code == "DK").map(|team| &team.name_en).collect();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["DWG KIA"]);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_replay_runs_to_its_end_and_says_so(pool: PgPool) {
    let (service, _) = begin(&pool, every(25, 60)).await;
    // Of several that end in one tick, the last match need not be the last change.
    let over = RefCell::new(HashSet::new());
    let all_over = |m: &Match| {
        if !m.winner_id.is_empty() {
            over.borrow_mut().insert(m.match_id.clone());
        }
        over.borrow().len() == 96
    };
    let changes = service.changes_until(all_over).await;

    let matches = service.matches().await;
    for m in &matches[60..] {
        let states = changes.iter().filter(|change| change.match_id == m.match_id).map(Match::state);
        let mut states: Vec<_> = states.collect();
        states.dedup();
        // A tick that comes late may find a match over that it had not seen begin.
        let whole = [MatchState::Scheduled, MatchState::InProgress, m.state()];
        assert!(states == whole || states == [whole[0], whole[2]], "{states:?}");
    }
    let forfeited = matches.iter().filter(|m| m.state() == MatchState::Forfeited).count();
    let completed = matches.iter().filter(|m| m.state() == MatchState::Completed).count();
    assert_eq!((forfeited, completed), (1, 95));
    for name in [SPRING, PLAYOFFS] {
        assert_eq!(service.tournament(name).await.replay_state(), ReplayState::Finished);
    }
    let spring = service.tournament(SPRING).await.tournament_id;
    let champion = service.standings(&spring).await.unwrap().remove(0);
    assert_eq!((champion.wins, champion.losses, champion.game_difference), (18, 0, 29));
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_week_can_be_where_it_begins(pool: PgPool) {
    let week = Replay { start_week: Some(3), interval_ms: 3_600_000, ..Replay::default() };
    let (service, matches) = begin(&pool, Source::Replay(week)).await;
    assert_eq!(matches.iter().filter(|m| m.state() == MatchState::Completed).count(), 20);
    assert_eq!(matches[20].block, "Week 3");
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn while_the_service_is_down_the_replay_pauses(pool: PgPool) {
    let (service, _) = begin(&pool, slow()).await;
    service.stop().await;
    leave_alone_for_an_hour(&pool).await;
    let (epoch, last_tick) = epoch_and_last_tick(&pool).await;
    let before = starts_of_those_to_come(&pool).await;

    let service = Service::start(&pool, slow()).await;
    service.changes_until(|m| m.block == "Playoffs Final" && m.revision == 3).await;
    let playing = service.matches().await[48].state();
    service.stop().await;
    let (epoch_now, _) = epoch_and_last_tick(&pool).await;
    let gap = epoch_now - epoch;
    assert!(gap >= chrono::TimeDelta::hours(1) && last_tick + gap <= now(&pool).await);
    let after = starts_of_those_to_come(&pool).await;
    let moves: Vec<_> = before.iter().zip(&after).map(|(before, after)| *after - *before).collect();
    assert_eq!(moves, vec![gap; 48]);
    assert_eq!(playing, MatchState::InProgress);
}

/// Lets the replay look as if it had been left alone an hour ago, when match 48 had come this share of its way.
async fn leave_alone_at(pool: &PgPool, share: f64) {
    let shift = "UPDATE replays SET last_tick = last_tick - interval '1 hour',
        epoch = last_tick - interval '1 hour' - interval '1 hour' * $1";
    sqlx::query(shift).bind(share).execute(pool).await.unwrap();
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn the_score_grows_while_a_match_is_played_and_a_restart_takes_nothing_back(pool: PgPool) {
    let (service, matches) = begin(&pool, slow()).await;
    service.stop().await;
    let end = bundled(&matches[48].match_id);
    let games = end.team1_wins + end.team2_wins;
    let mut revision = matches[48].revision;
    for (share, over) in [(0.1, 0), (0.6, 60 * games / 100), (0.6, 60 * games / 100), (0.99999, games - 1)] {
        leave_alone_at(&pool, share).await;
        let service = Service::start(&pool, slow()).await;
        // Each pause moves the start of all that is to come.
        service.changes_until(|m| m.match_id == matches[48].match_id && m.revision > revision).await;
        let m = service.get(&matches[48].match_id).await.unwrap();
        service.stop().await;
        revision = m.revision;
        if m.state() == MatchState::InProgress {
            assert_eq!(m.team1_wins + m.team2_wins, over, "after {share} of {games} games");
            assert!(m.team1_wins <= end.team1_wins && m.team2_wins <= end.team2_wins);
            assert!(m.winner_id.is_empty());
        } else {
            assert!(share > 0.9, "over after {share} of its way");
        }
    }
    let service = Service::start(&pool, slow()).await;
    service.changes_until(|m| m.match_id == matches[48].match_id && m.state() == MatchState::Completed).await;
    let m = service.get(&matches[48].match_id).await.unwrap();
    assert_eq!((m.team1_wins, m.team2_wins), (end.team1_wins, end.team2_wins));
    service.stop().await;
}

/// How a match of the bundled season ended.
fn bundled(match_id: &str) -> Match {
    let season = loljoa_league_schedule::domain::season::read(
        loljoa_league_schedule::domain::season::Format::Json,
        crate::harness::SEASON.as_bytes(),
    );
    let fixtures = season.matches.into_iter().filter_map(|entry| entry.content.ok());
    let mut ends = fixtures.filter_map(|fixture| fixture.to_match().ok());
    let end = ends.find(|m| m.match_id.to_string() == match_id).unwrap();
    Match { team1_wins: end.team1_wins.into(), team2_wins: end.team2_wins.into(), ..Match::default() }
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn scores_tick_game_by_game_in_the_feed_up_to_the_result(pool: PgPool) {
    let (service, _) = begin(&pool, every(400, 86)).await;
    let last = |m: &Match| m.block == "Playoffs Final" && m.state() == MatchState::Completed;
    let changes = service.changes_until(last).await;
    let mut ticks = 0;
    for m in &service.matches().await[86..] {
        let story: Vec<_> = changes.iter().filter(|change| change.match_id == m.match_id).collect();
        for pair in story.windows(2) {
            let score = |m: &Match| (m.team1_wins, m.team2_wins);
            let (before, after) = (score(pair[0]), score(pair[1]));
            assert!(before.0 <= after.0 && before.1 <= after.1, "{before:?} and then {after:?}");
            let playing = pair[1].state() == MatchState::InProgress;
            ticks += usize::from(playing && after != (0, 0));
            assert_eq!(pair[1].winner_id.is_empty(), playing, "who wins is told at the end");
        }
        let end = bundled(&m.match_id);
        assert_eq!((m.team1_wins, m.team2_wins), (end.team1_wins, end.team2_wins));
    }
    assert!(ticks > 0, "no score was told before its match was over");
    service.stop().await;
}

async fn starts_of_those_to_come(pool: &PgPool) -> Vec<DateTime<Utc>> {
    let starts =
        "SELECT starts_at FROM matches WHERE state IN ('scheduled', 'in_progress') ORDER BY starts_at";
    sqlx::query_scalar(starts).fetch_all(pool).await.unwrap()
}

async fn now(pool: &PgPool) -> DateTime<Utc> {
    sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(pool).await.unwrap()
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn what_was_decided_by_hand_is_left_alone(pool: PgPool) {
    let (service, matches) = begin(&pool, slow()).await;
    let (flipped, cancelled) = (&matches[48], &matches[49]);
    service.record(result(flipped, 2, 0)).await.unwrap();
    service.cancel(&cancelled.match_id).await.unwrap();
    let earlier = starts_at(&matches[50]) - chrono::TimeDelta::minutes(10);
    service.move_to(&matches[50].match_id, earlier).await.unwrap();
    service.stop().await;

    let hurry = "UPDATE replays SET epoch = last_tick + interval '10 ms', interval_ms = 1, duration_ms = 1";
    sqlx::query(hurry).execute(&pool).await.unwrap();
    let service = Service::start(&pool, slow()).await;
    service.changes_until(|m| m.block == "Playoffs Final" && m.state() == MatchState::Completed).await;
    let states: Vec<_> = service.matches().await.iter().map(|m| (m.match_id.clone(), m.state())).collect();
    let state = |of: &Match| states.iter().find(|(id, _)| *id == of.match_id).unwrap().1;
    assert_eq!(state(flipped), MatchState::Completed);
    assert_eq!(state(cancelled), MatchState::Cancelled);
    assert_eq!(state(&matches[50]), MatchState::Scheduled);
    assert_eq!(state(&matches[51]), MatchState::Completed);
    let stored = service.get(&flipped.match_id).await.unwrap();
    assert_eq!((stored.team1_wins, stored.team2_wins, stored.revision), (2, 0, 2));
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_season_that_is_replayed_takes_no_import(pool: PgPool) {
    let (service, _) = begin(&pool, slow()).await;
    let response = service.import(crate::harness::SEASON).await;
    assert_eq!((response.applied, response.unchanged, response.refused), (false, 10, 96));
    assert_eq!(response.lines[10].message, "LCK 2022 Spring is being replayed");
    service.stop().await;
}
