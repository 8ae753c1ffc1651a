use std::time::Duration;

use tokio::time::{self, Instant};

const PAUSE: Duration = Duration::from_millis(20);
/// Far beyond what anything here takes, so that a slow machine is not a failure.
const PATIENCE: Duration = Duration::from_mins(1);

/// Asks until there is an answer, and gives it.
pub(crate) async fn eventually<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = probe().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "{what} did not happen within {PATIENCE:?}");
        time::sleep(PAUSE).await;
    }
}
