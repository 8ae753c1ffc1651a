//! What needs an admin.

use std::{cmp::Reverse, sync::Arc};

use axum::extract::State;
use loljoa_proto::betting::v1::{
    self as pb, ListIncidentsRequest, ListIncidentsResponse, ResolveIncidentRequest, ResolveIncidentResponse,
    RetryOwedRequest, RetryOwedResponse, market_admin_service_client::MarketAdminServiceClient,
};
use loljoa_service_kit::{Cells, Error, ErrorCode, IncidentId, page};
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
    call::{once, repeat},
    cells::{self, CellPage},
    http::extract::{Json, Path, Query, Result, json, limit},
    services::WithToken,
};

type AllCells = Cells<MarketAdminServiceClient<WithToken>>;

/// Has every payment that was refused, and set aside, tried again. What is refused again is set aside again.
#[utoipa::path(post, path = "/api/betting/incidents/retry-owed",
    operation_id = "retryOwed", tag = "betting", responses((status = 200, body = RetriedPayments)))]
pub(crate) async fn retry_owed(State(app): State<Arc<App>>, admin: Admin) -> Result {
    let mut payments = 0;
    for cell in &app.services.market_admins(&admin) {
        payments += once!(cell, retry_owed, RetryOwedRequest {})?.payments;
    }
    Ok(json(RetriedPayments::from(RetryOwedResponse { payments })))
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
    Query(asked): Query<IncidentParams>,
) -> Result {
    let state = asked.state.map_or(pb::IncidentState::Unspecified, Into::into).into();
    let request = ListIncidentsRequest { limit: limit(asked.limit)?, cursor: asked.cursor, state };
    let response = over_all_cells(&app.services.market_admins(&admin), request).await?;
    Ok(json(Page::<Incident>::new(all(response.incidents)?, response.next_cursor)))
}

/// A page of incidents, newest first, of all cells.
async fn over_all_cells(
    admins: &AllCells,
    request: ListIncidentsRequest,
) -> Result<ListIncidentsResponse, Error> {
    if admins.count() == 1 {
        return repeat!(admins.first(), list_incidents, request);
    }
    let limit = usize::try_from(page::limit(request.limit)?).unwrap_or_default();
    let places = cells::places(&request.cursor, usize::from(admins.count()))?;
    let read = |cell: usize, cursor| {
        let cell = admins.iter().nth(cell).cloned();
        let request = ListIncidentsRequest { cursor, ..request.clone() };
        async move {
            let cell = cell.ok_or_else(cells::unknown)?;
            let page = repeat!(cell, list_incidents, request)?;
            Ok(CellPage { items: page.incidents, next_cursor: page.next_cursor })
        }
    };
    let newest = |it: &pb::Incident| Reverse(it.created_at.map_or((0, 0), |time| (time.seconds, time.nanos)));
    let (incidents, places) = cells::merged(places, limit, read, newest).await?;
    Ok(ListIncidentsResponse { incidents, next_cursor: cells::cursor(&places) })
}

/// Resolves an incident in the cell that has it: its id does not say which.
async fn resolve_in(
    admins: &AllCells,
    request: ResolveIncidentRequest,
) -> Result<ResolveIncidentResponse, Error> {
    let mut unknown = None;
    for cell in admins {
        match repeat!(cell, resolve_incident, request.clone()) {
            Err(error) if error.code == ErrorCode::NotFound => unknown = Some(error),
            resolved => return resolved,
        }
    }
    Err(unknown.unwrap_or_else(cells::unknown))
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
    let response = resolve_in(&app.services.market_admins(&admin), request).await?;
    Ok(json(Incident::try_from(required(response.incident)?)?))
}
