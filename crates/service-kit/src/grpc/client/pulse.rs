//! Feels a replica's pulse: only while it owes an answer, and for as long as it does not give any.

use std::{sync::Arc, time::Duration};

use tokio::time::{self, Instant};
use tonic::Status;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use super::{
    lost::Lost,
    replica::{Condition, Replica, patience},
};

/// The pause between two looks at a replica that does not answer.
const PAUSE: Duration = Duration::from_millis(250);

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
        let answer = time::timeout(silence, health.check(HealthCheckRequest::default())).await;
        match answer {
            Ok(answer) => return sign(answer.err()),
            Err(_) if replica.heard_at() > started => return Sign::Lives,
            Err(_) if started.elapsed() > silence * 3 / 2 => {}
            Err(_) => return Sign::Silent,
        }
    }
}

fn sign(refusal: Option<Status>) -> Sign {
    match refusal.as_ref().and_then(Lost::of) {
        Some(Lost::NotSent) => Sign::Absent,
        Some(_) | None => Sign::Lives,
    }
}
