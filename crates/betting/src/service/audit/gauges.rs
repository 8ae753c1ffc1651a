//! What the audit tells. The gauges are read from the tables each time, so that they mean the same after a restart or on
//! another replica, and are zero on a replica that does not audit.

use loljoa_service_kit::Cell;
use metrics::gauge;
use sqlx::PgPool;

use crate::{
    service::{number, seconds},
    store,
};

/// Every check that can find something.
const FINDINGS: [&str; 9] = [
    "closing",
    "final_pool",
    "leader",
    "market_paid",
    "market_pool",
    "outcome",
    "position",
    "stake",
    "transfer",
];
/// Every check that is run.
pub(crate) const CHECKS: [&str; 6] =
    ["books", "books_in_turn", "finals", "stakes", "stakes_in_turn", "transfers"];

/// Reports what has been found and when each check last looked at everything.
pub(super) async fn report(pool: &PgPool, cell: Cell) {
    if let Err(error) = read(pool, cell).await {
        tracing::warn!(event = "audit.not_reported", %error, "the audit's findings could not be reported");
    }
}

async fn read(pool: &PgPool, cell: Cell) -> Result<(), sqlx::Error> {
    let counts = store::audit::findings::counts(pool).await?;
    for check in FINDINGS {
        let count = counts.get(check).copied().unwrap_or_default();
        set_difference(cell, check, u32::try_from(count).unwrap_or(u32::MAX));
    }
    for (check, at) in store::audit::successes(pool).await? {
        if let Some(check) = CHECKS.into_iter().find(|known| *known == check) {
            set_success(cell, check, seconds(at));
        }
    }
    let (waiting, parked) = store::owed::depth(pool).await?;
    set_owed("waiting", number(waiting - parked));
    set_owed("parked", number(parked));
    Ok(())
}

/// Zeroes everything: another replica reports from now on.
pub(super) fn clear(cell: Cell) {
    for check in FINDINGS {
        set_difference(cell, check, 0);
    }
    for check in CHECKS {
        set_success(cell, check, 0.0);
    }
    set_owed("waiting", 0);
    set_owed("parked", 0);
}

fn set_difference(cell: Cell, check: &'static str, count: u32) {
    let cell = cell.label();
    gauge!("loljoa_audit_difference", "service" => "betting", "cell" => cell, "check" => check).set(count);
}

fn set_success(cell: Cell, check: &'static str, at: f64) {
    let (name, cell) = ("loljoa_audit_last_success_timestamp_seconds", cell.label());
    gauge!(name, "service" => "betting", "cell" => cell, "check" => check).set(at);
}

fn set_owed(state: &'static str, count: u32) {
    gauge!("loljoa_owed_transfers", "service" => "betting", "state" => state).set(count);
}
