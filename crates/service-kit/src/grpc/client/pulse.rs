//! Feels a replica's pulse: only while it owes an answer, and for as long as it does not give any.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::time::{self, Instant};
use tonic::Status;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use super::{
    lost::Lost,
    replica::{Condition, Replica, patience},
};

/// The pause between two looks at a replica that does not answer.
const PAUSE: Duration = Duration::from_millis(250);
/// How often a process that waits looks whether it is late itself.
const TICK: Duration = Duration::from_millis(20);

/// What a look shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// It said something, whatever that was.
    Lives,
    /// Nobody is there.
    Absent,
    /// It said nothing.
    Silent,
}

/// Watches one replica for ever. `silence` is how long it may say nothing when it is asked whether it lives.
pub(super) async fn watch(replica: Arc<Replica>, silence: Duration) {
    loop {
        replica.watched.notified().await;
        while let Some(since) = replica.owes_since() {
            time::sleep_until(since + patience(silence)).await;
            let still = replica.owes_since().is_some_and(|since| since.elapsed() >= patience(silence));
            if still {
                match look(&replica, silence).await {
                    Sign::Lives => replica.heard(0),
                    Sign::Absent => replica.refused(),
                    Sign::Silent => replica.hangs(),
                }
            }
        }
        while replica.condition() != Condition::Answers {
            match look(&replica, silence).await {
                Sign::Lives => replica.heard(0),
                Sign::Absent => replica.refused(),
                Sign::Silent if replica.condition() == Condition::Answers => {}
                Sign::Silent => replica.hangs(),
            }
            if replica.condition() != Condition::Answers {
                time::sleep(PAUSE).await;
            }
        }
    }
}

/// Asks whether the replica lives. A word to anybody meanwhile is a sign as well; and who was held up himself cannot tell.
async fn look(replica: &Replica, silence: Duration) -> Sign {
    loop {
        let started = Instant::now();
        let mut health = HealthClient::new(super::Plain(replica.transport()));
        let answer = time::timeout(silence, health.check(HealthCheckRequest::default()));
        let (answer, lag) = with_own_lag(answer).await;
        match answer {
            Ok(answer) => return sign(answer.err().as_ref()),
            Err(_) if replica.heard_at() > started => return Sign::Lives,
            Err(_) if lag > silence / 10 => {}
            Err(_) => return Sign::Silent,
        }
    }
}

/// Does `work`, and tells how late this process was for what it had to do meanwhile.
async fn with_own_lag<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let mut work = std::pin::pin!(work);
    let mut lag = Duration::ZERO;
    loop {
        let due = Instant::now() + TICK;
        tokio::select! {
            done = &mut work => return (done, lag.max(due.elapsed())),
            () = time::sleep_until(due) => lag = lag.max(due.elapsed()),
        }
    }
}

fn sign(refusal: Option<&Status>) -> Sign {
    match refusal.and_then(Lost::of) {
        Some(Lost::NotSent) => Sign::Absent,
        Some(_) | None => Sign::Lives,
    }
}
