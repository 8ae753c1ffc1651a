//! Turns requests away while there is no room, before anything is done for them: in an overload refusals are most of what a
//! gateway does, and whatever they cost is taken from those that it could answer.

use std::{sync::Arc, time::Instant};

use axum::body::Body;
use loljoa_service_kit::{edge::Gate, metrics};
use loljoa_web::headers::Hsts;

use super::{observe, problem::Problem, security::Protection};
use crate::{
    SERVICE,
    limits::{self, Limits},
};

/// What such requests count as: nobody has looked where they go.
const ROUTE: &str = "overloaded";

/// Lets requests in while there is room.
pub(super) fn of(limits: Arc<Limits>, hsts: Hsts) -> Gate {
    let mut refusal = Problem::from(limits::overloaded()).render();
    Protection::API.add(&mut refusal, hsts);
    // Nobody asks for it here, and each answer would be given a copy.
    refusal.extensions_mut().clear();
    Arc::new(move |request| {
        if limits.has_room() {
            return None;
        }
        let started = Instant::now();
        let mut answer = refusal.clone().map(Body::from);
        let (id, _) = observe::request_id(request.headers());
        answer.headers_mut().insert(observe::REQUEST_ID, id);
        metrics::refused(SERVICE, limits::IN_FLIGHT);
        metrics::record_request(SERVICE, "http", ROUTE, answer.status().as_str(), started.elapsed());
        Some(answer)
    })
}
