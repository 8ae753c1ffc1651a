//! What a replica says of the audit. Only the one that audits says anything but 0, so the greatest over all replicas holds.

use loljoa_service_kit::{Cell, Clock, Points};
use metrics::{counter, gauge};

use super::Difference;
use crate::{SERVICE, store::audit_step::Findings};

/// All that is known to differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Balances of accounts and system accounts.
    pub(super) balances: Findings,
    /// Covers of markets.
    pub(super) covers: Findings,
    /// What the clearing account holds, which is no difference.
    pub(super) clearing: Points,
}

impl Known {
    const fn count(&self) -> i64 {
        self.balances.count.saturating_add(self.covers.count)
    }
}

/// The gauges of one cell's audit.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gauges(pub(super) Cell);

impl Gauges {
    /// Reports a comparison: all that is known to differ, and what of it this step has seen.
    pub(super) fn compared(self, clock: &Clock, known: Known, seen: &[Difference]) {
        self.report(known);
        self.set("loljoa_audit_last_success_timestamp_seconds", clock.now().timestamp().unsigned_abs());
        counter!("loljoa_audit_steps_total", "service" => SERVICE).increment(1);
        if known.count() > 0 {
            tracing::error!(
                event = "audit.difference",
                ?known,
                ?seen,
                "what is stored differs from the transfers"
            );
        }
    }

    /// Reports that this replica has the audit to make.
    pub(super) fn leading(self) {
        self.set("loljoa_audit_leading", 1);
        self.set("loljoa_audit_failing", 0);
    }

    /// Reports that another replica audits: what was found here before is for that one to say.
    pub(super) fn elsewhere(self) {
        self.report(Known::default());
        self.set("loljoa_audit_leading", 0);
        self.set("loljoa_audit_failing", 0);
        self.set("loljoa_audit_last_success_timestamp_seconds", 0);
    }

    /// Reports a step that came to nothing. What was known to differ stays.
    pub(super) fn failed(self, error: &sqlx::Error) {
        tracing::warn!(event = "audit.failed", %error, "the audit could not look");
        self.set("loljoa_audit_failing", 1);
        counter!("loljoa_audit_failures_total", "service" => SERVICE).increment(1);
    }

    /// The gauges hold absolute values, so that no difference hides another.
    fn report(self, known: Known) {
        let Known { balances, covers, clearing } = known;
        let cell = self.0.label();
        for (check, points) in [("balances", balances.apart), ("sum", balances.sum), ("covers", covers.apart)]
        {
            let apart = number(points.0.unsigned_abs());
            gauge!("loljoa_audit_difference", "service" => SERVICE, "cell" => cell.clone(), "check" => check)
                .set(apart);
        }
        let sign = if clearing < Points::ZERO { -1.0 } else { 1.0 };
        gauge!("loljoa_ledger_clearing_points", "service" => SERVICE, "cell" => cell)
            .set(sign * number(clearing.0.unsigned_abs()));
        self.set("loljoa_audit_findings", known.count().unsigned_abs());
    }

    fn set(self, name: &'static str, value: u64) {
        gauge!(name, "service" => SERVICE, "cell" => self.0.label()).set(number(value));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; whether it is zero is never lost")]
fn number(value: u64) -> f64 {
    value as f64
}
