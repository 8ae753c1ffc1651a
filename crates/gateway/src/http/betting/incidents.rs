//! What needs an admin.

use std::sync::Arc;

use axum::extract::State;
use loljoa_proto::betting::v1::{self as pb, ListIncidentsRequest, ResolveIncidentRequest, RetryOwedRequest};
use loljoa_service_kit::{IncidentId, grpc::client::sent_once};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    api::{
        Page, all,
        incident::{Incident, IncidentState, ResolveIncident, RetriedPayments},
        required,
    },
    app::App,
    auth::Admin,
    call::repeat,
    http::extract::{Json, Path, Query, Result, json, limit},
};

/// Has every payment that was refused, and set aside, tried again. What is refused again is set aside again.
#[utoipa::path(post, path = "/api/betting/incidents/retry-owed",
    operation_id = "retryOwed", tag = "betting", responses((status = 200, body = RetriedPayments)))]
pub(crate) async fn retry_owed(State(app): State<Arc<App>>, admin: Admin) -> Result {
    let request = sent_once(RetryOwedRequest {});
    let response = app.services.market_admin(&admin).retry_owed(request).await?.into_inner();
    Ok(json(RetriedPayments::from(response)))
}

/// Which incidents, and which page of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct IncidentParams {
    /// Only those that are open, or only those that are resolved.
    #[param(inline)]
    state: Option<IncidentState>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i32>,
    /// A page's `nextCursor`.
    #[param(min_length = 1)]
    #[serde(default)]
    cursor: String,
}

/// What needs a person: results that changed after settlement, payments that were refused.
#[utoipa::path(get, path = "/api/betting/incidents",
    operation_id = "listIncidents", tag = "betting", params(IncidentParams),
    responses((status = 200, body = Page<Incident>)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    admin: Admin,
    Query(page): Query<IncidentParams>,
) -> Result {
    let state = page.state.map_or(pb::IncidentState::Unspecified, Into::into).into();
    let request = ListIncidentsRequest { limit: limit(page.limit)?, cursor: page.cursor, state };
    let response = repeat!(app.services.market_admin(&admin), list_incidents, request)?;
    Ok(json(Page::<Incident>::new(all(response.incidents)?, response.next_cursor)))
}

/// Notes that the caller has dealt with an incident. Resolving a resolved one changes nothing; what occurs again opens again.
#[utoipa::path(post, path = "/api/betting/incidents/{incidentId}/resolve",
    operation_id = "resolveIncident", tag = "betting",
    params(("incidentId" = Uuid, Path)), request_body = ResolveIncident, responses((status = 200, body = Incident)))]
pub(crate) async fn resolve(
    State(app): State<Arc<App>>,
    admin: Admin,
    Path(incident_id): Path<IncidentId>,
    Json(resolution): Json<ResolveIncident>,
) -> Result {
    let request = ResolveIncidentRequest {
        incident_id: incident_id.to_string(),
        note: resolution.note,
        ..ResolveIncidentRequest::default()
    };
    let response = repeat!(app.services.market_admin(&admin), resolve_incident, request)?;
    Ok(json(Incident::try_from(required(response.incident)?)?))
}
