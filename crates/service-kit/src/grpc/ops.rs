//! The experiments of 2022: which replica answers, take one out of traffic, break one.

use std::time::Duration;

use loljoa_proto::ops::v1::{
    BlockRequest, BlockResponse, HelloRequest, HelloResponse, TurnOffRequest, TurnOffResponse,
    ops_service_server::OpsService,
};
use tonic::{Request, Response, Status, async_trait};

use crate::{Error, ErrorCode, health::Health};

const DEFAULT_BLOCK_SECONDS: i32 = 15;
const MAX_BLOCK_SECONDS: i32 = 300;

/// Serves `OpsService` for one replica.
#[derive(Clone, Debug)]
pub struct Ops {
    health: Health,
    enabled: bool,
}

impl Ops {
    /// The experiments of the replica behind `health`; only Hello answers unless `enabled`.
    #[must_use]
    pub const fn new(health: Health, enabled: bool) -> Self {
        Self { health, enabled }
    }

    /// Which replica this is and how it feels.
    #[must_use]
    pub fn state(&self) -> HelloResponse {
        HelloResponse {
            service: self.health.service().to_owned(),
            instance: self.health.instance().to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ready: self.health.is_ready(),
            live: self.health.is_live(),
            uptime_seconds: i64::try_from(self.health.uptime().as_secs()).unwrap_or(i64::MAX),
        }
    }

    /// Refuses traffic for `seconds` (0: the default of 15) and tells for how long.
    ///
    /// # Errors
    ///
    /// `experiments_disabled`, or `invalid` outside of 0 to 300.
    pub fn block_for(&self, seconds: i32) -> Result<i32, Error> {
        self.require_enabled()?;
        if !(0..=MAX_BLOCK_SECONDS).contains(&seconds) {
            return Err(Error::invalid_field("seconds", "seconds_out_of_range", "must be from 0 to 300"));
        }
        let seconds = if seconds == 0 { DEFAULT_BLOCK_SECONDS } else { seconds };
        self.health.block(Duration::from_secs(u64::from(seconds.unsigned_abs())));
        tracing::warn!(event = "experiment.block", seconds, "an experiment blocks this replica");
        Ok(seconds)
    }

    /// Breaks this replica's liveness.
    ///
    /// # Errors
    ///
    /// `experiments_disabled`.
    pub fn break_liveness(&self) -> Result<(), Error> {
        self.require_enabled()?;
        self.health.turn_off();
        tracing::warn!(event = "experiment.turn_off", "an experiment turns this replica off");
        Ok(())
    }

    fn require_enabled(&self) -> Result<(), Error> {
        if self.enabled {
            return Ok(());
        }
        Err(Error::new(ErrorCode::Forbidden, "experiments_disabled", "experiments are not enabled here"))
    }
}

#[async_trait]
impl OpsService for Ops {
    async fn hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloResponse>, Status> {
        Ok(Response::new(self.state()))
    }

    async fn block(&self, request: Request<BlockRequest>) -> Result<Response<BlockResponse>, Status> {
        let seconds = self.block_for(request.get_ref().seconds)?;
        Ok(Response::new(BlockResponse { instance: self.health.instance().to_owned(), seconds }))
    }

    async fn turn_off(&self, _: Request<TurnOffRequest>) -> Result<Response<TurnOffResponse>, Status> {
        self.break_liveness()?;
        Ok(Response::new(TurnOffResponse { instance: self.health.instance().to_owned() }))
    }
}
