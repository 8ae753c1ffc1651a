//! The mesh refuses calls to one service after the other.

use serde_json::json;

use super::faults::{self, Options};
use crate::{
    cluster::Cluster,
    report::{About, Findings},
    undo::Undo,
};

/// What is always the same.
pub const ABOUT: About = About {
    name: "abort",
    title: "Calls to a service fail",
    what: "On a cluster with Istio, every call to account is answered by the mesh with 503 instead of the service, then every call to league-schedule, then to betting: a \
        `fault.abort` in the route that sidecars have. Users ask four routes at a steady rate. Which of them fail, and which stay as they were?",
    then: "Istio was part of their cluster for experiments of this kind. No figures are left.",
    why: "A route that needs the service is refused with 503 and Retry-After, at once; the others go on. The gateway checks tokens by itself with keys that it has, and \
        readiness does not look at neighbours: a gateway that left the endpoints because account does not answer would take the schedule away as well. A bet that was refused \
        has taken nothing, or is completed by its repetition with the same key.",
    stands_in: &[],
};

/// Makes the experiment.
///
/// # Errors
///
/// When something cannot be changed.
pub async fn run(cluster: &Cluster, undo: &Undo, options: &Options) -> anyhow::Result<Findings> {
    let fault = json!({ "abort": { "httpStatus": 503, "percentage": { "value": 100 } } });
    faults::run(cluster, undo, options, &fault).await
}
