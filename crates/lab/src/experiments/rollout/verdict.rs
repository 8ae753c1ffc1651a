//! What has to hold of rollouts.

use serde::{Deserialize, Serialize};

use super::{
    canary::{SPREADS, STEPS, Went},
    judge::Judgement,
    span::Span,
    updates::Updated,
};
use crate::{clients::Asked, seen::Seen, verdict::Verdict};

/// What happened, part by part, and what clients saw of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// A rolling update.
    pub update: (Updated, Seen),
    /// A rolling update to a version that does not begin.
    pub bad_update: (Updated, Seen),
    /// A canary that is like the stable pods.
    pub canary: (Went, Seen),
    /// A canary whose bets fail.
    pub bad_canary: (Went, Seen),
    /// What clients saw while the bad canary had a share.
    pub hurt: Seen,
    /// What they saw after it had none, and until the end.
    pub after: Seen,
}

impl Facts {
    /// From what happened, and what clients asked for.
    #[must_use]
    pub fn of(updates: [Updated; 2], canaries: [Went; 2], asked: &[Asked]) -> Self {
        let [update, bad_update] = updates.map(|update| (update.clone(), update.span.seen(asked)));
        let [canary, bad_canary] = canaries.map(|went| (went.clone(), went.span.seen(asked)));
        let spread = bad_canary.0.shared.until + SPREADS.as_secs_f64();
        let (with, without) = (
            Span { until: spread, ..bad_canary.0.shared },
            Span { from: spread, until: bad_canary.0.span.until },
        );
        Self { update, bad_update, canary, bad_canary, hurt: with.seen(asked), after: without.seen(asked) }
    }
}

/// Whether nobody noticed a version that is good, and few one that is not.
#[must_use]
pub fn verdict(facts: &Facts) -> Verdict {
    let verdict = of_canaries(facts, of_updates(facts, Verdict::default()));
    let nobody = |verdict: Verdict, what: &str, seen: &Seen| {
        let holds = seen.lost == 0 && seen.requests > 0;
        verdict.rule(
            format_args!("{what}: no request fails"),
            holds,
            format_args!("{} of {} failed ({})", seen.lost, seen.requests, seen.told()),
        )
    };
    let verdict = nobody(verdict, "rolling update", &facts.update.1);
    let verdict = nobody(verdict, "bad update", &facts.bad_update.1);
    let verdict = nobody(verdict, "good canary", &facts.canary.1);
    nobody(verdict, "bad canary, once it has no share", &facts.after)
}

fn of_updates(facts: &Facts, verdict: Verdict) -> Verdict {
    let (update, bad) = (&facts.update.0, &facts.bad_update.0);
    let (wanted, ready) = bad.pods;
    verdict
        .rule(
            "rolling update: it is rolled out, and the version before again",
            update.is_rolled_out,
            format_args!("after {:.1} s, and back after {:.1} s", update.decided, update.back),
        )
        .rule(
            "bad update: it is given up, and rolled back by itself",
            !bad.is_rolled_out && bad.back > 0.0,
            format_args!(
                "given up after {:.1} s ({}), and back {:.1} s later",
                bad.decided,
                bad.why.as_deref().unwrap_or("nobody knows why"),
                bad.back
            ),
        )
        .rule(
            "bad update: the old pods stay",
            wanted > 0 && ready >= wanted,
            format_args!("{ready} of {wanted} were ready when it was given up"),
        )
}

fn of_canaries(facts: &Facts, verdict: Verdict) -> Verdict {
    let (good, bad) = (&facts.canary.0, &facts.bad_canary.0);
    let steps = good.steps.iter().map(|step| format!("{} %: {}", step.of_a_hundred, step.judgement.told()));
    let first = bad.steps.first();
    let is_bad = first.is_some_and(|step| step.judgement.is_bad());
    let most = at_most(facts.hurt.requests, f64::from(STEPS[0]) / 100.0);
    verdict
        .rule(
            "good canary: every step is good",
            good.steps.len() == STEPS.len()
                && good.steps.iter().all(|step| step.judgement == Judgement::Good),
            steps.collect::<Vec<_>>().join("; "),
        )
        .rule(
            "good canary: it is promoted",
            good.promoted.is_some(),
            good.promoted.map_or_else(
                || "never".to_owned(),
                |seconds| format!("{seconds:.1} s after its first share"),
            ),
        )
        .rule(
            "bad canary: it is found at its first step, and taken back",
            is_bad && bad.steps.len() == 1 && bad.promoted.is_none(),
            first.map_or_else(
                || "never".to_owned(),
                |step| format!("{} after {:.1} s", step.judgement.told(), step.took),
            ),
        )
        .rule(
            format_args!("bad canary: no more than its share is hurt, give or take chance ({} %)", STEPS[0]),
            facts.hurt.requests > 0 && facts.hurt.lost <= most,
            format_args!(
                "{} of {} failed ({}), {most} may",
                facts.hurt.lost,
                facts.hurt.requests,
                facts.hurt.told()
            ),
        )
}

/// How many of so many are hurt at most, where each is by chance: three standard deviations above the mean.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an experiment is short"
)]
fn at_most(count: usize, share: f64) -> usize {
    let count = count as f64;
    (count * share + 3.0 * (count * share * (1.0 - share)).sqrt()).floor() as usize
}

#[cfg(test)]
mod tests {
    use super::{
        super::{canary::Step, told::Told},
        *,
    };
    use crate::clients::Ask;

    fn step(of_a_hundred: u8, judgement: Judgement) -> Step {
        Step { of_a_hundred, took: 9.0, canary: Told::default(), stable: Told::default(), judgement }
    }

    fn recorded() -> Facts {
        let seen = |requests, lost| Seen { requests, lost, ..Seen::default() };
        let update =
            Updated { decided: 14.0, is_rolled_out: true, back: 12.0, pods: (2, 2), ..Updated::default() };
        let bad_update = Updated { decided: 31.0, is_rolled_out: false, ..update.clone() };
        let good = Went {
            steps: STEPS.map(|step_of| step(step_of, Judgement::Good)).to_vec(),
            promoted: Some(120.0),
            ..Went::default()
        };
        let bad = Went { steps: vec![step(10, Judgement::Failing("2 of 9".to_owned()))], ..Went::default() };
        Facts {
            update: (update, seen(900, 0)),
            bad_update: (bad_update, seen(1_500, 0)),
            canary: (good, seen(4_000, 0)),
            bad_canary: (bad, seen(900, 25)),
            hurt: seen(300, 25),
            after: seen(400, 0),
        }
    }

    #[test]
    fn good_versions_are_not_noticed_and_bad_ones_go_by_themselves() {
        assert!(verdict(&recorded()).holds(), "{:?}", verdict(&recorded()).broken());
        let broken = |change: fn(&mut Facts)| {
            let mut facts = recorded();
            change(&mut facts);
            verdict(&facts).broken().len()
        };
        assert_eq!(broken(|facts| facts.update.1.lost = 1), 1);
        assert_eq!(broken(|facts| facts.update.0.is_rolled_out = false), 1);
        assert_eq!(broken(|facts| facts.bad_update.1.lost = 1), 1);
        assert_eq!(broken(|facts| facts.bad_update.0.is_rolled_out = true), 1);
        assert_eq!(broken(|facts| facts.bad_update.0.pods = (2, 1)), 1);
        assert_eq!(broken(|facts| facts.canary.1.lost = 1), 1);
        assert_eq!(broken(|facts| facts.canary.0.promoted = None), 1);
        assert_eq!(broken(|facts| drop(facts.canary.0.steps.pop())), 1);
        assert_eq!(broken(|facts| facts.bad_canary.0.steps[0].judgement = Judgement::Good), 1);
        assert_eq!(broken(|facts| facts.bad_canary.0.steps.push(facts.canary.0.steps[1].clone())), 1);
        assert_eq!(broken(|facts| facts.hurt.lost = 60), 1);
        assert_eq!(broken(|facts| facts.after.lost = 1), 1);
        assert_eq!(broken(|facts| *facts = Facts::default()), 11);
    }

    #[test]
    fn chance_may_hurt_a_few_more_than_the_share() {
        assert_eq!([at_most(300, 0.1), at_most(30, 0.1), at_most(0, 0.1)], [45, 7, 0]);
    }

    #[test]
    fn what_clients_saw_is_told_by_when_it_was_due() {
        let at = |due: f64, is_good| {
            let failures = if is_good { Vec::new() } else { vec!["503 unavailable".to_owned()] };
            Asked { ask: Ask::Bet, due, took: 0.01, failures, is_good }
        };
        let asked = [
            at(5.0, true),
            at(15.0, true),
            at(35.0, false),
            at(43.0, false),
            at(46.0, true),
            at(99.0, false),
        ];
        let update = |from, until| Updated { span: Span { from, until }, ..Updated::default() };
        let bad = Went {
            span: Span { from: 30.0, until: 50.0 },
            shared: Span { from: 34.0, until: 42.0 },
            ..Went::default()
        };
        let facts = Facts::of([update(0.0, 10.0), update(10.0, 30.0)], [Went::default(), bad], &asked);
        let told = [
            &facts.update.1,
            &facts.bad_update.1,
            &facts.canary.1,
            &facts.bad_canary.1,
            &facts.hurt,
            &facts.after,
        ];
        assert_eq!(
            told.map(|seen| (seen.requests, seen.lost)),
            [(1, 0), (1, 0), (0, 0), (3, 2), (2, 2), (1, 0)]
        );
    }
}
