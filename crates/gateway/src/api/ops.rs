//! The experiments of 2022.

use loljoa_proto::ops::v1::{BlockResponse, HelloResponse, TurnOffResponse};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which replica answered, and how it feels.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Hello {
    service: String,
    /// The replica's host name, in Kubernetes its pod name.
    instance: String,
    version: String,
    ready: bool,
    live: bool,
    uptime_seconds: i64,
}

impl From<HelloResponse> for Hello {
    fn from(hello: HelloResponse) -> Self {
        Self {
            service: hello.service,
            instance: hello.instance,
            version: hello.version,
            ready: hello.ready,
            live: hello.live,
            uptime_seconds: hello.uptime_seconds,
        }
    }
}

/// How long a replica is to refuse traffic.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BlockParams {
    /// 1 to 300; 15 when left out.
    #[serde(default)]
    pub(crate) seconds: i32,
}

/// A replica that refuses traffic for a while.
#[derive(Serialize, ToSchema)]
pub(crate) struct Blocked {
    pub(crate) instance: String,
    pub(crate) seconds: i32,
}

impl From<BlockResponse> for Blocked {
    fn from(blocked: BlockResponse) -> Self {
        Self { instance: blocked.instance, seconds: blocked.seconds }
    }
}

/// A replica whose liveness is broken.
#[derive(Serialize, ToSchema)]
pub(crate) struct TurnedOff {
    pub(crate) instance: String,
}

impl From<TurnOffResponse> for TurnedOff {
    fn from(turned_off: TurnOffResponse) -> Self {
        Self { instance: turned_off.instance }
    }
}
