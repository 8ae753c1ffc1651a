//! Rolling updates: to another version, and to one that does not begin.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time;

use super::{betting::Betting, span::Span, version::Version};

/// How long what was replaced may take to end: it goes on serving for five seconds, and then has none left.
pub(super) const SETTLES: Duration = Duration::from_secs(10);
/// For so long a version may make no progress, instead of Kubernetes' ten minutes. Seconds.
const DEADLINE: u32 = 30;
/// What no betting begins with: at least one worker has to take batches.
const REFUSED: (&str, &str) = ("LOLJOA__PLACEMENT__WORKERS", "0");

/// What became of an update.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Updated {
    /// From the change until all was put back and had settled.
    pub span: Span,
    /// From the change until it was rolled out, or was given up. Seconds.
    pub decided: f64,
    /// Whether it was rolled out.
    pub is_rolled_out: bool,
    /// From then until the version before was rolled out again. Seconds.
    pub back: f64,
    /// How many stable pods were wanted when it was decided, and how many were ready.
    pub pods: (u64, u64),
    /// Why new pods were not ready, where they were not.
    pub why: Option<String>,
}

/// Updates betting, and goes back to the version before.
///
/// # Errors
///
/// When something cannot be changed.
pub(super) async fn update(betting: &Betting<'_>, tag: Option<&str>) -> anyhow::Result<Updated> {
    let next = Version { name: "update", tag, setting: None };
    made(betting, next, None, "a rolling update begins").await
}

/// Updates betting to a version whose process refuses to begin, which goes back by itself.
///
/// # Errors
///
/// When something cannot be changed.
pub(super) async fn update_to_a_bad_version(
    betting: &Betting<'_>,
    tag: Option<&str>,
) -> anyhow::Result<Updated> {
    let bad = Version { name: "bad-update", tag, setting: Some(REFUSED) };
    made(betting, bad, Some(DEADLINE), "a rolling update to a version that does not begin").await
}

async fn made(
    betting: &Betting<'_>,
    version: Version<'_>,
    deadline: Option<u32>,
    what: &str,
) -> anyhow::Result<Updated> {
    let (timeline, mark) = (&betting.timeline, betting.undo.mark());
    let from = timeline.seconds();
    timeline.note(what);
    betting.change(version, deadline).await?;
    let is_rolled_out = betting.rolled_out().await?;
    let decided = timeline.seconds();
    let pods = betting.pods().await?;
    let why = if is_rolled_out { None } else { betting.why_not_ready().await? };
    if is_rolled_out {
        timeline.note("it is rolled out");
        time::sleep(SETTLES).await;
    } else {
        let why = why.as_deref().unwrap_or("nobody knows why");
        timeline.note(format_args!("it makes no progress ({why}), and is given up"));
    }
    let turned = timeline.seconds();
    betting.undo.back_to(mark).await?;
    let back = timeline.seconds() - turned;
    timeline.note("the version before is rolled out again");
    time::sleep(SETTLES).await;
    let span = Span { from, until: timeline.seconds() };
    Ok(Updated { span, decided: decided - from, is_rolled_out, back, pods, why })
}
