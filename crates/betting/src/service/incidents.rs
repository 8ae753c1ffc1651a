//! What needs a person, until a person has dealt with it.

use std::time::Duration;

use loljoa_service_kit::{Error, IncidentId, admin_log::Action, identity::Identity, page, postgres};
use metrics::gauge;
use serde_json::json;
use sqlx::PgPool;
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::next_cursor;
use crate::store::incidents::{self as store, Incident, IncidentKind};

const MAX_NOTE: usize = 2_000;
const METRICS_EVERY: Duration = Duration::from_secs(2);

/// Incidents in the hands of admins. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Incidents {
    pool: PgPool,
}

impl Incidents {
    /// Incidents in `pool`.
    #[must_use]
    pub(crate) const fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// A page of incidents, newest first; all, or only those that are open or not.
    ///
    /// # Errors
    ///
    /// `limit_out_of_range`, `cursor_malformed`.
    pub(crate) async fn list(
        &self,
        is_open: Option<bool>,
        limit: i32,
        cursor: &str,
    ) -> Result<(Vec<Incident>, String), Error> {
        let (limit, before) = (page::limit(limit)?, page::decode_cursor::<i64>(cursor)?);
        let mut incidents =
            store::list(&mut *postgres::reading(&self.pool).await?, is_open, before, limit + 1).await?;
        let next = next_cursor(&mut incidents, limit, |incident| incident.seq);
        Ok((incidents, next))
    }

    /// Notes that a person has dealt with an incident. Resolving one that is resolved changes nothing. It opens again when it
    /// occurs again.
    ///
    /// # Errors
    ///
    /// `text_out_of_range` for the note; `incident_not_found`.
    pub(crate) async fn resolve(
        &self,
        incident: IncidentId,
        by: &Identity,
        note: &str,
    ) -> Result<Incident, Error> {
        check_text("note", note, MAX_NOTE)?;
        let resolve = || async {
            let mut transaction = postgres::begin(&self.pool).await?;
            let name = by.account_id.to_string();
            let (resolved, is_new) = store::resolve(&mut transaction, incident, &name, note).await?;
            if is_new {
                log(by, incident, note).write(&mut transaction).await?;
            }
            transaction.commit().await?;
            Ok(resolved)
        };
        let resolved = postgres::retrying(resolve).await?;
        resolved.ok_or_else(|| Error::not_found("incident_not_found", "there is no such incident"))
    }

    /// Reports how many incidents are open, until `closing`. Every replica reports the same.
    pub(crate) async fn report(self, closing: CancellationToken) {
        let mut ticks = time::interval(METRICS_EVERY);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        while closing.run_until_cancelled(ticks.tick()).await.is_some() {
            match store::count_open(&self.pool).await {
                Ok(open) => {
                    for kind in IncidentKind::ALL.map(IncidentKind::as_str) {
                        let open = open.get(kind).copied().unwrap_or_default();
                        gauge!("loljoa_incidents_open", "service" => "betting", "kind" => kind)
                            .set(u32::try_from(open).unwrap_or(u32::MAX));
                    }
                }
                Err(error) => tracing::warn!(
                    event = "incident.not_counted",
                    %error, "open incidents could not be counted"
                ),
            }
        }
    }
}

fn log<'a>(admin: &'a Identity, incident: IncidentId, note: &'a str) -> Action<'a> {
    let (before, after) = (json!({ "state": "open" }), json!({ "state": "resolved" }));
    let subject = Some(incident.into());
    Action { admin, name: "resolve_incident", subject, before, after, why: Some(note) }
}

fn check_text(field: &str, text: &str, most: usize) -> Result<(), Error> {
    let is_plain = |c: char| !c.is_control() || c == '\n';
    if (1..=most).contains(&text.trim().chars().count()) && text.chars().all(is_plain) {
        return Ok(());
    }
    let allowed = format!("must be 1 to {most} characters without control characters");
    Err(Error::invalid_field(field, "text_out_of_range", allowed))
}
