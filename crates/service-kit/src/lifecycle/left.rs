use std::{
    collections::BTreeSet,
    future::Future,
    process,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tokio::time;
use tokio_util::sync::CancellationToken;

/// What has to end before this process can: the parts of services, by name.
static LEFT: Mutex<BTreeSet<(&'static str, &'static str)>> = Mutex::new(BTreeSet::new());

fn left() -> MutexGuard<'static, BTreeSet<(&'static str, &'static str)>> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes note of the parts of `service` that still run.
pub(super) fn note(service: &'static str, running: impl Iterator<Item = &'static str>) {
    let mut left = left();
    left.retain(|(of, _)| *of != service);
    left.extend(running.map(|part| (service, part)));
}

/// Whether `work`, which the process would otherwise wait for, ended within `bound`.
pub(super) async fn within(
    service: &'static str,
    what: &'static str,
    bound: Duration,
    work: impl Future<Output = ()>,
) -> bool {
    note(service, [what].into_iter());
    let ended = time::timeout(bound, work).await.is_ok();
    note(service, [].into_iter());
    ended
}

/// Ends the process the hard way when it still runs `budget` after `shutdown`, and says what was left.
pub fn end_within(budget: Duration, shutdown: CancellationToken) {
    tokio::spawn(async move {
        shutdown.cancelled().await;
        // A thread of its own, so that nothing which holds up the runtime holds this up too.
        thread::spawn(move || {
            thread::sleep(budget);
            let left = left().iter().map(|(service, part)| format!("{service}: {part}")).collect::<Vec<_>>();
            let left = if left.is_empty() { "what no service waits for".into() } else { left.join(", ") };
            tracing::error!(
                event = "replica.stopped_late",
                left,
                ?budget,
                "the time to stop is over; the process ends with this left"
            );
            process::exit(1);
        });
    });
}
