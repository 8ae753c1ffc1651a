//! What betting says that changes of the schedule would do.

use loljoa_proto::betting::v1::{PreviewMatchesRequest, TouchedMarket};
use loljoa_service_kit::Error;

use crate::{app::App, auth::Admin, call::repeat};

/// The markets that these changes would touch.
pub(super) async fn preview(
    app: &App,
    admin: &Admin,
    changes: PreviewMatchesRequest,
) -> Result<Vec<TouchedMarket>, Error> {
    if changes.matches.is_empty() && changes.questions.is_empty() {
        return Ok(Vec::new());
    }
    Ok(repeat!(app.services.market_admin(admin), preview_matches, changes)?.markets)
}
