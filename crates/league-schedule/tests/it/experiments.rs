//! Block and turn off with several replicas over one database: each holds for the one that it was said to, the others answer,
//! and the replay goes on in any case.

use std::collections::BTreeMap;

use loljoa_league_schedule::config::{Replay, Source};
use loljoa_proto::{
    league_schedule::v1::{Match, MatchState},
    ops::v1::{BlockRequest, TurnOffRequest},
};
use sqlx::PgPool;

use crate::harness::Service;

const REPLICAS: usize = 3;

async fn replicas(pool: &PgPool) -> Vec<Service> {
    let mut replicas = Vec::new();
    for _ in 0..REPLICAS {
        let replay = Replay { interval_ms: 100, duration_ms: 100, first: Some(66), start_week: None };
        let experiments = |config: &mut loljoa_league_schedule::Config| config.runtime.experiments = true;
        let replica = Service::start_with(pool, Source::Replay(replay), experiments).await;
        replica.until_probe("/readyz", 200).await;
        replicas.push(replica);
    }
    replicas[0].changes_until(|_| true).await;
    replicas
}

/// What the probes of all say now.
async fn all(replicas: &[Service], path: &str) -> Vec<u16> {
    let mut said = Vec::new();
    for replica in replicas {
        said.push(replica.probe(path).await);
    }
    said
}

fn count_over(matches: &[Match]) -> usize {
    matches
        .iter()
        .filter(|m| m.state() != MatchState::Scheduled && m.state() != MatchState::InProgress)
        .count()
}

/// Each change of each match once, and a game at a time or more, never back.
fn nothing_came_twice_or_went_back(changes: &[Match]) {
    let mut known: BTreeMap<&str, &Match> = BTreeMap::new();
    for change in changes {
        let before = known.insert(&change.match_id, change);
        assert_eq!(change.revision, before.map_or(1, |before| before.revision + 1));
        if let Some(before) = before {
            let grown = change.team1_wins >= before.team1_wins && change.team2_wins >= before.team2_wins;
            assert!(
                grown,
                "{}:{} after {}:{}",
                change.team1_wins, change.team2_wins, before.team1_wins, before.team2_wins
            );
        }
    }
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_replica_is_blocked_or_turned_off_alone_and_the_replay_goes_on(pool: PgPool) {
    let mut replicas = replicas(&pool).await;

    let blocked = replicas[0].ops.clone().block(BlockRequest { seconds: 1 }).await.unwrap().into_inner();
    assert_eq!(blocked.seconds, 1);
    let ready = all(&replicas, "/readyz").await;
    assert_eq!(ready[1..], [200; REPLICAS - 1], "the block is one replica's");
    assert_eq!(all(&replicas, "/livez").await, [200; REPLICAS], "nobody is to be started again");
    let over = count_over(&replicas[1].matches().await);
    replicas[0].until_probe("/readyz", 200).await;

    // The first drives the replay. Whoever watches liveness takes it away; the next one takes over.
    replicas[0].ops.clone().turn_off(TurnOffRequest {}).await.unwrap();
    assert_eq!(all(&replicas, "/livez").await, [503, 200, 200]);
    assert_eq!(all(&replicas, "/readyz").await[1..], [200; REPLICAS - 1]);
    replicas.remove(0).stop().await;

    let last = |m: &Match| m.block == "Playoffs Final" && m.state() == MatchState::Completed;
    let seen = replicas[0].changes_until(last).await;
    assert_eq!(replicas[1].changes_until(last).await, seen, "all replicas tell one story");
    nothing_came_twice_or_went_back(&seen);
    let matches = replicas[0].matches().await;
    assert!(over < count_over(&matches) && matches.iter().all(|m| !m.winner_id.is_empty()));
    for replica in replicas {
        assert_eq!((replica.probe("/livez").await, replica.probe("/readyz").await), (200, 200));
        replica.stop().await;
    }
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_block_is_over_after_its_time_and_holds_until_then(pool: PgPool) {
    let replicas = replicas(&pool).await;
    replicas[1].ops.clone().block(BlockRequest { seconds: 300 }).await.unwrap();
    assert_eq!(all(&replicas, "/readyz").await, [200, 503, 200]);
    // It refuses traffic by saying so; whoever asks it all the same is answered.
    assert_eq!(replicas[1].matches().await.len(), 96);
    replicas[2].ops.clone().block(BlockRequest { seconds: 300 }).await.unwrap();
    assert_eq!(all(&replicas, "/readyz").await, [200, 503, 503]);
    for replica in replicas {
        replica.stop().await;
    }
}
