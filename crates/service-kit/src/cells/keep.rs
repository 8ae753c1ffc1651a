//! Keeping to what belongs to a cell.

use std::{fmt::Display, time::Duration};

use anyhow::bail;
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::Cell;
use crate::{Error, health::Health};

const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Sees to it that the database is that of `cell`, as soon as it answers; until then the replica warms up. `stranger` finds what
/// belongs elsewhere. Runs until `shutdown`.
///
/// # Errors
///
/// When there is a stranger: the replica is told that it is another cell than its database is. Nothing good can come of going on.
pub async fn keep_to<T: Display, F: Future<Output = Result<Option<T>, Error>>>(
    cell: Cell,
    health: Health,
    shutdown: CancellationToken,
    stranger: impl Fn() -> F,
) -> anyhow::Result<()> {
    let Cell { index, of } = cell;
    loop {
        match stranger().await {
            Ok(None) => break,
            Ok(Some(found)) => bail!("cell.index, cell.of: {found} does not belong to cell {index} of {of}"),
            Err(error) => tracing::warn!(
                event = "cell.unseen",
                %error, "what the database has could not be seen yet"
            ),
        }
        if shutdown.run_until_cancelled(time::sleep(TRY_AGAIN_AFTER)).await.is_none() {
            break;
        }
    }
    health.finish_warming();
    shutdown.cancelled().await;
    Ok(())
}
