//! Looking for matches that were probably brought in wrongly.

use loljoa_league_schedule::config::{self, Replay};
use loljoa_proto::league_schedule::v1::{
    ListSuspectsRequest, ListSuspectsResponse, RemoveMatchRequest, Suspect, SuspectKind,
};
use sqlx::PgPool;

use crate::harness::{Service, code};

async fn suspects(service: &Service) -> ListSuspectsResponse {
    service.admin.clone().list_suspects(ListSuspectsRequest {}).await.unwrap().into_inner()
}

/// Kinds, with the teams of each match.
fn told(found: &[Suspect]) -> Vec<(SuspectKind, Vec<String>)> {
    let names = |suspect: &Suspect| {
        let name = |m: &loljoa_proto::league_schedule::v1::Match| {
            format!("{}–{}", code(m.team1.as_ref()), code(m.team2.as_ref()))
        };
        suspect.matches.iter().map(name).collect()
    };
    found.iter().map(|suspect| (suspect.kind(), names(suspect))).collect()
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn each_kind_is_told_with_its_matches_whole_until_it_is_mended(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    assert_eq!(suspects(&service).await, ListSuspectsResponse::default());
    for line in [
        "Cup,Week 1,2090-01-01,1,3,T1,GEN,,,\n",
        "Cup,Week 1,2090-01-01,3,3,GEN,T1,,,\n",
        "Cup,Tiebreakers,2090-01-01,2,3,GEN,T1,,,\n",
        "Cup,Week 2,2090-01-08,1,3,T1,DK,2,0,\n",
        "Cup,Wekk 3,2090-01-15,1,3,T1,DK,,,\n",
        "Other Cup,Week 1,2090-01-22,1,3,DK,KT,,,\n",
        "Cup,Week 4,2090-01-22,1,3,T1,DK,,,\n",
    ] {
        let report = service.import_csv(line).await;
        assert!(report.applied, "{report:?}");
    }
    let mut found = suspects(&service).await;
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    // They begin at the same time, so either may come first.
    found.suspects[0].matches.sort_by(|a, b| a.tournament_name.cmp(&b.tournament_name));
    assert_eq!(
        told(&found.suspects),
        [
            (SuspectKind::TwoPlaces, names(&["T1–DK", "DK–KT"])),
            (SuspectKind::CountsForNothing, names(&["T1–DK"])),
            (SuspectKind::ResultBeforeStart, names(&["T1–DK"])),
            (SuspectKind::SamePair, names(&["T1–GEN", "GEN–T1"])),
        ]
    );
    assert_eq!(found.suspects_left_out, 0);
    let double = found.suspects.last().unwrap();
    for m in &double.matches {
        assert_eq!(service.get(&m.match_id).await.unwrap(), *m);
    }
    assert_eq!(
        double.what,
        "T1–GEN, slot 1 of 2090-01-01 and GEN–T1, slot 3 of 2090-01-01 are the same teams within a day"
    );
    assert_eq!(
        double.remedy,
        "remove GEN–T1, slot 3 of 2090-01-01 in favour of T1–GEN, slot 1 of 2090-01-01"
    );
    assert_eq!(double.remove_id, double.matches[1].match_id);

    let [match_id, in_favour_of] = [1, 0].map(|place: usize| double.matches[place].match_id.clone());
    let request = RemoveMatchRequest { match_id, in_favour_of, dry_run: false };
    service.admin.clone().remove_match(request).await.unwrap();
    assert_eq!(suspects(&service).await.suspects.len(), 3);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn of_very_many_the_latest_200_are_told(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let days: Vec<_> = (1..=28).flat_map(|day| (1..=8).map(move |month| (month, day))).collect();
    let line = |(month, day): &(u32, u32)| format!("Cup,Practice,2090-{month:02}-{day:02},1,3,T1,GEN,,,\n");
    let practice: String = days.iter().map(line).collect();
    assert!(service.import_csv(&format!("Cup,Week 1,2090-12-01,1,3,T1,GEN,,,\n{practice}")).await.applied);
    let found = suspects(&service).await;
    assert_eq!((found.suspects.len(), found.suspects_left_out), (200, 24));
    let first = found.suspects[0].matches[0].starts_at.unwrap();
    assert!(
        found.suspects.iter().all(|suspect| suspect.matches[0].starts_at.unwrap().seconds <= first.seconds)
    );
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn matches_of_a_replay_are_not_looked_at(pool: PgPool) {
    // Hundreds of matches within minutes, so every team is in two places.
    let replay = Replay { interval_ms: 60_000, duration_ms: 30_000, ..Replay::default() };
    let service = Service::start(&pool, config::Source::Replay(replay)).await;
    service.changes_until(|m| m.block == "Playoffs Final").await;
    assert_eq!(suspects(&service).await, ListSuspectsResponse::default());
    service.stop().await;
}
