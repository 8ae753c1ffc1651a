//! What betting says that changes of the schedule would do.

use loljoa_proto::betting::v1::{PreviewMatchesRequest, TouchedMarket};
use loljoa_service_kit::{Error, MatchId, Slot};

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
    let mut touched = Vec::new();
    for (cell, changes) in app.services.market_admins(admin).iter().zip(by_cell(app, changes)?) {
        if !changes.matches.is_empty() || !changes.questions.is_empty() {
            touched.extend(repeat!(cell, preview_matches, changes)?.markets);
        }
    }
    Ok(touched)
}

/// The changes that concern each of betting's cells, in their order.
fn by_cell(app: &App, changes: PreviewMatchesRequest) -> Result<Vec<PreviewMatchesRequest>, Error> {
    let bettings = app.services.bettings();
    let mut of = vec![PreviewMatchesRequest::default(); usize::from(bettings.count())];
    let place = |id: &str| Ok::<_, Error>(usize::from(bettings.index(Slot::of_match(MatchId::parse(id)?))));
    for change in changes.matches {
        of[place(&change.match_id)?].matches.push(change);
    }
    for change in changes.questions {
        of[place(&change.question_id)?].questions.push(change);
    }
    Ok(of)
}
