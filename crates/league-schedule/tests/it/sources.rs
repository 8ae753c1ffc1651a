//! Sources run on one replica at a time, and say why when they cannot run.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use async_trait::async_trait;
use loljoa_league_schedule::{
    config::{self, Replay},
    source::{self, Next, Source},
    store::leases,
};
use loljoa_proto::league_schedule::v1::MatchState;
use loljoa_service_kit::ids;
use sqlx::PgPool;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::harness::{SEASON, Service, result};

/// Tells of its steps.
struct Telling {
    name: &'static str,
    steps: mpsc::Sender<&'static str>,
}

#[async_trait]
impl Source for Telling {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn step(&mut self) -> Result<Next, source::Error> {
        let _ = self.steps.send(self.name).await;
        Ok(Next::After(Duration::from_millis(1)))
    }
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn one_replica_drives_and_the_other_takes_over(pool: PgPool) {
    let (sender, mut steps) = mpsc::channel(1);
    let run = |name: &'static str| {
        let stop = CancellationToken::new();
        let telling = Box::new(Telling { name, steps: sender.clone() });
        (tokio::spawn(source::run(telling, pool.clone(), stop.clone())), stop)
    };
    let (first, stop_first) = run("first");
    assert_eq!(steps.recv().await, Some("first"));
    let (second, stop_second) = run("second");
    for _ in 0..100 {
        assert_eq!(steps.recv().await, Some("first"));
    }
    stop_first.cancel();
    while steps.recv().await != Some("second") {}
    first.await.unwrap().unwrap();
    stop_second.cancel();
    steps.close();
    second.await.unwrap().unwrap();
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn whoever_dies_without_a_word_is_followed_by_another_replica(pool: PgPool) {
    let (sender, mut steps) = mpsc::channel(1);
    let run = |name: &'static str| {
        let telling = Box::new(Telling { name, steps: sender.clone() });
        tokio::spawn(source::run(telling, pool.clone(), CancellationToken::new()))
    };
    let first = run("first");
    assert_eq!(steps.recv().await, Some("first"));
    let others = [run("second"), run("third")];
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled(), "it gives nothing back");
    let inherit = async {
        loop {
            match steps.recv().await.unwrap() {
                "first" => {}
                heir => return heir,
            }
        }
    };
    let in_time = tokio::time::timeout(Duration::from_mins(1), inherit).await;
    let heir = in_time.expect("somebody takes over when the lease has run out");
    for _ in 0..100 {
        assert_eq!(steps.recv().await, Some(heir), "one at a time");
    }
    others.iter().for_each(tokio::task::JoinHandle::abort);
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_lease_passes_on_when_it_runs_out(pool: PgPool) {
    let db = &mut *pool.acquire().await.unwrap();
    let (one, other) = (ids::fresh(), ids::fresh());
    assert!(leases::hold(db, "source", one, 3_600.0).await.unwrap());
    assert!(!leases::hold(db, "source", other, 3_600.0).await.unwrap());
    assert!(leases::hold(db, "source", one, -1.0).await.unwrap());
    assert!(leases::hold(db, "source", other, 3_600.0).await.unwrap());
    leases::release(db, "source", one).await.unwrap();
    assert!(!leases::hold(db, "source", one, 3_600.0).await.unwrap());
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn two_replicas_replay_as_one(pool: PgPool) {
    let replay = Replay { interval_ms: 25, duration_ms: 25, first: Some(80), start_week: None };
    let one = Service::start(&pool, config::Source::Replay(replay.clone())).await;
    let other = Service::start(&pool, config::Source::Replay(replay)).await;
    let last = |m: &loljoa_proto::league_schedule::v1::Match| {
        m.block == "Playoffs Final" && m.state() == MatchState::Completed
    };
    let seen = one.changes_until(last).await;
    assert_eq!(other.changes_until(last).await, seen);
    let mut revisions: BTreeMap<&str, i64> = BTreeMap::new();
    for change in &seen {
        let revision = revisions.entry(&change.match_id).or_default();
        *revision += 1;
        assert_eq!(change.revision, *revision);
    }
    assert!(one.matches().await.iter().all(|m| !m.winner_id.is_empty()));
    one.stop().await;
    other.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn the_bundled_file_is_brought_in_at_every_start_but_leaves_decisions_alone(pool: PgPool) {
    let bundled = || config::Source::File(config::File { path: None });
    let service = Service::start(&pool, bundled()).await;
    service.changes_until(|m| m.block == "Playoffs Final").await;
    let first = service.matches().await.remove(0);
    let corrected = service.record(result(&first, 2, 1)).await.unwrap();
    service.stop().await;

    let service = Service::start(&pool, bundled()).await;
    let added = "Cup,Week 1,2030-01-01,1,3,T1,GEN,,,\n";
    assert!(service.import_csv(added).await.applied);
    assert_eq!(service.get(&first.match_id).await.unwrap(), corrected);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_file_that_cannot_be_brought_in_stops_the_service_and_says_where(pool: PgPool) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("season.json");
    tokio::fs::write(&path, SEASON.replacen(r#""slot": 2"#, r#""slot": 9"#, 1)).await.unwrap();
    let at = |path: PathBuf| config::Source::File(config::File { path: Some(path) });
    let why = Service::start(&pool, at(path)).await.failure().await;
    assert!(why.contains("line 22: T1–KDF 2022-01-12: slot must be 1, 2 or 3"), "{why}");

    let missing = Service::start(&pool, at(directory.path().join("none.json"))).await.failure().await;
    assert!(missing.contains("source.path = ") && missing.contains("none.json"), "{missing}");
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_replay_refuses_a_database_that_has_the_season_from_a_file(pool: PgPool) {
    Service::with_season(&pool).await.stop().await;
    let replay = config::Source::Replay(Replay::default());
    let why = Service::start(&pool, replay).await.failure().await;
    assert!(why.contains("the database has LCK 2022 Spring from another source"), "{why}");
}
