//! The R, E and D of RED.

use std::{
    collections::HashMap,
    sync::{LazyLock, PoisonError, RwLock},
    time::Duration,
};

use metrics::{Counter, Histogram, counter, histogram};

/// What a request of one service, kind and route is told to, by its status. To find a series in the registry takes its name and
/// labels once more in the heap, for each request; so the handles are kept. There are as many as there are series.
type Series = HashMap<Box<str>, (Histogram, Counter)>;
type Routes = HashMap<Box<str>, Series>;
/// Whose requests, and by which protocol.
type Kind = (&'static str, &'static str);

static SERIES: LazyLock<RwLock<HashMap<Kind, Routes>>> = LazyLock::new(RwLock::default);

/// Counts one request and its time.
pub fn record_request(service: &'static str, kind: &'static str, route: &str, status: &str, took: Duration) {
    let (duration, requests) = known((service, kind), route, status).unwrap_or_else(|| {
        // What is registered before there is a recorder leads nowhere, and is not kept.
        let is_recorded = super::RECORDER.get().is_some();
        let series = registered(service, kind, route, status);
        if !is_recorded {
            return series;
        }
        let mut all = SERIES.write().unwrap_or_else(PoisonError::into_inner);
        let of_route = all.entry((service, kind)).or_default().entry(route.into()).or_default();
        of_route.insert(status.into(), series.clone());
        series
    });
    duration.record(took.as_secs_f64());
    requests.increment(1);
}

fn known(kind: Kind, route: &str, status: &str) -> Option<(Histogram, Counter)> {
    let all = SERIES.read().unwrap_or_else(PoisonError::into_inner);
    all.get(&kind)?.get(route)?.get(status).cloned()
}

fn registered(service: &'static str, kind: &'static str, route: &str, status: &str) -> (Histogram, Counter) {
    let route = route.to_owned();
    let duration = histogram!(
        format!("loljoa_{kind}_request_duration_seconds"),
        "service" => service, "route" => route.clone()
    );
    let requests = counter!(
        format!("loljoa_{kind}_requests_total"),
        "service" => service, "route" => route, "status" => status.to_owned()
    );
    (duration, requests)
}
