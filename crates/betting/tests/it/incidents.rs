//! What needs a person stays open until a person has dealt with it, and opens again when it occurs again.

use loljoa_proto::betting::v1::{Incident, IncidentState};
use loljoa_service_kit::{ErrorCode, ids};
use sqlx::PgPool;

use crate::harness::{Bet, World, eventually};

/// A payment that the ledger refuses, and the incident of it.
async fn refused(world: &World) -> Incident {
    let game = world.game().await;
    let account = world.account("faker").await;
    world.betting().bet(&Bet::on(&game.winner, "T1", account, 300)).await;
    world.tamper("UPDATE user_balances SET balance = balance + 9223372036854775000").await;
    world.feed.say(game.fixture.completed(2, [2, 0]));
    eventually(async || world.betting().incidents().await.pop()).await
}

/// Waits until so many are shown to whoever looks at the gauges.
async fn until_open(world: &World, count: u32) {
    let shown = |open: f64| (open - f64::from(count)).abs() < 0.5;
    world.until_metric("loljoa_incidents_open", "transfer_refused", shown).await;
}

#[sqlx::test]
async fn an_incident_is_open_until_it_is_resolved_and_opens_again_when_it_occurs_again(pool: PgPool) {
    let world = World::start(&pool).await;
    let betting = world.betting();
    let incident = refused(&world).await;
    assert_eq!((incident.state(), incident.occurrences), (IncidentState::Open, 1));
    assert_eq!(incident.resolution, None);
    until_open(&world, 1).await;

    let resolved = betting.resolve(&incident.incident_id, "the balance was mended").await.unwrap();
    let resolution = resolved.resolution.clone().unwrap();
    assert_eq!(resolved.state(), IncidentState::Resolved);
    let by = world.admin.account.to_string();
    assert_eq!((resolution.resolved_by, &*resolution.note), (by, "the balance was mended"));
    assert!(resolution.resolved_at.is_some());
    assert_eq!(betting.incidents_that_are(IncidentState::Open).await, []);
    assert_eq!(betting.incidents_that_are(IncidentState::Resolved).await, std::slice::from_ref(&resolved));
    assert_eq!(betting.resolve(&incident.incident_id, "twice").await.unwrap(), resolved);
    until_open(&world, 0).await;

    // It was not mended.
    assert_eq!(betting.retry_owed().await, 1);
    let open = eventually(async || betting.incidents_that_are(IncidentState::Open).await.pop()).await;
    assert_eq!((&open.incident_id, open.occurrences), (&incident.incident_id, 2));
    assert_eq!(open.resolution, resolved.resolution, "what was said before is kept");
    until_open(&world, 1).await;
    assert_eq!(betting.incidents_that_are(IncidentState::Resolved).await, []);
    world.abandon().await;
}

#[sqlx::test]
async fn an_incident_is_resolved_by_somebody_and_with_words(pool: PgPool) {
    let world = World::start(&pool).await;
    let incident = refused(&world).await;
    for note in ["", "  ", "\u{7}", &"x".repeat(2_001)] {
        let error = world.betting().resolve(&incident.incident_id, note).await.unwrap_err();
        assert_eq!((error.code, &*error.reason), (ErrorCode::Invalid, "text_out_of_range"));
    }
    let unknown = world.betting().resolve(&ids::fresh().to_string(), "seen").await.unwrap_err();
    assert_eq!((unknown.code, &*unknown.reason), (ErrorCode::NotFound, "incident_not_found"));
    let strange = world.betting().resolve("7", "seen").await.unwrap_err();
    assert_eq!(&*strange.reason, "not_a_uuid");
    assert_eq!(world.betting().incidents_that_are(IncidentState::Open).await, [incident]);
    world.abandon().await;
}
