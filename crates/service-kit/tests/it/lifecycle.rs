//! Starting and stopping.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use loljoa_service_kit::{config::Drain, health::Health, lifecycle::Parts};
use tokio_util::sync::CancellationToken;

fn at_once() -> Drain {
    Drain { delay_ms: 0, ..Drain::default() }
}

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
    parts.run(&at_once(), async {}).await.unwrap();
    assert!(finished.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_part_that_fails_stops_the_service_and_is_named() {
    let mut parts = Parts::new(Health::new("test"), CancellationToken::new());
    let closing = parts.closing();
    parts.spawn_worker("steady", async move { closing.cancelled().await });
    parts.spawn("shaky", async { Err::<(), _>(anyhow::anyhow!("the port went away")) });
    let error = parts.run(&at_once(), async {}).await.unwrap_err();
    assert_eq!(format!("{error:#}"), "shaky failed: the port went away");
}

#[tokio::test]
async fn a_part_that_hangs_does_not_hold_the_drain_for_ever() {
    let (health, shutdown) = (Health::new("test"), CancellationToken::new());
    let mut parts = Parts::new(health, shutdown.clone());
    parts.spawn_worker("stuck", std::future::pending());
    shutdown.cancel();
    parts.run(&Drain { grace_ms: 10, ..at_once() }, async {}).await.unwrap();
}

#[tokio::test]
async fn the_admin_port_outlives_the_work_and_the_connections() {
    let (health, shutdown) = (Health::new("test"), CancellationToken::new());
    let mut parts = Parts::new(health, shutdown.clone());
    let (closing, ending, told) = (parts.closing(), parts.ending(), Arc::new(Mutex::new(Vec::new())));
    let tell = |what: &'static str| {
        let told = Arc::clone(&told);
        move || told.lock().unwrap().push(what)
    };
    let (worked, closed, ended) = (tell("work ended"), tell("connections closed"), tell("admin port closed"));
    parts.spawn_last("admin port", async move {
        ending.cancelled().await;
        ended();
        anyhow::Ok(())
    });
    parts.spawn_worker("worker", async move {
        closing.cancelled().await;
        tokio::task::yield_now().await;
        worked();
    });
    shutdown.cancel();
    parts.run(&at_once(), async move { closed() }).await.unwrap();
    assert_eq!(*told.lock().unwrap(), ["work ended", "connections closed", "admin port closed"]);
}

#[tokio::test]
async fn an_admin_port_that_fails_stops_the_service() {
    let mut parts = Parts::new(Health::new("test"), CancellationToken::new());
    let closing = parts.closing();
    parts.spawn_worker("steady", async move { closing.cancelled().await });
    parts.spawn_last("admin port", async { Err::<(), _>(anyhow::anyhow!("the port went away")) });
    let error = parts.run(&at_once(), async {}).await.unwrap_err();
    assert_eq!(format!("{error:#}"), "admin port failed: the port went away");
}

#[tokio::test]
async fn connections_that_do_not_close_do_not_hold_the_drain_for_ever() {
    let shutdown = CancellationToken::new();
    let parts = Parts::new(Health::new("test"), shutdown.clone());
    shutdown.cancel();
    parts.run(&at_once(), std::future::pending()).await.unwrap();
}
