//! The least that an HTTP server can do: the liveness probe of the gateway's process, on its admin port. That is axum alone, without
//! the layers of the public port, on the same threads; it checks no token, asks no service and looks into no database.

use super::{Asked, Scenario, Turn, World, bet::look};

const PROBE: &str = "/livez";

pub(super) struct Bare(pub(super) World);

impl Scenario for Bare {
    fn request(&self, turn: Turn) -> Asked {
        look(&self.0, self.0.user(turn.in_run), PROBE)
    }
}
