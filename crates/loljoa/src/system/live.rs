use std::{net::SocketAddr, time::Duration};

use anyhow::anyhow;
use tokio::time::{self, Instant};

const EVERY: Duration = Duration::from_secs(1);
/// Long enough for a machine that is busy with other things.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// So many failures in a row are no accident.
const FAILURES: u32 = 3;
/// How long a service that starts may take until its first answer.
const START: Duration = Duration::from_mins(1);

/// Waits until the service with this admin port does not live any more, and tells what it said last: `/livez` fails again
/// and again, as it does when an experiment has turned the service off.
pub(super) async fn lost(admin: SocketAddr) -> anyhow::Error {
    let client = reqwest::Client::new();
    let started = Instant::now();
    let (mut has_answered, mut failures) = (false, 0);
    loop {
        time::sleep(EVERY).await;
        let answer = client.get(format!("http://{admin}/livez")).timeout(ANSWER_TIMEOUT).send().await;
        has_answered |= answer.is_ok();
        match judge(answer).await {
            Ok(()) => failures = 0,
            Err(_) if !has_answered && started.elapsed() < START => {}
            Err(_) if failures + 1 < FAILURES => failures += 1,
            Err(error) => return error,
        }
    }
}

async fn judge(answer: reqwest::Result<reqwest::Response>) -> anyhow::Result<()> {
    let answer = answer.map_err(|error| anyhow!("/livez does not answer: {error}"))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let text = answer.text().await.unwrap_or_default();
    Err(anyhow!("/livez says {}, {status}", text.trim()))
}
