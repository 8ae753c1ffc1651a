use std::time::{Duration, Instant};

use anyhow::bail;
use tokio::time;

use super::Failure;
use crate::console;

/// How often is said that the same thing is still waited for.
const SAY_EVERY: Duration = Duration::from_secs(10);

/// A wait with an end, which says what it is for.
pub(in crate::cli) struct Wait {
    begun: Instant,
    patience: Duration,
    said: Option<(String, Instant)>,
}

impl Wait {
    pub(in crate::cli) fn begin(patience: Duration) -> Self {
        Self { begun: Instant::now(), patience, said: None }
    }

    /// Waits for a moment, because of `why`, though not beyond its own end; or complains of it, when its time is up.
    pub(in crate::cli) async fn pause(&mut self, why: &str, pause: Duration) -> anyhow::Result<()> {
        let waited = self.begun.elapsed();
        let left = self.patience.saturating_sub(waited);
        if left.is_zero() {
            bail!("not ready after {} s: {why}", self.patience.as_secs());
        }
        if self.said.as_ref().is_none_or(|(said, at)| said != why || at.elapsed() >= SAY_EVERY) {
            let (waited, patience) = (waited.as_secs(), self.patience.as_secs());
            console::complain(format_args!("waiting ({waited} of {patience} s): {why}"));
            self.said = Some((why.to_owned(), Instant::now()));
        }
        time::sleep(pause.min(left)).await;
        Ok(())
    }

    /// Asks until there is an answer, or a failure that no later time mends. What is asked is sent again, so it must do nothing twice.
    pub(in crate::cli) async fn for_answer<T>(
        &mut self,
        what: &str,
        mut ask: impl AsyncFnMut() -> anyhow::Result<Result<T, Failure>>,
    ) -> anyhow::Result<T> {
        loop {
            let failure = match ask().await? {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let Some(pause) = failure.retry_after() else { return Err(failure.into()) };
            self.pause(&format!("{what}: {failure}"), pause).await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_is_waited_for_beyond_the_end() {
        let mut wait = Wait::begin(Duration::from_millis(50));
        let hour = Duration::from_hours(1);
        let end = async {
            loop {
                if let Err(end) = wait.pause("it said to come again in an hour", hour).await {
                    return end;
                }
            }
        };
        let end = time::timeout(Duration::from_secs(20), end).await.expect("it ends").to_string();
        assert_eq!(end, "not ready after 0 s: it said to come again in an hour");
    }
}
