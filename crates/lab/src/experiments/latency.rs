//! The mesh makes calls to one service after the other slow.

use serde_json::json;

use super::faults::{self, Options};
use crate::{
    cluster::Cluster,
    report::{About, Findings},
    undo::Undo,
};

/// What is always the same.
pub const ABOUT: About = About {
    name: "latency",
    title: "Calls to a service are slow",
    what: "On a cluster with Istio, every call to account takes two seconds longer, then every call to league-schedule, then to betting: a \
        `fault.delay` in the route that sidecars have. Users ask four routes at a steady rate. Which of them become slow, and which stay as they were?",
    then: "Istio was part of their cluster for experiments of this kind. No figures are left.",
    why: "A route waits for the services that it needs, and for no other: matches are league-schedule's, the account is account's, markets are \
        betting's, and a bet needs betting and account. A call that waits holds no thread, and bets have room of their own, so the gateway serves the others meanwhile. \
        Tokens are checked by the gateway itself with keys that it has, so that a slow account does not make every route slow. Deadlines go along with \
        a call: what cannot be answered in time is given up where it is, and told.",
    stands_in: &[],
};

/// Makes the experiment.
///
/// # Errors
///
/// When something cannot be changed.
pub async fn run(cluster: &Cluster, undo: &Undo, options: &Options) -> anyhow::Result<Findings> {
    let fault = json!({ "delay": { "fixedDelay": "2s", "percentage": { "value": 100 } } });
    faults::run(cluster, undo, options, &fault).await
}
