//! Starting and stopping.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use loljoa_service_kit::{config::Drain, health::Health, lifecycle::Parts};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn a_drain_is_not_ready_first_and_lets_work_finish() {
    let (health, shutdown) = (Health::new("test"), CancellationToken::new());
    let mut parts = Parts::new(health.clone(), shutdown.clone());
    let (closing, seen) = (parts.closing(), health.clone());
    let finished = Arc::new(AtomicBool::new(false));
    let done = finished.clone();
    parts.spawn_worker("worker", async move {
        closing.cancelled().await;
        assert!(!seen.is_ready(), "load balancers were told before the ports close");
        tokio::task::yield_now().await;
        done.store(true, Ordering::Relaxed);
    });
    assert!(health.is_ready());
    shutdown.cancel();
    parts.run(&Drain::default()).await.unwrap();
    assert!(finished.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_part_that_fails_stops_the_service_and_is_named() {
    let mut parts = Parts::new(Health::new("test"), CancellationToken::new());
    let closing = parts.closing();
    parts.spawn_worker("steady", async move { closing.cancelled().await });
    parts.spawn("shaky", async { Err::<(), _>(anyhow::anyhow!("the port went away")) });
    let error = parts.run(&Drain::default()).await.unwrap_err();
    assert_eq!(format!("{error:#}"), "shaky failed: the port went away");
}

#[tokio::test]
async fn a_part_that_hangs_does_not_hold_the_drain_for_ever() {
    let (health, shutdown) = (Health::new("test"), CancellationToken::new());
    let mut parts = Parts::new(health, shutdown.clone());
    parts.spawn_worker("stuck", std::future::pending());
    shutdown.cancel();
    parts.run(&Drain { delay_ms: 0, grace_ms: 10 }).await.unwrap();
}
