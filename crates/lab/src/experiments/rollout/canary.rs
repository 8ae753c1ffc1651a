//! A canary, step by step: what it gets, what it and the stable pods tell, and what becomes of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time;

use super::{
    betting::Betting,
    judge::{CALLS, Judgement, judge, share},
    looks::Looks,
    span::Span,
    told::{Told, between},
    updates::SETTLES,
    version::Version,
};

/// What a canary gets of a hundred calls, step by step.
pub(super) const STEPS: [u8; 3] = [10, 50, 100];
/// Between two looks at what pods tell.
const EVERY: Duration = Duration::from_secs(3);
/// What tells too little for so many times as long as a step takes is not trusted.
const PATIENCE: u32 = 4;
/// How long the mesh may take to pass a change on to its sidecars.
pub(super) const SPREADS: Duration = Duration::from_secs(3);
/// Seconds where milliseconds are meant: the ledger has no time to answer. The version begins, and is ready.
const WRONG: (&str, &str) = ("LOLJOA__ACCOUNT__TIMEOUT_MS", "5");

/// A step of a canary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What it got of a hundred calls.
    pub of_a_hundred: u8,
    /// From when it got that until it was judged. Seconds.
    pub took: f64,
    /// What the canary told of that time.
    pub canary: Told,
    /// What the stable pods told of it.
    pub stable: Told,
    /// What it was judged.
    pub judgement: Judgement,
}

/// What became of a canary.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Went {
    /// From its making until all was put back and had settled.
    pub span: Span,
    /// While it had a share.
    pub shared: Span,
    /// Its steps, the last of which decided.
    pub steps: Vec<Step>,
    /// From its first share until the stable pods had its version, where it was promoted. Seconds.
    pub promoted: Option<f64>,
}

/// A canary of a version like the present one, or of `tag`, which is promoted when all goes well.
///
/// # Errors
///
/// When something cannot be changed.
pub(super) async fn good(
    betting: &Betting<'_>,
    tag: Option<&str>,
    step: Duration,
    looks: &mut Looks,
) -> anyhow::Result<Went> {
    made(betting, Version { name: "canary", tag, setting: None }, "a canary", step, looks).await
}

/// A canary of a version that is ready, and whose bets fail.
///
/// # Errors
///
/// When something cannot be changed.
pub(super) async fn bad(
    betting: &Betting<'_>,
    tag: Option<&str>,
    step: Duration,
    looks: &mut Looks,
) -> anyhow::Result<Went> {
    let version = Version { name: "bad-canary", tag, setting: Some(WRONG) };
    made(betting, version, "a canary that is ready, and whose bets fail", step, looks).await
}

async fn made(
    betting: &Betting<'_>,
    version: Version<'_>,
    what: &str,
    length: Duration,
    looks: &mut Looks,
) -> anyhow::Result<Went> {
    let (timeline, mark) = (&betting.timeline, betting.undo.mark());
    let mut went = Went { span: Span { from: timeline.seconds(), until: 0.0 }, ..Went::default() };
    timeline.note(format_args!("{what} is made"));
    let before = looks.look(betting).await?;
    betting.add_canary(version).await?;
    timeline.note("it is ready");
    // What stable pods told while nothing was shared is what the first calls are compared with.
    let mut stable = between(&before.stable, &looks.look(betting).await?.stable);
    went.shared.from = timeline.seconds();
    for of_a_hundred in STEPS {
        let step = step(betting, of_a_hundred, &stable, length, looks).await?;
        let is_good = step.judgement == Judgement::Good;
        if step.stable.calls() >= CALLS {
            stable = step.stable.clone();
        }
        went.steps.push(step);
        if !is_good {
            break;
        }
    }
    if went.steps.last().is_some_and(|step| step.judgement == Judgement::Good) {
        // While the canary has all calls the stable pods are replaced; then they have the calls, and then the canary may go.
        betting.change(version, None).await?;
        if betting.rolled_out().await? {
            went.promoted = Some(timeline.seconds() - went.shared.from);
            timeline.note("the stable pods have its version");
        }
    }
    betting.share(0).await?;
    went.shared.until = timeline.seconds();
    timeline.note("the stable pods have all calls");
    time::sleep(SPREADS).await;
    betting.remove_canary().await?;
    timeline.note("the canary is gone");
    looks.look(betting).await?;
    betting.undo.back_to(mark).await?;
    if went.promoted.is_some() {
        timeline.note("the version before is rolled out again");
    }
    time::sleep(SETTLES).await;
    went.span.until = timeline.seconds();
    Ok(went)
}

/// Gives the canary a share, and looks until it is judged.
async fn step(
    betting: &Betting<'_>,
    of_a_hundred: u8,
    before: &Told,
    length: Duration,
    looks: &mut Looks,
) -> anyhow::Result<Step> {
    betting.share(of_a_hundred).await?;
    let timeline = &betting.timeline;
    timeline.note(format_args!("the canary has {of_a_hundred} of a hundred calls"));
    let began = timeline.elapsed();
    let first = looks.look(betting).await?;
    let step = loop {
        time::sleep(EVERY).await;
        let now = looks.look(betting).await?;
        let (canary, stable) = (between(&first.canary, &now.canary), between(&first.stable, &now.stable));
        // Where all calls are the canary's, the stable pods told enough before.
        let against = if stable.calls() >= CALLS { &stable } else { before };
        let took = timeline.elapsed().saturating_sub(began);
        let judgement = match judge(&canary, against) {
            // A few slow calls at the begin may be less than one of a hundred by the end.
            Judgement::Good | Judgement::Slow(_) if took < length => continue,
            Judgement::Unknown if took < length * PATIENCE => continue,
            judgement => judgement,
        };
        break Step { of_a_hundred, took: took.as_secs_f64(), canary, stable, judgement };
    };
    timeline.note(told(&step));
    Ok(step)
}

/// A step in words.
fn told(step: &Step) -> String {
    let Step { canary, stable, judgement, .. } = step;
    let of_all = |part: u64, rest: u64| {
        let all = part + rest;
        format!("{part} of {all} ({:.1} %)", 100.0 * share(part, all))
    };
    let of = |told: &Told| match told.calls() {
        0 => "no calls".to_owned(),
        _ => format!("{} failed, 99 of 100 within {:.0} ms", told.failed, told.p99() * 1_000.0),
    };
    format!(
        "{}: {} calls with {} bets; {}; stable: {}",
        judgement.told(),
        of_all(canary.calls(), stable.calls()),
        of_all(canary.bets, stable.bets),
        of(canary),
        of(stable)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_told_by_calls_and_by_bets() {
        let of = |bets, calls| Told {
            bets,
            refused: 0,
            failed: 3,
            within: vec![(0.05, calls), (f64::INFINITY, calls)],
        };
        let judgement = Judgement::Failing("3 of 40 bets failed, 1 may".to_owned());
        let step = Step { of_a_hundred: 10, took: 30.0, canary: of(40, 20), stable: of(270, 180), judgement };
        assert_eq!(
            told(&step),
            "bad (3 of 40 bets failed, 1 may): 20 of 200 (10.0 %) calls with 40 of 310 (12.9 %) bets; \
             3 failed, 99 of 100 within 50 ms; stable: 3 failed, 99 of 100 within 50 ms"
        );
        let alone = Step { stable: Told::default(), judgement: Judgement::Good, ..step };
        assert_eq!(
            told(&alone),
            "good: 20 of 20 (100.0 %) calls with 40 of 40 (100.0 %) bets; 3 failed, 99 of 100 within 50 ms; stable: no calls"
        );
    }
}
